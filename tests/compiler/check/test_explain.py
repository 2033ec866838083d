"""No code is printed without an explanation, on the terminal, as JSON and as a page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from compiler.check.codes import explanations, find
from compiler.check.docs import index_page, rule_page, write_rule_pages
from compiler.check.registry import all_rules
from compiler.cli import main

ROOT = Path(__file__).resolve().parents[3]


def test_every_code_in_the_code_base_is_explained() -> None:
    used = {code for package in ("compiler", "runtime") for file in ROOT.glob(f"{package}/**/*.py")
            for code in re.findall(r"\bMB[0-9]{3}\b", file.read_text(encoding="utf-8"))}

    assert used
    assert used - explanations().keys() == set()


def test_codes_and_names_are_unique() -> None:
    names = [item.name for item in explanations().values() if item.name]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("word", ["MB203", "mb203", "size-contradicts-id", " MB203 "])
def test_a_rule_is_found_by_code_or_name(word: str) -> None:
    found = find(word)
    assert found is not None
    assert found.code == "MB203"


def test_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "MB203"]) == 0

    out = capsys.readouterr().out
    assert out.startswith("MB203 size-contradicts-id (error)\n")
    assert "Wrong:" in out
    assert "Right:" in out
    assert ".. code-block" not in out


@pytest.mark.parametrize("code", ["MB001", "MB101", "MB301", "MB514"])
def test_codes_of_every_part(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", code]) == 0
    assert capsys.readouterr().out.startswith(code)


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "mb203", "--format", "json"]) == 0

    record = json.loads(capsys.readouterr().out)
    assert record["code"] == "MB203"
    assert record["severity"] == "error"
    assert "size_in_billions: 14" in record["wrong"]


def test_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--all"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:5] for line in lines] == list(explanations())

    assert main(["explain", "--all", "--format", "json"]) == 0
    assert [item["code"] for item in json.loads(capsys.readouterr().out)] == list(explanations())


@pytest.mark.parametrize(("words", "near"), [
    (["size-contradict-id"], "size-contradicts-id"), (["MB99"], "--all"), (["nonsense!"], "--all"),
    ([], "MB203"), (["MB203", "--all"], "MB203")])
def test_misuse(words: list[str], near: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", *words]) == 2
    assert near in capsys.readouterr().err


def test_a_code_is_near_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "MB999"]) == 2
    said = capsys.readouterr().err
    assert "MB999" in said
    assert "did you mean" not in said
    assert f"lists all {len(explanations())}" in said


def test_pages(tmp_path: Path) -> None:
    pages = write_rule_pages(tmp_path)

    assert [page.name for page in pages] == [*(f"{code}.rst" for code in explanations()),
                                             "index.rst"]
    for rule in all_rules():
        page = (tmp_path / "rules" / f"{rule.code}.rst").read_text(encoding="utf-8")
        assert page == rule_page(rule)
        assert f".. _rule-{rule.code.lower()}:" in page
        assert rule.wrong.splitlines()[0] in page
    assert all(code in index_page() for code in explanations())


def test_writing_pages_again_touches_only_what_changed(tmp_path: Path) -> None:
    first, second = write_rule_pages(tmp_path)[:2]
    first.write_text("changed", encoding="utf-8")
    stale = tmp_path / "rules" / "MB999.rst"
    stale.write_text("gone", encoding="utf-8")
    own = tmp_path / "rules" / "notes.rst"
    own.write_text("kept", encoding="utf-8")
    before = second.stat().st_mtime_ns

    write_rule_pages(tmp_path)

    assert first.read_text(encoding="utf-8") != "changed"
    assert second.stat().st_mtime_ns == before
    assert not stale.exists()
    assert own.exists()


def test_pages_build_without_a_warning(tmp_path: Path) -> None:
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    source, out = tmp_path / "source", tmp_path / "html"
    write_rule_pages(source)
    (source / "index.rst").write_text("Rules\n=====\n\n.. toctree::\n\n   rules/index\n",
                                      encoding="utf-8")
    with patch_docutils(), docutils_namespace():
        app = Sphinx(source, None, out, tmp_path / "doctrees", "html", status=None,
                     warningiserror=True,
                     confoverrides={"extensions": ["sphinx_design"], "html_theme": "basic"})
        app.build()

    page = (out / "rules/MB203.html").read_text(encoding="utf-8")
    assert '<code class="docutils literal notranslate"><span class="pre">8x7B</span></code>' in page
    assert "size-contradicts-id" in (out / "rules/index.html").read_text(encoding="utf-8")
