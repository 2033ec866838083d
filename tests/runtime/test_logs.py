"""How many logs of engines are kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runtime import home, logs
from runtime.errors import MisuseError


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


@pytest.mark.parametrize("told", ["0", "-1", "many", "1.5"])
def test_what_is_no_number(told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(logs.KEEP, told)
    with pytest.raises(MisuseError, match=logs.KEEP):
        logs.new_log("demo")
