"""`make docs` on the real specs: what the site holds, and how it follows the YAML."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from runtime import manifest
from runtime.errors import ExitCode
from tests.support.project import ROOT, Project

SEED = "specs/families/seed-oss.yaml"


def _text(page: Path) -> str:
    """What a page says, without its markup."""
    words: list[str] = []

    class Reader(HTMLParser):
        def handle_data(self, data: str) -> None:
            words.append(data)

    Reader().feed(page.read_text(encoding="utf-8"))
    return "".join(words)


def test_every_family_has_a_page_and_a_place_in_the_catalogue(built_project: Project) -> None:
    families = manifest.load(built_project.generated / "manifest.json").families
    index = (built_project.html / "generated/models/llm/index.html").read_text(encoding="utf-8")
    assert families
    for family in families:
        assert f'href="{family.slug}.html"' in index
        assert family.name in _text(built_project.html / f"generated/models/llm/{family.slug}.html")


def test_schemas_and_manifest_are_published_as_they_are(built_project: Project) -> None:
    for schema in sorted((ROOT / "compiler/schema").glob("*.json")):
        assert (built_project.html / "schema" / schema.name).read_bytes() == schema.read_bytes()
    published = (built_project.html / "manifest.json").read_bytes()
    assert published == (built_project.generated / "manifest.json").read_bytes()


def test_reference_names_every_key_of_the_family_schema(built_project: Project) -> None:
    page = built_project.html / "reference/spec-language.html"
    text, markup = _text(page), page.read_text(encoding="utf-8")
    schema = json.loads((ROOT / "compiler/schema/family.schema.json").read_text(encoding="utf-8"))
    spec = schema["properties"]["specs"]["items"]
    for key, value in {**schema["properties"], **spec["properties"]}.items():
        assert f'<span class="pre">{key}</span>' in markup
        plain = value["description"].replace("`", "")
        assert plain in text, key


def test_reference_names_every_verb_and_every_exit_code(built_project: Project) -> None:
    from compiler.cli import PROGRAM as COMPILER
    from runtime.cli import PROGRAM as RUNTIME

    text = _text(built_project.html / "reference/cli.html")
    for program in (COMPILER, RUNTIME):
        for verb in program.verbs:
            assert f"usage: {program.name} {verb}" in text
    codes = _text(built_project.html / "reference/exit-codes.html")
    for code in ExitCode:
        assert re.search(rf"(?m)^\s*{code.value}\s*$", codes), code


def test_every_rule_has_its_page(built_project: Project) -> None:
    from compiler.check.registry import all_rules

    pages = "".join(_text(page) for page in (built_project.html / "generated/rules").glob("*.html"))
    for rule in all_rules():
        assert rule.code in pages


def test_pages_are_complete_without_other_hosts(built_project: Project) -> None:
    """No page loads a script, style, font or picture from elsewhere; links may lead there."""
    loads = re.compile(r"<(?:script|img|iframe|source|link)\b[^>]*?(?:src|href)=\"([^\"]+)\"")
    for page in built_project.html.rglob("*.html"):
        for target in loads.findall(page.read_text(encoding="utf-8")):
            assert not re.match(r"(?:[a-z]+:)?//", target), f"{page.name} loads {target}"
    for style in built_project.html.rglob("*.css"):
        assert not re.search(r"url\(\s*['\"]?(?:https?:)?//", style.read_text(encoding="utf-8"))


def test_changing_one_value_changes_page_site_and_manifest(project: Project) -> None:
    project.edit(SEED, "context_length: 524288", "context_length: 262144")
    made = project.make("docs")
    assert made.returncode == 0, made.stdout + made.stderr
    for name in ("models/llm/seed-oss.rst", "manifest.json"):
        text = (project.generated / name).read_text(encoding="utf-8")
        assert "262144" in text
        assert "524288" not in text
    page = _text(project.html / "generated/models/llm/seed-oss.html")
    assert "262144" in page
    assert "524288" not in page


def test_sphinx_starts_only_where_something_changed(project: Project) -> None:
    project.make("docs")  # the first build wrote pages of its own, of rules and engines
    unchanged = project.make("docs")
    assert unchanged.returncode == 0, unchanged.stderr
    assert "sphinx" not in unchanged.stdout
    lost = project.html / "guides/write-a-rule.html"
    lost.unlink()
    assert project.make("docs").returncode == 0
    assert lost.exists()
    guide = "docs/guides/downloads.rst"
    text = (project.folder / guide).read_text(encoding="utf-8")
    project.write(guide, text + "\n.. no-such-directive::\n")
    for _ in range(2):  # a page that was kept would have its warning no more
        assert project.make("docs").returncode != 0
    project.write(guide, text + "\nA sentence that was added.\n")
    changed = project.make("docs")
    assert changed.returncode == 0, changed.stderr
    assert "A sentence that was added." in _text(project.html / "guides/downloads.html")


@pytest.mark.parametrize(("old", "new", "place"), [
    ("abilities: [chat, reasoning, tools]", "abilities: [chat, reasoning, tools", r":\d+:\d+"),
    ("  - format: gptq", "  - format: gptk", r":(\d+):13"),
])
def test_a_broken_spec_stops_the_build_and_leaves_the_output(
    project: Project, old: str, new: str, place: str
) -> None:
    before = project.output()
    project.edit(SEED, old, new)
    made = project.make("docs")
    assert made.returncode != 0
    said = made.stdout + made.stderr
    assert re.search(rf"seed-oss\.yaml{place}", said), said
    assert "Traceback" not in said
    assert project.output() == before


def test_a_page_cannot_read_files_or_hold_html(project: Project) -> None:
    """Should an escape ever fail, the site is built with the dangerous directives off."""
    page = "docs/reference/exit-codes.rst"
    text = (project.folder / page).read_text(encoding="utf-8")
    project.write(page, text + "\n\n.. raw:: html\n\n   <script>alert(1)</script>\n"
                  "\n.. include:: ../Makefile\n\n.. literalinclude:: ../Makefile\n")
    made = project.make("docs")
    assert made.returncode != 0
    assert len(re.findall(r"exit-codes\.rst:\d+: WARNING: .*disabled", made.stderr)) == 3
    html = (project.html / "reference/exit-codes.html").read_text(encoding="utf-8")
    assert "alert(1)" not in html
    assert "DEFAULT_GOAL" not in html


def test_the_example_family_of_the_guide_passes_the_checks(project: Project) -> None:
    example = (project.folder / "docs/examples/my-family.yaml").read_text(encoding="utf-8")
    project.write("specs/families/my-family.yaml", example)
    made = project.make("docs")
    assert made.returncode == 0, made.stdout + made.stderr
    assert "my-org/My-Family-0.5B-Instruct" in _text(
        project.html / "generated/models/llm/my-family.html")


def test_the_finding_of_the_guide_is_what_check_prints(project: Project) -> None:
    example = (project.folder / "docs/examples/my-family.yaml").read_text(encoding="utf-8")
    project.write("specs/families/my-family.yaml", example.replace("ggufv2", "gguf2"))
    checked = project.compiler("check", "--no-info", "specs/families/my-family.yaml")
    assert checked.returncode == 1
    shown = (project.folder / "docs/examples/finding.txt").read_text(encoding="utf-8")
    assert checked.stdout == shown
