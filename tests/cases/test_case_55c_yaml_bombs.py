"""Case 55c: bombs are refused with a position, at once, in little memory."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from tests.support.yaml_specs import read

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True))


@pytest.mark.parametrize("text", [BOMB, "- &l [*l]\n", "[" * 3000, "{" * 100_000, "- " * 100_000],
                         ids=["aliases", "recursion", "lists", "mappings", "dashes"])
def test_refused_within_a_second_and_a_few_megabytes(text: str) -> None:
    tracemalloc.start()
    start = time.perf_counter()
    tree, findings = read(text)
    elapsed = time.perf_counter() - start
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert tree is None
    assert findings
    assert elapsed < 1
    assert peak < 10_000_000
    assert all(found.span.line >= 1 and found.span.column >= 1 for found in findings)


def test_an_integer_of_5000_digits_is_text() -> None:
    tree, findings = read("a: " + "9" * 5000 + "\n")
    assert tree is not None
    assert not findings
