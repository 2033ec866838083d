"""Names that differ only by case, or become one file or page: both files are named, everywhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compiler.review import review
from tests.compiler.check.wrap import findings
from tests.support.yaml_specs import FAMILY


def files(*names: str) -> str:
    """A catalogue with one family a name, each in the file that its author would choose."""
    return "".join(f"# file: specs/families/{name.strip()}.yaml\n"
                   f"name: {json.dumps(name, ensure_ascii=False)}\n" for name in names)


@pytest.mark.parametrize(("first", "second"), [
    ("Qwen", "qwen"), ("a b", "a-b"), ("Straße", "STRASSE"), ("Ｑｗｅｎ", "qwen")])
def test_a_collision_names_both_files(first: str, second: str) -> None:
    found = [item for item in findings(files(first, second)) if item.code == "MB403"]

    assert len(found) == 1
    assert found[0].file == f"specs/families/{second}.yaml"
    assert f"specs/families/{first}.yaml" in found[0].message
    assert found[0].related[0].file == f"specs/families/{first}.yaml"


def test_one_name_in_two_files_is_an_error_not_last_wins() -> None:
    found = findings("# file: specs/families/qwen.yaml\nname: qwen\n"
                     "# file: specs/families/qwen2.yaml\nname: qwen\n")

    assert {"MB401", "MB403"} <= {item.code for item in found}


@pytest.mark.parametrize("name", [
    "index", "genindex", "search", "Search", "CON", "aux", "model ", "x.", " x", "a/b", "../evil",
    "a\\b", "C:x", "_static", ".", "self", "a.rst", "Notes.MD"])
def test_names_that_no_page_can_have(name: str) -> None:
    found = [item for item in findings(files(name)) if item.code == "MB402"]

    assert len(found) == 1
    assert found[0].path == "name"


@pytest.mark.parametrize("name", ["qwen2.5-instruct", "书生", "千问大模型", "Qwen 🚀", "q_", "C4AI",
                                  "con-2", "indexes"])
def test_names_that_are_fine(name: str) -> None:
    assert not [item for item in findings(files(name)) if item.code in ("MB401", "MB402", "MB403")]


def test_the_file_is_named_as_it_is_and_a_refused_name_is_reported_once(tmp_path: Path) -> None:
    path = tmp_path / "other.yml"
    path.write_text(FAMILY, encoding="utf-8")
    [found] = review(None, [path], info=False).findings
    assert (found.code, found.message) == ("MB401", "the file other.yml holds the family demo")

    path.write_text(FAMILY.replace("demo", "../../etc/passwd", 1), encoding="utf-8")
    codes = [item.code for item in review(None, [path], info=False).findings]
    assert "MB402" in codes
    assert "MB401" not in codes, "no file could be named so"


def test_a_spec_written_twice_is_reported_once(tmp_path: Path) -> None:
    path = tmp_path / "demo.yaml"
    path.write_text(FAMILY + FAMILY[FAMILY.index("  - format"):], encoding="utf-8")
    assert [item.code for item in review(None, [path], info=False).findings] == ["MB201"]
