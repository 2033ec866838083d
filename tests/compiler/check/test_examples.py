"""Whole files: the valid ones are clean, the invalid ones have just the findings beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compiler.check.wrap import findings

EXAMPLES = Path(__file__).parent / "examples"


def codes(file: Path) -> list[str]:
    example = f"# file: specs/families/{file.name}\n{file.read_text(encoding='utf-8')}"
    return [f"{item.span.line}:{item.span.column} {item.code}" for item in findings(example)]


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("valid/*.yaml")), ids=lambda file: file.stem)
def test_valid(file: Path) -> None:
    assert codes(file) == []


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("invalid/*.yaml")),
                         ids=lambda file: file.stem)
def test_invalid(file: Path) -> None:
    expected = file.with_suffix(".expected").read_text(encoding="utf-8").splitlines()

    assert expected
    assert codes(file) == expected


def test_there_are_examples_of_both() -> None:
    assert list(EXAMPLES.glob("valid/*.yaml"))
    assert list(EXAMPLES.glob("invalid/*.yaml"))
