"""What pages say of themselves, and the lists of the whole site, in real Sphinx."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.support.pages import compile_specs, family_yaml

HOSTILE = 'A "model" <script>alert(1)</script> & [a](b) *c*'
CONF = ('project = "Some *site*"\nextensions = ["compiler.sphinx"]\nhtml_theme = "furo"\n'
        'smartquotes = False\nmodelbook_manifest = "manifest.json"\n')


class Head(HTMLParser):
    """Name or property of each meta tag, the base, and the order of what loads."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.meta: dict[str, str] = {}
        self.base = ""
        self.loads_before_base = 0
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {key: value or "" for key, value in attrs}
        if tag == "meta":
            self.meta[found.get("property") or found.get("name", "")] = found.get("content", "")
        elif tag == "base":
            self.base = found["href"]
        elif not self.base and ("src" in found or tag == "link"):
            self.loads_before_base += 1


@pytest.fixture
def source(tmp_path: Path) -> Path:
    out = compile_specs(tmp_path, {"alpha": family_yaml("alpha", HOSTILE)})
    (out / "conf.py").write_text(CONF)
    (out / "index.rst").write_text(
        "Start\n=====\n\nThe first words.\n\n.. toctree::\n\n   models/llm/index\n")
    return out


def build(source: Path, *options: str) -> Path:
    out = source / "_html"
    done = subprocess.run([sys.executable, "-m", "sphinx", "-b", "html", "-n", "-W", "-q", *options,
                           str(source), str(out)],
                          capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return out


def test_pages_describe_themselves(source: Path) -> None:
    out = build(source)
    family = Head(out / "models/llm/alpha.html").meta
    assert family["description"] == family["og:description"] == HOSTILE
    assert family["og:title"] == "alpha"
    start = Head(out / "index.html").meta
    assert start["description"] == "The first words."
    assert start["og:type"] == "website"
    assert "og:url" not in start  # the site does not know where it will be


def test_addresses_are_full_where_the_site_knows_its_own(source: Path) -> None:
    out = build(source, "-D", "html_baseurl=https://example.org/docs/")
    assert Head(out / "models/llm/alpha.html").meta["og:url"] == (
        "https://example.org/docs/models/llm/alpha.html")
    found = {node.text for node in ET.parse(out / "sitemap.xml").getroot().iter()
             if node.tag.endswith("loc")}
    assert found == {f"https://example.org/docs/{page}" for page in (
        "index.html", "verification.html", "models/llm/index.html", "models/llm/alpha.html")}
    assert "(https://example.org/docs/models/llm/alpha.html)" in (
        out / "llms.txt").read_text(encoding="utf-8")


def test_no_sitemap_without_an_address(source: Path) -> None:
    assert not (build(source) / "sitemap.xml").exists()


@pytest.mark.parametrize(("base", "path"), [
    ("", "/"), ("https://example.org/docs/", "/docs/"), ("https://example.org/docs", "/docs/")])
def test_the_page_for_404_works_at_any_depth(source: Path, base: str, path: str) -> None:
    head = Head(build(source, "-D", f"html_baseurl={base}") / "404.html")
    assert head.base == path
    assert head.loads_before_base == 0


def test_lists_for_programs_hold_families_and_commands_as_plain_text(source: Path) -> None:
    out = build(source, "-D", "modelbook_summary=All about models.")
    short = (out / "llms.txt").read_text(encoding="utf-8").splitlines()
    assert short[:3] == ["# Some \\*site\\*", "", "> All about models."]
    described = 'A "model" \\<script\\>alert(1)\\</script\\> & \\[a\\](b) \\*c\\*'
    assert f"- [alpha](models/llm/alpha.html): {described}" in short
    full = (out / "llms-full.txt").read_text(encoding="utf-8")
    assert described in full
    assert "    runtime launch --model-engine llama.cpp --model-name alpha " in full


def test_a_build_without_changes_writes_no_list_anew(source: Path) -> None:
    lists = [build(source) / name for name in ("llms.txt", "llms-full.txt")]
    before = [path.stat().st_mtime_ns for path in lists]
    build(source)
    assert [path.stat().st_mtime_ns for path in lists] == before
