"""Paths that nobody means: empty, no regular files, names that are not UTF-8."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from compiler.cli import main
from tests.support.project import ROOT
from tests.support.yaml_specs import FAMILY


@pytest.mark.parametrize("words", [
    ["check", ""], ["fmt", ""], ["build", "--out", ""], ["build", "--specs="],
    ["export", "llama-swap", "--out", ""], ["import", "xinference", "", "--out", "x"],
    ["new", "x", "--specs", ""], ["schema", "--out", ""]])
def test_an_empty_path_is_not_this_folder(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "families").mkdir()
    (tmp_path / "families/demo.yaml").write_text(FAMILY, encoding="utf-8")
    assert main(words) == 2
    assert "empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["families"]


@pytest.mark.parametrize("words", [["schema", "family"],
                                   ["export", "llama-swap", "--specs", str(ROOT / "specs")]])
class TestOut:
    """`--out FILE` of a verb."""

    def test_a_link_stays_a_link(self, words: list[str], tmp_path: Path) -> None:
        real, link = tmp_path / "real.txt", tmp_path / "link.txt"
        link.symlink_to(real)
        assert main([*words, "--out", str(link)]) == 0
        assert link.is_symlink()
        assert real.read_text(encoding="utf-8")

    def test_a_pipe_is_written_to(self, words: list[str], tmp_path: Path) -> None:
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        read: list[bytes] = []
        reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
        reader.start()
        assert main([*words, "--out", str(pipe)]) == 0
        reader.join(60)
        assert read[0]
        assert stat.S_ISFIFO(pipe.stat().st_mode)

    def test_a_folder_or_a_loop_is_refused(self, words: list[str], tmp_path: Path,
                                           capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "a").symlink_to(tmp_path / "b")
        (tmp_path / "b").symlink_to(tmp_path / "a")
        for out in (tmp_path, tmp_path / "a"):
            assert main([*words, "--out", str(out)]) == 1
            assert "error[out-not-writable]: cannot write" in capsys.readouterr().err


def test_what_is_no_regular_file_is_not_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    pipe = tmp_path / "x.yaml"
    os.mkfifo(pipe)
    assert main(["fmt", str(pipe)]) == 2
    assert "is not a regular file" in capsys.readouterr().err
    assert main(["check", str(pipe)]) == 1
    assert "is not a regular file" in capsys.readouterr().out
    os.mkfifo(tmp_path / "pipe")
    done = subprocess.run([sys.executable, "-m", "compiler.cli", "check", str(tmp_path)],
                          capture_output=True, text=True, cwd=ROOT, check=False, timeout=60)
    assert done.returncode == 2
    assert "no specs in" in done.stderr
    done = subprocess.run([sys.executable, "-m", "compiler.cli", "build", "--out", str(pipe)],
                          capture_output=True, text=True, cwd=ROOT, check=False, timeout=60)
    assert done.returncode == 2
    assert "x.yaml is not a folder" in done.stderr


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif", "junit"])
def test_a_name_that_is_not_utf8_can_be_reported(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    name = os.path.join(os.fsencode(tmp_path), b"caf\xe9.yaml")  # noqa: PTH118 - bytes
    try:
        shutil.copy(ROOT / "specs/families/smollm2.yaml", name)
    except OSError:
        pytest.skip("this file system takes no such name")
    assert main(["check", os.fsdecode(name), "--format", form]) == 1
    out = capsys.readouterr().out
    assert "MB401" in out
    if form == "sarif":
        [location] = json.loads(out)["runs"][0]["results"][0]["locations"]
        assert location["physicalLocation"]["artifactLocation"]["uri"].endswith("caf%E9.yaml")


@pytest.mark.parametrize("form", ["xinference", "gpustack", "model-yaml"])
def test_a_file_that_never_ends_is_not_read_to_its_end(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not Path("/dev/zero").exists():
        pytest.skip("this system has no such device")
    monkeypatch.setattr("compiler.commands.import_._LONGEST", 1 << 20)
    assert main(["import", form, "/dev/zero", "--out", str(tmp_path / "x")]) == 1
    assert "/dev/zero is larger than 1 MiB" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_docstrings_that_were_left_out_are_missed(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-OO", "-m", "compiler.cli", "explain", "MB203"],
                          capture_output=True, text=True, cwd=ROOT, check=False,
                          env={**os.environ, "PYTHONPYCACHEPREFIX": str(tmp_path)})
    assert done.returncode == 1
    assert "unset PYTHONOPTIMIZE" in done.stderr


def _without_end(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a file without an end")
@pytest.mark.parametrize("put", [_without_end, os.mkfifo])
@pytest.mark.parametrize(("name", "words"), [
    ("families/z.yaml", ["check"]), ("locks/demo.lock.json", ["check"]),
    ("engines/facts/x.json", ["check"]), ("formats.yaml", ["check"]),
    ("families/z.yaml", ["build", "--out", "out"]),
    ("locks/demo.lock.json", ["build", "--out", "out"])])
def test_specs_without_an_end_are_not_read(
    name: str, words: list[str], put: Callable[[Path], None], tmp_path: Path,
) -> None:
    (tmp_path / "specs/families").mkdir(parents=True)
    (tmp_path / "specs/families/demo.yaml").write_text(FAMILY, encoding="utf-8")
    shutil.copytree(ROOT / "specs/engines", tmp_path / "specs/engines")
    environment = {**os.environ, "MODELBOOK_CACHE": str(tmp_path / "cache"),
                   "PYTHONPATH": str(ROOT)}

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-c", _BOUNDED, *words], cwd=tmp_path, text=True,
                              env=environment, capture_output=True, timeout=100, check=False)

    assert run().returncode == 0
    path = tmp_path / "specs" / name
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    put(path)
    done = run()
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    assert name in said
    assert "MB017" in said or "MB019" in said


#: The compiler with too little memory for a file without an end, and too little time for a pipe.
_BOUNDED = """
import resource, signal, sys
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
signal.alarm(60)
from compiler.cli import main
sys.exit(main(sys.argv[1:]))
"""
