"""Case 1: a size with an underscore stays what was typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.plan import plan
from compiler.read.nodes import plain
from runtime.manifest import decode, encode
from tests.support.yaml_specs import FAMILY, checked, problems, read


@pytest.mark.parametrize("size", ["1_8", "0_5", "0_135", "36", "1_80"])
def test_the_manifest_holds_the_size_as_typed(tmp_path: Path, size: str) -> None:
    result = checked(tmp_path, FAMILY.replace("1_8", size).replace("1.8B", "x"))
    manifest = decode(encode(plan(result.catalogue.documents)))
    assert [spec.size_in_billions for spec in manifest.families[0].specs] == [size]


@pytest.mark.parametrize(("size", "words"), [
    ("1__8", "1__8 is not a size"), ("01_8", "01_8 is not a size"), ("1_", "1_ is not a size"),
    ("_8", "_8 is not a size"), ("1e3", "1e3 is not a size"), ("7B", "7B is not a size"),
    ("1.8", "1.8 is a number; sizes write `_` for the point: 1_8"),
    ("'1.8'", '"1.8" is not a size'), ("-7", "-7 is too small"),
])
def test_what_is_no_size_is_named_at_its_place(size: str, words: str) -> None:
    (finding,) = problems(FAMILY.replace("1_8", size, 1))
    assert (finding.span.line, finding.span.column) == (9, 23)
    assert words in finding.message


def test_the_case_itself() -> None:
    tree, findings = read("specs:\n  - {format: pytorch, size_in_billions: 1_8}\n"
                          "  - {format: pytorch, size_in_billions: 0_5}\n"
                          "  - {format: pytorch, size_in_billions: 1__8}\n")
    assert not findings
    assert tree is not None
    data = plain(tree)
    assert [spec["size_in_billions"] for spec in data["specs"]] == [  # type: ignore[index]
        "1_8", "0_5", "1__8"]
    whole = FAMILY.split("specs:")[0] + (
        "specs:\n  - {format: pytorch, size_in_billions: 1__8, quantizations: [none],"
        " repo_id: o/x, hubs: {huggingface: {}}}\n")
    (finding,) = problems(whole)
    assert (finding.span.line, finding.span.column) == (8, 41)


@pytest.mark.parametrize(("typed", "better"), [
    ("131_072", "write 131072"), ("131,072", "write 131072"), ("128k", "131072"),
    ("131072.0", "write 131072"), ("'131072'", "without quotes"), ("1e5", "decimal digits"),
])
def test_a_context_length_is_a_whole_number_or_an_error_with_the_fix(
    typed: str, better: str,
) -> None:
    (finding,) = problems(FAMILY.replace("8192", typed))
    assert (finding.span.line, finding.span.column) == (2, 17)
    assert finding.message.startswith("expected a whole number, got ")
    assert better in finding.hint
