"""The estimates of memory against what llama.cpp really takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.bench_memory import SUBJECTS, measure, slope

pytestmark = pytest.mark.engine


def test_memory_grows_as_estimated(engine_home: Path) -> None:
    found = list(measure("llama.cpp", engine_home, quick=True))
    series = SUBJECTS["llama.cpp"].series
    assert len(found) == 2 * len(series)
    for name in series:
        steep, besides = slope([one for one in found if one.series == name])
        assert 0.9 < steep < 1.2, name
        assert 0 < besides < 150e6, name
    assert all(-0.2 < one.error < 0.2 for one in found), found
