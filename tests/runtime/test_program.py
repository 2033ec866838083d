"""The frame of both programs: what happens to output that cannot go where it was sent."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.errors import UserError, seconds

ROOT = Path(__file__).parents[2]
FAMILY = "name: demo\n模型-é: 1\n"


def _run(module: str, *words: str | bytes, stdout: int | None = subprocess.PIPE,
         **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", module, *words], stdout=stdout, stderr=subprocess.PIPE,
        check=False, cwd=ROOT, timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "0", **environment})


def _spec(folder: Path) -> str:
    path = folder / "families" / "demo.yaml"
    path.parent.mkdir()
    path.write_text(FAMILY, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_that_is_not_utf8_shows_escapes(tmp_path: Path, encoding: str) -> None:
    done = _run("compiler.cli", "check", _spec(tmp_path), PYTHONIOENCODING=encoding)

    assert done.returncode == 1, done.stderr
    assert rb"\u6a21\u578b" in done.stdout
    assert ("é" if encoding == "latin-1" else r"\xe9").encode(encoding) in done.stdout


def test_help_of_a_verb_can_be_read_in_ascii() -> None:
    done = _run("runtime.cli", "launch", "--help", PYTHONIOENCODING="ascii")

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("words", [["--format", "json"], ["--format=json"]])
def test_json_is_utf8_whatever_the_terminal(tmp_path: Path, words: list[str]) -> None:
    done = _run("compiler.cli", "check", *words, _spec(tmp_path), PYTHONIOENCODING="ascii")

    assert done.returncode == 1, done.stderr
    assert "模型-é" in json.dumps(json.loads(done.stdout.decode("utf-8")), ensure_ascii=False)


def test_a_name_that_is_not_utf8_can_be_told() -> None:
    for words in ([b"check", b"no\xff.yaml"], [b"check", b"--format=json", b"no\xff.yaml"]):
        done = _run("compiler.cli", *words, PYTHONIOENCODING="utf-8")

        assert done.returncode == 2, done.stderr
        assert rb"no\udcff.yaml" in done.stdout + done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is always full")
@pytest.mark.parametrize("module", ["compiler.cli", "runtime.cli"])
def test_a_full_device_is_not_a_fault_of_modelbook(module: str) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        done = _run(module, "--help", stdout=full)
    finally:
        os.close(full)

    assert done.returncode == 1
    assert b"error[write-failed]: cannot write: No space left on device" in done.stderr
    assert b"Exception ignored" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell closes the stream")
def test_closed_output_is_no_error() -> None:
    done = subprocess.run(["/bin/sh", "-c", 'exec "$0" -m runtime.cli --help >&-', sys.executable],
                          stderr=subprocess.PIPE, check=False, cwd=ROOT, timeout=60,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})

    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("module", ["compiler.cli", "runtime.cli"])
def test_help_fits_a_terminal_and_names_every_exit_code(module: str) -> None:
    done = _run(module, "--help")

    text = done.stdout.decode()
    assert max(map(len, text.splitlines())) <= 80
    codes = text.partition("exit codes:")[2]
    assert [int(code) for code in re.findall(r"\d+", codes)] == [0, 1, 2, 3, 130, 143]


@pytest.mark.parametrize("program", ["compiler", "runtime"])
def test_ctrl_c_while_the_program_is_imported(tmp_path: Path, program: str) -> None:
    """The console script calls `entry.main`; a module that it imports sends the signal."""
    slow = tmp_path / "argparse.py"  # in place of the first module that every program imports
    slow.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    script = (f"import sys; from {program}.entry import main; "
              f"sys.path.insert(0, {str(tmp_path)!r}); sys.exit(main())")
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True,
                          timeout=60, check=False)
    assert done.returncode == 130
    assert done.stderr == b"interrupted\n"


def test_ctrl_c_is_an_exception_again_once_the_program_runs() -> None:
    script = ("import os, signal, sys, runtime.locate\n"
              "runtime.locate.manifest_path = lambda chosen: os.kill(os.getpid(), signal.SIGINT)\n"
              "from runtime.entry import main\n"
              "sys.argv = ['runtime', 'list']\nsys.exit(main())")
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True,
                          timeout=60, check=False)
    assert done.returncode == 130
    assert done.stderr == b"interrupted\n"


@pytest.mark.parametrize(("value", "said"), [(300.0, "300 s"), (0.25, "0.25 s"), (1.5, "1.5 s"),
                                             (299.998, "300 s"), (2, "2 s")])
def test_limits_of_time_are_never_zero(value: float, said: str) -> None:
    assert seconds(value) == said


def test_an_error_steers_no_terminal(tmp_path: Path) -> None:
    steering = "\x1b]0;title\x07 \u202e\x9b31m\r"
    shown = r"\x1b]0;title\x07 \u202e\x9b31m\r"
    error = UserError(f"no {steering}", code="x", why=f"is {steering}",
                      hint=f"one {steering}\ntwo\tthree")
    assert error.lines() == [f"error[x]: no {shown}", f"  why: is {shown}", f"  fix: one {shown}",
                             "       two\tthree"]
    manifest = tmp_path / "\x1b[31mmanifest.json"
    manifest.write_bytes(b"{")
    done = _run("runtime.cli", "list", "--manifest", str(manifest))
    assert done.returncode == 1
    assert rb"/\x1b[31mmanifest.json is not JSON" in done.stderr
