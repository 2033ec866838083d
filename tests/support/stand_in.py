"""The real `runtime` program with a stand-in for `llama-server` on PATH."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from tests.support.specs import manifest_bytes

ROOT = Path(__file__).parents[2]
SERVER = Path(__file__).with_name("stand_in_server.py")
COMBINATION = ("-e", "llama.cpp", "-n", "smollm2", "-s", "0_135", "-f", "ggufv2", "-q", "Q4_1")
ID = "smollm2/0_135/ggufv2/Q4_1/llama.cpp"


def until(condition: Callable[[], object], seconds: float = 90.0) -> None:
    """Wait until `condition` holds; fails after `seconds`, many times what a busy machine takes."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


class Bench:
    """A data folder of its own, and the `runtime` program with it."""

    def __init__(self, folder: Path, *, mode: str = "good") -> None:
        self.folder = folder
        self.home = folder / "data folder"
        self.manifest = folder / "manifest.json"
        self.manifest.write_bytes(manifest_bytes())
        self.model = folder / "model.gguf"
        self.model.write_bytes(b"GGUF" + (3).to_bytes(4, "little") + bytes(16))
        programs = folder / "bin"
        programs.mkdir()
        stub = programs / "llama-server"
        stub.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{SERVER}" "$@"\n')
        stub.chmod(0o755)
        self.mark = str(folder)
        self._started: list[subprocess.Popen[str]] = []
        self.environment = {
            **os.environ, "PYTHONPATH": str(ROOT), "MODELBOOK_HOME": str(self.home),
            "MODELBOOK_MANIFEST": str(self.manifest), "STAND_IN": mode, "CI": "",
            "BENCH_OF_TEST": self.mark, "PYTHONFAULTHANDLER": "1",
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        }

    def mode(self, name: str) -> None:
        """Choose how the stand-in goes wrong."""
        self.environment["STAND_IN"] = name

    def launch_arguments(self, *more: str) -> list[str]:
        """Arguments that launch the stand-in."""
        return ["launch", *COMBINATION, "--model-path", str(self.model), *more]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the program in a session of its own, as a terminal would."""
        process = subprocess.Popen(
            [sys.executable, "-m", "runtime.cli", *arguments], env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
            start_new_session=True, cwd=self.folder)
        self._started.append(process)
        return process

    def run(self, *arguments: str, timeout: float = 180.0) -> subprocess.CompletedProcess[str]:
        """Run the program to its end."""
        process = self.start(*arguments)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    @contextlib.contextmanager
    def launched(self, *more: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, object]]]:
        """A launch that has come up: its process and what it printed."""
        process = self.start(*self.launch_arguments("--format", "json", *more))
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise AssertionError(process.communicate(timeout=30)[1])
            yield process, json.loads(line)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.communicate()

    def survivors(self) -> list[str]:
        """Command lines of everything that was started here and still lives."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if (process.environ().get("BENCH_OF_TEST") == self.mark
                        and process.status() != psutil.STATUS_ZOMBIE):
                    found.append(" ".join(process.cmdline()))
        return found

    def assert_nothing_left(self, seconds: float = 60.0) -> None:
        """Everything that was started here is gone, and nothing is recorded as running."""
        until(lambda: not self.survivors(), seconds)
        assert not list((self.home / "run").glob("*.json"))

    def clean(self) -> None:
        """End whatever a failed test left; what still ran tells where it was."""
        for started in self._started:
            if started.poll() is None:
                started.send_signal(signal.SIGABRT)  # faulthandler prints the stack of each thread
                with contextlib.suppress(subprocess.TimeoutExpired):
                    told = "\n".join(started.communicate(timeout=10))
                    sys.stderr.write(f"was still running: {started.args}\n{told}\n")
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("BENCH_OF_TEST") == self.mark:
                    process.kill()
        for started in self._started:  # no pipe or process is left to an unrelated test
            for pipe in (started.stdout, started.stderr):
                if pipe is not None:
                    pipe.close()
            started.wait(timeout=30)
