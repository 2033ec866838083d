"""Watches one engine process so that it never outlives whoever launched it.

A small program of its own (standard library only, started as `python -I -S guard.py`): it starts
the engine in a session of its own, writes the engine's output to a log of bounded size, and ends
the engine and everything that the engine started when it is told to, when its launcher is gone for
whatever reason, or when it is itself terminated. It outlives a launcher that detached.

    guard.py LOG LOG_BYTES GRACE RUN_FILE -- ARGV…

Standard input is the launcher's control pipe: `d` detaches, `t` terminates, `k` kills at once; its
end means that the launcher is gone. Standard output tells `started PID`, `exited CODE`,
`signaled NUMBER` or `failed REASON`, one line each.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import selectors
import signal
import sys
import time
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_CHUNK = 1 << 16
#: Seconds that leftover descendants get between SIGTERM and SIGKILL once the engine has ended.
_LEFTOVER_GRACE = 1.0


class BoundedLog:
    """A log file that never takes more than about twice `limit` bytes.

    When it is full it becomes `<path>.1`, replacing an earlier one, and a new file begins.
    """

    def __init__(self, path: str, limit: int) -> None:
        self._path = path
        self._limit = limit
        self._size = 0
        self._file = self._open()

    def _open(self) -> int:
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # `runtime.logs` removes none in use
        return file

    def write(self, data: bytes) -> None:
        """Append `data`; what cannot be written (a full disk) is dropped, the engine goes on."""
        with contextlib.suppress(OSError):
            if self._size and self._size + len(data) > self._limit:
                os.close(self._file)
                os.replace(self._path, self._path + ".1")  # noqa: PTH105  # no pathlib: start-up
                self._file = self._open()
                self._size = 0
            self._size += os.write(self._file, data)


class Guard:
    """One engine and its supervision."""

    def __init__(self, argv: list[str], log: BoundedLog, grace: float) -> None:
        self._argv = argv
        self._log = log
        self._grace = grace
        self._detached = False
        self._steps: list[tuple[float, Callable[[], None]]] = []
        self._ladder_begun = False
        self._selector = selectors.DefaultSelector()
        self._pid = 0
        self._running = False

    def run(self) -> int:
        """Start the engine and stay until it and its descendants are gone."""
        wake, woken = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK) if hasattr(os, "pipe2") else os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(woken, False)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN)
        signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
        output = self._spawn()
        if output is None:
            return 127
        self._tell(f"started {self._pid}")
        self._selector.register(wake, selectors.EVENT_READ, self._on_wake)
        self._selector.register(0, selectors.EVENT_READ, self._on_control)
        self._selector.register(output, selectors.EVENT_READ, self._on_output)
        while self._children_left():
            self._turn()
        self._drain(output)
        return 0

    def _spawn(self) -> int | None:
        """Start the engine; returns the reading end of its output, None when it cannot start."""
        prctl = _prctl()
        if prctl:
            prctl(_PR_SET_CHILD_SUBREAPER, 1)  # what the engine leaves behind becomes our child
        reader, writer = os.pipe()
        problem, report = os.pipe()  # both ends close on exec: silence means that exec succeeded
        guard = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            try:
                _become_engine(self._argv, writer, prctl, guard)
            except BaseException as error:
                os.write(report, f"{error}".encode(errors="backslashreplace"))
            os._exit(127)
        self._running = True
        os.close(writer)
        os.close(report)
        with os.fdopen(problem, "rb") as pipe:
            reason = pipe.read()
        if reason:
            os.waitpid(self._pid, 0)
            self._tell("failed " + reason.decode(errors="replace").replace("\n", " "))
            return None
        os.set_blocking(reader, False)
        return reader

    def _turn(self) -> None:
        timeout = None
        if self._steps:
            timeout = max(0.0, self._steps[0][0] - time.monotonic())
        elif not self._running:
            timeout = 0.05
        for key, _ in self._selector.select(timeout):
            key.data(key.fd)
        while self._steps and self._steps[0][0] <= time.monotonic():
            self._steps.pop(0)[1]()

    def _on_signal(self, number: int, _frame: object) -> None:
        if number == signal.SIGTERM:
            self._climb()

    def _on_wake(self, descriptor: int) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(descriptor, 512)

    def _on_output(self, descriptor: int) -> None:
        try:
            data = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return
        if data:
            self._log.write(data)
        else:
            self._selector.unregister(descriptor)

    def _drain(self, descriptor: int) -> None:
        with contextlib.suppress(BlockingIOError):
            while data := os.read(descriptor, _CHUNK):
                self._log.write(data)

    def _on_control(self, descriptor: int) -> None:
        words = os.read(descriptor, 64)
        if b"d" in words:
            self._detached = True
        if b"k" in words:
            self._steps.clear()
            self._ladder_begun = True
            self._signal_all(signal.SIGKILL)
        elif b"t" in words or (not words and not self._detached):
            self._climb()
        if not words:
            self._selector.unregister(descriptor)

    def _climb(self) -> None:
        """SIGTERM to the engine, again to its whole group, then SIGKILL to all that is left.

        llama.cpp's server in the middle of an answer finishes it first, and ends at once only on
        the second signal.
        """
        if self._ladder_begun:
            return
        self._ladder_begun = True
        now = time.monotonic()
        self._steps = [
            (now, lambda: self._signal_engine(signal.SIGTERM)),
            (now + self._grace, lambda: self._signal_all(signal.SIGTERM)),
            (now + 2 * self._grace, lambda: self._signal_all(signal.SIGKILL)),
        ]

    def _signal_engine(self, number: int) -> None:
        if self._running:
            with contextlib.suppress(OSError):
                os.kill(self._pid, number)

    def _signal_all(self, number: int) -> None:
        with contextlib.suppress(OSError):
            os.killpg(self._pid, number)
        for pid in _children():
            with contextlib.suppress(OSError):
                os.kill(pid, number)
        if number == signal.SIGKILL:
            # Orphans of those just killed become our children only now: look again shortly.
            self._steps = [(time.monotonic() + 0.1, lambda: self._signal_all(signal.SIGKILL))]

    def _children_left(self) -> bool:
        """Reap what has ended; whether the engine or anything that it started is still there."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return self._group_left()
            if pid == 0:
                return True
            if pid == self._pid:
                self._engine_ended(status)

    def _engine_ended(self, status: int) -> None:
        self._running = False
        if os.WIFSIGNALED(status):
            self._tell(f"signaled {os.WTERMSIG(status)}")
        else:
            self._tell(f"exited {os.WEXITSTATUS(status)}")
        now = time.monotonic()
        self._ladder_begun = True
        self._steps = [
            (now, lambda: self._signal_all(signal.SIGTERM)),
            (now + _LEFTOVER_GRACE, lambda: self._signal_all(signal.SIGKILL)),
        ]

    def _group_left(self) -> bool:
        """Whether the engine's group still has members that are not our children (no subreaper)."""
        try:
            os.killpg(self._pid, 0)
        except OSError:
            return False
        return True

    def _tell(self, line: str) -> None:
        with contextlib.suppress(OSError):  # nobody may be listening any more
            os.write(1, line.encode() + b"\n")


