"""`runtime stop` and `logs` with what real use rarely shows them."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from runtime import running
from runtime.cli import main

_STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); " \
            "signal.pause()"
_WILLING = "import signal; print(flush=True); signal.pause()"


@pytest.mark.skipif(sys.platform == "win32", reason="a signal is not refused there")
def test_one_that_will_not_stop_keeps_no_other_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MODELBOOK_HOME", str(tmp_path))
    monkeypatch.setattr(running.stop, "__defaults__", (1.0,))
    guards = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
              for code in (_STUBBORN, _WILLING)]
    try:
        for port, guard in enumerate(guards, 9001):
            assert guard.stdout is not None
            guard.stdout.readline()  # it minds signals from here on
            began = running.began_at(guard.pid)
            assert began is not None
            running.run_file("").parent.mkdir(parents=True, exist_ok=True)
            running.write(running.Running(
                id=f"demo-{port}", combination="demo/1/ggufv2/Q4_0/llama.cpp", engine="llama.cpp",
                provider="x", version="1", served_model_name="demo", host="127.0.0.1", port=port,
                base_url="", log=tmp_path / "log", guard_pid=guard.pid, guard_started=began,
                engine_pid=guard.pid, started=""))
        threading.Thread(target=guards[1].wait, daemon=True).start()
        assert main(["stop", "--all"]) == 1
        said = capsys.readouterr()
        assert said.out == "stopped demo-9002\n"
        assert "demo-9001 did not stop" in said.err
        assert [entry.id for entry in running.alive()] == ["demo-9001"]
    finally:
        for guard in guards:
            guard.kill()
            guard.wait()
            assert guard.stdout is not None
            guard.stdout.close()


@pytest.mark.parametrize("lines", ["-2", "x", "1.5", "9" * 300])
def test_lines_that_cannot_be_meant(lines: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs", "demo", f"--lines={lines}"]) == 2
    assert "is not a whole number of lines" in capsys.readouterr().err
