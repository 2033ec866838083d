"""Case 48: nothing checked is not success."""

from __future__ import annotations

from pathlib import Path

import pytest

from compiler.cli import main
from tests.support.yaml_specs import family


@pytest.mark.parametrize("arguments", [
    ["no-such-dir"], ["specs/families/*.yml"], ["specs/families/deleted.yaml"],
    ["--specs", "elsewhere"], ["empty"],
])
def test_exit_code_2_and_the_count(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    family(tmp_path)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    assert main(["check", *arguments]) == 2
    assert "0 files checked" in capsys.readouterr().err


def test_without_a_specs_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["check"]) == 2
    assert "0 files checked" in capsys.readouterr().err


def test_one_that_exists_does_not_hide_one_that_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    family(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["check", "specs/families/demo.yaml", "gone.yaml"]) == 2


def test_a_pattern_that_matches_and_the_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    family(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["check", "specs/families/*.yaml"]) == 0
    assert "1 file checked, 0 errors" in capsys.readouterr().out


def test_files_that_end_in_yml_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    family(tmp_path).rename(tmp_path / "specs/families/demo.yml")
    monkeypatch.chdir(tmp_path)
    assert main(["check", "specs"]) == 1
    assert "rename it to demo.yaml" in capsys.readouterr().out
