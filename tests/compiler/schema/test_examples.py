"""Each file of examples/invalid has its findings beside it; those of examples/valid have none.

`UPDATE_EXAMPLES=1 pytest tests/compiler/schema` writes the findings anew, for review.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from compiler.schema.validate import validate
from tests.support.yaml_specs import read

EXAMPLES = Path(__file__).parent / "examples"


def findings(path: Path) -> str:
    tree, found = read(path.read_bytes())
    if tree is not None:
        found += validate(tree, path.stem.split("-")[0], "f.yaml")
    return "".join(
        f"{one.span.line}:{one.span.column}-{one.span.end_line}:{one.span.end_column} {one.code} "
        f"{one.path or '.'}: {one.message} | {one.hint}\n" for one in found)


@pytest.mark.parametrize("path", sorted((EXAMPLES / "valid").glob("*.yaml")), ids=lambda p: p.stem)
def test_valid(path: Path) -> None:
    assert findings(path) == ""


@pytest.mark.parametrize("path", sorted((EXAMPLES / "invalid").glob("*.yaml")),
                         ids=lambda p: p.stem)
def test_invalid(path: Path) -> None:
    expected = path.with_suffix(".txt")
    if os.environ.get("UPDATE_EXAMPLES"):
        expected.write_text(findings(path), encoding="utf-8")
    assert findings(path) == expected.read_text(encoding="utf-8")


def test_there_are_examples() -> None:
    assert len(list(EXAMPLES.rglob("*.yaml"))) > 15
