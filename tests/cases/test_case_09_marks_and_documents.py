"""Case 9: byte order marks, second documents, files that hold nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.yaml_specs import FAMILY, checked, read


def test_a_leading_mark_is_accepted(tmp_path: Path) -> None:
    assert not checked(tmp_path, "\ufeff" + FAMILY).failed


def test_a_mark_elsewhere_is_named(tmp_path: Path) -> None:
    (finding,) = checked(tmp_path, "---\n\ufeffname: x").findings
    assert (finding.span.line, finding.span.column) == (2, 1)
    assert "U+FEFF" in finding.message
    assert "did you mean" not in finding.message + finding.hint


def test_a_second_document_is_refused(tmp_path: Path) -> None:
    text = FAMILY + "---\n" + FAMILY.replace("name", "nmae")
    findings = checked(tmp_path, text).findings
    (finding,) = [found for found in findings if found.code == "MB009"]
    line = FAMILY.count("\n") + 1
    assert finding.message == f"one family per file; a second document starts at line {line}"
    assert finding.span.line == line


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "\ufeff", "null\n",
                                  "---\n---\n"])
def test_a_file_that_holds_nothing_is_a_finding(tmp_path: Path, text: str) -> None:
    result = checked(tmp_path, text)
    assert result.failed
    assert result.findings[0].span.line == 1


def test_the_invisible_key_is_never_unknown() -> None:
    tree, findings = read("a: 1\n\ufeffname: x\n")
    assert tree is None
    assert [found.code for found in findings] == ["MB004"]
