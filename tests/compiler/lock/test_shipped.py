"""The locks that are shipped: as `compiler lock` writes them, and fitting their families."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.finding import Severity
from compiler.review import review
from runtime import lockfile

SPECS = Path(__file__).parents[3] / "specs"
LOCKS = sorted((SPECS / lockfile.FOLDER).glob("*"))


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_a_lock(path: Path) -> None:
    data = path.read_bytes()
    lock = lockfile.decode(data, path.name)
    assert lockfile.encode(lock) == data
    assert path.name == lockfile.file_name(lock.family)
    found = review(None, [SPECS / "families" / f"{lock.family}.yaml"])
    against = [item for item in found.findings
               if item.code.startswith("MB6") and item.severity is not Severity.INFO]
    assert against == []
    for source in lock.sources:
        assert source.provenance.time > "2026"
        assert source.provenance.client
        assert source.commit
        assert any(file.sha256 for file in source.files)
