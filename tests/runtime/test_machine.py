"""What is told of a machine."""

from pathlib import Path

import pytest

from runtime.machine import Machine

SAYS = "NVIDIA H100 80GB HBM3\nNVIDIA H100 80GB HBM3\n"


def with_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Stands in for the driver's program, which a machine without a GPU does not have."""
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))


def test_the_models_of_gpus_are_part_of_a_machines_kind(tmp_path, monkeypatch):
    with_driver(tmp_path, monkeypatch, f"printf '{SAYS}'")
    kind = Machine.here().kind()
    assert kind["gpus"] == ["NVIDIA H100 80GB HBM3"] * 2
    assert "cuda" in kind["accelerators"]  # type: ignore[operator]


@pytest.mark.parametrize(("named", "left"), [
    ("1", ["B"]), ("0,1", ["A", "B"]), ("2", ["A", "B"]), ("GPU-5c", ["A", "B"]), ("", ["A", "B"]),
])
def test_only_the_gpus_that_may_be_used_are_told(tmp_path, monkeypatch, named, left):
    with_driver(tmp_path, monkeypatch, r"printf 'A\nB\n'")
    assert Machine.here().kind(named)["gpus"] == left


@pytest.mark.parametrize("script", ["echo no devices were found; exit 6", "exit 0"])
def test_a_driver_that_tells_nothing_is_passed_over(tmp_path, monkeypatch, script):
    with_driver(tmp_path, monkeypatch, script)
    assert "gpus" not in Machine.here().kind()