def _become_engine(
    argv: list[str], output: int, prctl: Callable[[int, int], object] | None, guard: int
) -> None:
    """In the forked child: a session of its own, output into the pipe, then the engine itself."""
    os.setsid()
    if prctl:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != guard:
            os._exit(127)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.execvp(argv[0], argv)  # noqa: S606  # an argument list, no shell


def _prctl() -> Callable[[int, int], object] | None:
    """Linux's prctl with one argument, None elsewhere."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        import ctypes

        function = ctypes.CDLL(None, use_errno=True).prctl
    except (ImportError, OSError, AttributeError):
        return None
    return lambda option, value: function(option, value, 0, 0, 0)


def _children() -> list[int]:
    """Our direct children, adopted ones included; empty where /proc does not tell."""
    me = os.getpid()
    try:
        with open(f"/proc/{me}/task/{me}/children") as listing:  # noqa: PTH123  # no pathlib
            return [int(pid) for pid in listing.read().split()]
    except (OSError, ValueError):
        return []


def main(argv: list[str]) -> int:
    """Run the guard; see the module's text for the arguments."""
    log, log_bytes, grace, run_file, separator, *engine = argv
    if separator != "--" or not engine:
        return 2
    for descriptor in range(3, 64):  # the port's lock is ours to hold, not the engine's
        with contextlib.suppress(OSError):
            os.set_inheritable(descriptor, False)
    try:
        return Guard(engine, BoundedLog(log, int(log_bytes)), float(grace)).run()
    except OSError as error:
        os.write(1, f"failed {error}\n".encode())
        return 1
    finally:
        if run_file:
            with contextlib.suppress(OSError):
                os.unlink(run_file)  # noqa: PTH108  # no pathlib: start-up


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
