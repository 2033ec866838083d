"""The estimates of memory against what llama.cpp really takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.bench_memory import SERIES, measure, slope

pytestmark = pytest.mark.engine


def test_memory_grows_as_estimated(engine_home: Path) -> None:
    found = measure(engine_home, quick=True)
    assert len(found) == 2 * len(SERIES)
    for name in SERIES:
        steep, besides = slope([one for one in found if one.series == name])
        assert 0.9 < steep < 1.2, name
        assert 0 < besides < 150e6, name
    assert all(-0.2 < one.error < 0.2 for one in found), found
