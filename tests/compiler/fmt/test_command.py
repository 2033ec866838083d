from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from compiler.cli import main

UGLY = "specs: []\nname: x\n"
GOOD = "name: x\n\nspecs: []\n"


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "specs" / "families" / "x.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(UGLY)
    return path


def test_formats_in_place_and_keeps_permissions(
    spec: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    spec.chmod(0o640)
    assert main(["fmt", str(spec.parent.parent)]) == 0
    assert spec.read_text() == GOOD
    assert stat.S_IMODE(spec.stat().st_mode) == 0o640
    assert [path.name for path in spec.parent.iterdir()] == ["x.yaml"]
    assert capsys.readouterr().out == f"formatted {spec}\n"
    assert main(["fmt", "--check", str(spec)]) == 0


def test_check_writes_nothing(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fmt", "--check", str(spec)]) == 1
    assert spec.read_text() == UGLY
    out = capsys.readouterr()
    assert out.out == f"would format {spec}\n"
    assert "1 file, 1 would change" in out.err


def test_diff_shows_the_change(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fmt", "--diff", str(spec)]) == 1
    assert spec.read_text() == UGLY
    out = capsys.readouterr().out
    assert "+name: x\n+\n specs: []\n-name: x\n" in out


def test_a_broken_file_is_reported_and_the_others_are_formatted(
    spec: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    broken = spec.with_name("a.yaml")
    broken.write_text("name: a\n\tb: c\n")
    assert main(["fmt", str(spec.parent)]) == 1
    assert broken.read_text() == "name: a\n\tb: c\n"
    assert spec.read_text() == GOOD
    assert f"{broken}:2:1: error[MB" in capsys.readouterr().err


def test_a_link_stays_a_link(spec: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.yaml"
    link.symlink_to(spec)
    assert main(["fmt", str(link)]) == 0
    assert link.is_symlink()
    assert spec.read_text() == GOOD


@pytest.mark.parametrize("named", ["specs/families", "specs/families/link.yaml"])
def test_what_a_link_leads_to_outside_is_left_alone(
    named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text(UGLY)
    families = tmp_path / "specs/families"
    families.mkdir(parents=True)
    (families / "own.yaml").write_text(UGLY)
    (families / "link.yaml").symlink_to(outside)
    assert main(["fmt", str(tmp_path / named)]) == 1
    assert "link.yaml:1:1: error[MB019]" in capsys.readouterr().err
    assert outside.read_text() == UGLY
    if named.endswith("families"):
        assert (families / "own.yaml").read_text() == GOOD, "the others are formatted"


@pytest.mark.parametrize("paths", [["no-such"], ["."]])
def test_nothing_to_format_is_misuse(
    paths: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["fmt", *paths]) == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(spec: Path) -> None:
    spec.parent.chmod(0o500)
    try:
        assert main(["fmt", str(spec)]) == 1
    finally:
        spec.parent.chmod(0o700)
    assert spec.read_text() == UGLY
