"""Real engines and real weights, installed and downloaded through the program itself.

`MODELBOOK_TEST_HOME` names a data folder to keep between runs; without it everything is fetched
into a temporary one.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.stand_in import COMBINATION, Bench


class RealBench(Bench):
    """The program with real llama.cpp and real SmolLM2 weights."""

    def __init__(self, folder: Path, home: Path) -> None:
        super().__init__(folder)
        (folder / "bin" / "llama-server").unlink()  # no stand-in here
        self.home = home
        self.environment["MODELBOOK_HOME"] = str(home)

    def launch_arguments(self, *more: str) -> list[str]:
        """Arguments that launch SmolLM2."""
        return ["launch", *COMBINATION, "--provider", "xllamacpp", "--timeout", "300", *more]


@pytest.fixture(scope="session")
def engine_home(tmp_path_factory) -> Path:
    """A data folder with llama.cpp installed and SmolLM2 downloaded."""
    named = os.environ.get("MODELBOOK_TEST_HOME")
    home = Path(named) if named else tmp_path_factory.mktemp("engines") / "data folder"
    bench = RealBench(tmp_path_factory.mktemp("set-up"), home)
    for arguments in (("engines", "install", "llama.cpp", "--provider", "xllamacpp"),
                      ("pull", *COMBINATION)):
        done = bench.run(*arguments, timeout=900)
        assert done.returncode == 0, done.stderr
    return home


@pytest.fixture
def bench(tmp_path, engine_home):
    """A bench that must leave nothing running."""
    made = RealBench(tmp_path, engine_home)
    yield made
    try:
        made.assert_nothing_left(30)
    finally:
        made.clean()


@pytest.fixture(scope="session")
def weights(engine_home) -> Path:
    """The real .gguf file."""
    [path] = (engine_home / "models").rglob("*.gguf")
    return path
