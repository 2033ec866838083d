"""Fixtures of the cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.stand_in import Bench


@pytest.fixture
def make_bench(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    """Makes the test's bench; whatever a failed test leaves on it is ended."""
    made: list[Bench] = []

    def make(mode: str = "good") -> Bench:
        made.append(Bench(tmp_path, mode=mode))
        return made[-1]

    yield make
    for bench in made:
        bench.clean()
