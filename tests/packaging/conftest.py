"""The project as a release or another repository gets it: the tracked files alone."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.project import ROOT, Run


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of every tracked file as it stands in the working tree; not to be changed."""
    folder = tmp_path_factory.mktemp("packaging") / "source"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    for name in filter(None, tracked.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
            target.chmod((ROOT / name).stat().st_mode)
    return folder


@pytest.fixture(scope="session")
def run() -> Run:
    """Runs a command without anything of ours in its environment."""

    def call(*command: str | Path, cwd: Path,
             **environment: str) -> subprocess.CompletedProcess[str]:
        bare = {name: value for name, value in os.environ.items()
                if not name.startswith(("PYTHON", "MODELBOOK", "GIT_"))}
        return subprocess.run([str(word) for word in command], cwd=cwd, env=bare | environment,
                              text=True, capture_output=True, check=False, timeout=600)

    return call
