"""How many logs of engines are kept."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from runtime import home, logs
from runtime.errors import MisuseError
from runtime.process import Supervised
from tests.support.stand_in import until


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELBOOK_HOME", str(tmp_path))
    monkeypatch.delenv(logs.KEEP, raising=False)


def launches(count: int) -> list[str]:
    """The names of the logs that are left after so many launches, oldest first."""
    for number in range(count):
        log = logs.new_log(f"demo-{number}")
        log.touch()
        log.with_name(log.name + ".1").touch()
        os.utime(log, (number, number))
    left = home.logs_folder()
    assert len(list(left.glob("*.log.1"))) == len(list(left.glob("*.log")))
    return sorted((path.name.split("-")[1] for path in left.glob("*.log")), key=int)


def test_the_newest_are_kept() -> None:
    assert launches(logs.KEPT + 2) == [str(number) for number in range(2, logs.KEPT + 2)]


def test_as_many_as_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(logs.KEEP, "3")
    assert launches(5) == ["2", "3", "4"]
    monkeypatch.setenv(logs.KEEP, "1")
    assert launches(1) == ["0"]


def test_the_log_of_an_engine_that_runs_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(logs.KEEP, "1")
    log = logs.new_log("runs")
    code = "import time; print('x' * 2000, flush=True); time.sleep(600)"
    with Supervised.start([sys.executable, "-c", code], log) as process:
        until(lambda: logs.tail(log))
        os.utime(log, (0, 0))
        ended = logs.new_log("ended")
        ended.touch()
        logs.new_log("next")
        assert list(home.logs_folder().iterdir()) == [log]
        process.stop()
    logs.new_log("last")
    assert not list(home.logs_folder().iterdir())


@pytest.mark.parametrize("told", ["0", "-1", "many", "1.5"])
def test_what_is_no_number(told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(logs.KEEP, told)
    with pytest.raises(MisuseError, match=logs.KEEP):
        logs.new_log("demo")
