"""A model of the llama-swap configuration, started, asked and stopped as llama-swap does it.

It splits `cmd` into words, puts a port in place of `${PORT}`, waits until `/health` answers 200,
passes requests on with the model renamed to `useModelName`, and ends the process with SIGTERM.
"""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from compiler.cli import main
from runtime.probe import QUESTION, Client
from tests.support.stand_in import ID, until

if TYPE_CHECKING:
    from tests.engines.conftest import RealBench

pytestmark = pytest.mark.engine
ROOT = Path(__file__).parents[2]


def test_its_command_serves_what_it_says(bench: RealBench, tmp_path: Path) -> None:
    out = tmp_path / "config.yaml"
    assert main(["export", "llama-swap", "--specs", str(ROOT / "specs"), "--out", str(out)]) == 0
    model = yaml.safe_load(out.read_text(encoding="utf-8"))["models"][ID]
    program = bench.folder / "bin" / "runtime"  # on PATH, as after an installation
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m runtime.cli "$@"\n')
    program.chmod(0o755)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = shlex.split(model["cmd"].replace("${PORT}", str(port)))
    with (bench.folder / "log").open("wb") as log, subprocess.Popen(
            words, env={**bench.environment, "PYTHONPATH": str(ROOT)}, cwd=bench.folder,
            executable=program, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True) as process:
        try:
            asked = Client("localhost", port, model["useModelName"])
            until(lambda: process.poll() is not None or asked.status("/health", 5) == 200, 300)
            assert process.poll() is None, (bench.folder / "log").read_text()
            answer = asked.chat(QUESTION, max_tokens=32, timeout=120)
            assert "Paris" in answer.text
            assert answer.model == "smollm2"
            os.kill(process.pid, signal.SIGTERM)
            assert process.wait(60) == 143
        finally:
            if process.poll() is None:
                process.kill()
