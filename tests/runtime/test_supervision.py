"""The guard: no engine outlives its launcher, no log fills the disk."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from runtime import logs, running
from runtime.errors import UserError
from runtime.process import End, Supervised
from tests.support.stand_in import ROOT, until

STUBBORN = ("import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
            "print('up', flush=True); time.sleep(600)")
#: A child that left the process group and ignores SIGTERM.
RUNAWAY = f"""
import os, sys, time
if os.fork() == 0:
    os.setsid()
    open(sys.argv[1], "w").write(str(os.getpid()))
    exec({STUBBORN!r})
while not os.path.exists(sys.argv[1]) or not open(sys.argv[1]).read(): time.sleep(0.01)
"""


def python(code, *arguments):
    return [sys.executable, "-c", code, *map(str, arguments)]


def gone(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_exit_code_and_output(tmp_path):
    log = tmp_path / "log"
    code = "import sys; print('out'); print('err', file=sys.stderr); sys.exit(5)"
    process = Supervised.start(python(code), log)
    assert process.wait(20) == End(code=5)
    assert process.stop() == End(code=5)
    assert sorted(log.read_text().split()) == ["err", "out"]
    assert End(code=5).describe() == "exited with code 5"


def test_a_program_that_does_not_exist(tmp_path):
    with pytest.raises(UserError) as caught:
        Supervised.start([str(tmp_path / "none")], tmp_path / "log")
    assert "none" in caught.value.message


def test_environment_is_set_and_removed(tmp_path, monkeypatch):
    monkeypatch.setenv("TO_REMOVE", "1")
    code = "import os; print(os.environ.get('TO_REMOVE'), os.environ['SET'])"
    process = Supervised.start(python(code), tmp_path / "log",
                               environment={"TO_REMOVE": None, "SET": "a b"})
    assert process.wait(20) == End(code=0)
    process.stop()
    assert (tmp_path / "log").read_text() == "None a b\n"


def test_killed_from_outside_is_told(tmp_path):
    with Supervised.start(python("import time; time.sleep(600)"), tmp_path / "log") as process:
        os.kill(process.pid, signal.SIGKILL)
        end = process.wait(20)
    assert end == End(signal=9)
    assert end.describe() == "was killed by SIGKILL"


def test_interrupted_while_it_starts(tmp_path, monkeypatch):
    log = tmp_path / "log"
    lines = Supervised._lines

    def interrupted(self, timeout):
        monkeypatch.setattr(Supervised, "_lines", lines)
        until(lambda: logs.tail(log))
        raise KeyboardInterrupt

    monkeypatch.setattr(Supervised, "_lines", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Supervised.start(python(f"import os; print(os.getpid())\n{STUBBORN}"), log, grace=0.3)
    assert gone(int(log.read_text().split()[0]))


def test_sigterm_then_sigkill(tmp_path):
    process = Supervised.start(python(STUBBORN), tmp_path / "log", grace=0.3)
    until(lambda: logs.tail(tmp_path / "log"))
    began = time.monotonic()
    assert process.stop() == End(signal=9)
    assert 0.5 < time.monotonic() - began < 10


def test_kill_does_not_wait(tmp_path):
    process = Supervised.start(python(STUBBORN), tmp_path / "log", grace=30.0)
    until(lambda: logs.tail(tmp_path / "log"))
    process.kill()
    assert process.wait(10) == End(signal=9)
    process.stop()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs child subreapers")
def test_children_that_left_the_group_end_with_the_engine(tmp_path):
    pid_file = tmp_path / "pid"
    process = Supervised.start(python(RUNAWAY, pid_file), tmp_path / "log")
    assert process.wait(20) == End(code=0)
    process.stop()
    assert gone(int(pid_file.read_text()))


def test_run_file_goes_with_the_engine(tmp_path):
    run_file = tmp_path / "run.json"
    run_file.write_text("{}")
    process = Supervised.start(python("import time; time.sleep(600)"), tmp_path / "log",
                               run_file=run_file)
    assert run_file.exists()
    process.stop()
    assert not run_file.exists()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux's way")
def test_setting_the_clock_leaves_a_server_alive(tmp_path, monkeypatch):
    began = running.began_at(os.getpid())
    assert 0 < began < time.clock_gettime(time.CLOCK_BOOTTIME)
    later = psutil._pslinux.boot_time() + 3600.0  # which is what the system tells afterwards
    monkeypatch.setattr(psutil._pslinux, "boot_time", lambda: later)
    assert running.began_at(os.getpid()) == pytest.approx(began)


LAUNCHER = """
import sys, time
from pathlib import Path
from runtime.process import Supervised
process = Supervised.start([sys.executable, "-c", sys.argv[2]], Path(sys.argv[1]), grace=0.3)
if sys.argv[3] == "detach":
    process.detach()
print(process.pid, process.guard_pid, flush=True)
if sys.argv[3] != "detach":
    time.sleep(600)
"""


def launcher(tmp_path, code, how="stay"):
    process = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, str(tmp_path / "log"), code, how],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True)
    pid, guard = map(int, process.stdout.readline().split())
    return process, pid, guard


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("code", ["import time; time.sleep(600)", STUBBORN],
                         ids=["obedient", "stubborn"])
def test_the_engine_ends_with_its_launcher(tmp_path, number, code):
    process, pid, guard = launcher(tmp_path, code)
    if code == STUBBORN:
        until(lambda: logs.tail(tmp_path / "log"))
    process.send_signal(number)
    process.communicate()
    until(lambda: gone(pid) and gone(guard))


def test_a_killed_guard_takes_the_engine_along(tmp_path):
    if not sys.platform.startswith("linux"):
        pytest.skip("needs parent-death signals")
    process, pid, guard = launcher(tmp_path, STUBBORN)
    os.kill(guard, signal.SIGKILL)
    until(lambda: gone(pid))
    process.kill()
    process.communicate()


def test_a_detached_engine_lives_on_until_its_guard_is_told(tmp_path):
    process, pid, guard = launcher(tmp_path, "import time; time.sleep(600)", "detach")
    process.communicate()
    assert process.returncode == 0
    assert not gone(pid)
    os.kill(guard, signal.SIGTERM)
    until(lambda: gone(pid) and gone(guard))


def test_a_log_never_grows_past_its_bound(tmp_path):
    log = tmp_path / "log"
    code = "import sys\nfor i in range(4000): sys.stdout.write(f'{i:06} ' + 'x' * 1000 + '\\n')"
    process = Supervised.start(python(code), log, log_bytes=100_000)
    assert process.wait(30) == End(code=0)
    process.stop()
    sizes = [path.stat().st_size for path in tmp_path.iterdir()]
    assert sum(sizes) < 400_000
    lines = logs.tail(log)
    assert lines[-1].startswith("003999 ")
    numbers = [int(line.split()[0]) for line in lines[1:]]
    assert numbers == list(range(numbers[0], 4000))  # no gap where the log began anew


def test_following_a_log_over_its_new_beginning(tmp_path):
    log = tmp_path / "log"
    log.write_text("one\ntw")
    follower = logs.Follower(log)
    assert follower.new_lines() == ["one"]
    with log.open("a") as file:
        file.write("o\n")
    assert follower.new_lines() == ["two"]
    log.rename(tmp_path / "log.1")
    Path(log).write_text("three\n")
    assert follower.new_lines() == ["three"]
    assert follower.new_lines() == []
