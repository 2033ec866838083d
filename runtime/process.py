"""One supervised engine process: started, watched, ended, and never left behind.

The engine is started by a guard (`runtime.guard`) in a session of its own, so that a Ctrl-C in the
terminal reaches the launcher alone, and so that the engine ends with the launcher even when that
one is killed.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from runtime.errors import UserError

GUARD = Path(__file__).with_name("guard.py")
#: Runs the file that is named first as a program, as `python FILE` does, but from the bytecode that
#: Python keeps of modules: every launch waits for it.
_RUN = ("import sys; from importlib.machinery import SourceFileLoader as Loader; "
        "exec(Loader('__main__', sys.argv.pop(1)).get_code('__main__'))")
#: Size at which a log begins anew; one earlier file of that size is kept beside it.
LOG_BYTES = 8 << 20
#: Seconds between the steps SIGTERM, SIGTERM to the group, SIGKILL.
GRACE = 5.0


class End(msgspec.Struct, frozen=True):
    """How a process ended.

    Attributes:
        code: Exit code, None when a signal ended it.
        signal: Number of the signal that ended it, if one did.
    """

    code: int | None = None
    signal: int | None = None

    def describe(self) -> str:
        """Such as `exited with code 1` or `was killed by SIGKILL`."""
        if self.signal is not None:
            with contextlib.suppress(ValueError):
                return f"was killed by {signal.Signals(self.signal).name}"
            return f"was killed by signal {self.signal}"
        return f"exited with code {self.code}"


class Supervised:
    """A running engine with its guard.

    Attributes:
        pid: The engine's process id, which is also its group's.
        guard_pid: The guard's process id.
        log: The engine's output.
    """

    def __init__(self, guard: subprocess.Popen[bytes], log: Path) -> None:
        if guard.stdin is None or guard.stdout is None:
            raise ValueError("a guard is spoken to through pipes")
        self._guard = guard
        self._control = guard.stdin
        self._told = guard.stdout
        self.guard_pid = guard.pid
        self.log = log
        self.pid = 0
        self._end: End | None = None
        self._detached = False
        self._buffer = b""

    @classmethod
    def start(
        cls, argv: Sequence[str], log: Path, *, environment: Mapping[str, str | None] | None = None,
        run_file: Path | None = None, grace: float = GRACE, log_bytes: int = LOG_BYTES,
        keep_open: Sequence[int] = (), folder: Path | None = None,
    ) -> Supervised:
        """Start `argv` under a guard.

        Args:
            argv: Program and arguments; no shell is involved.
            log: File that gets standard output and standard error.
            environment: Variables set for the engine on top of ours; None removes one.
            run_file: File that the guard removes when everything has ended.
            grace: Seconds between the steps of the signal ladder.
            log_bytes: Size at which the log begins anew.
            keep_open: Descriptors (locks) that the guard holds until everything has ended.
            folder: Working folder of the engine.

        Raises:
            UserError: The program cannot be started.
        """
        if sys.platform == "win32":
            raise UserError("engines cannot be supervised on Windows yet", code="platform",
                            hint="run Modelbook inside WSL")
        merged = {**os.environ, **(environment or {})}
        guard = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _RUN, str(GUARD), str(log), str(log_bytes),
             str(grace), str(run_file or ""), "--", *argv],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={name: value for name, value in merged.items() if value is not None},
            start_new_session=True, pass_fds=tuple(keep_open), cwd=folder, bufsize=0)
        process = cls(guard, log)
        try:
            process._await_start(argv[0])
        except UserError:
            raise
        except BaseException:  # Ctrl-C, before there is anybody else to end it
            process.stop()
            raise
        return process

    def _await_start(self, program: str) -> None:
        for line in self._lines(timeout=30.0):
            word, _, rest = line.partition(" ")
            if word == "started":
                self.pid = int(rest)
                return
            if word == "failed":
                self._reap()
                raise UserError(f"cannot start {program}: {rest}", code="engine-start")
        self._reap()
        raise UserError(f"the guard of {program} did not start it", code="engine-start",
                        why=f"it ended with code {self._guard.returncode}")

    def _lines(self, timeout: float) -> Iterator[str]:
        """Lines of the guard until it closes its side or `timeout` seconds have passed."""
        descriptor = self._told.fileno()
        deadline = time.monotonic() + timeout
        while True:
            while b"\n" in self._buffer:
                line, _, self._buffer = self._buffer.partition(b"\n")
                yield line.decode(errors="replace")
            ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                return
            data = os.read(descriptor, 4096)
            if not data:
                return
            self._buffer += data

    def poll(self) -> End | None:
        """How the engine ended, None while it runs."""
        return self.wait(0.0)

    def wait(self, timeout: float) -> End | None:
        """Wait up to `timeout` seconds for the engine's end; None when it still runs."""
        if self._end is not None:
            return self._end
        for line in self._lines(timeout):
            word, _, rest = line.partition(" ")
            if word == "exited":
                self._end = End(code=int(rest))
            elif word == "signaled":
                self._end = End(signal=int(rest))
            if self._end is not None:
                return self._end
        if self._guard.poll() is not None and self._end is None:
            # Somebody killed the guard; the kernel then killed the engine.
            self._end = End(signal=signal.SIGKILL)
        return self._end

    def terminate(self) -> None:
        """Begin the ladder SIGTERM, SIGTERM, SIGKILL; returns at once."""
        self._command(b"t")

    def kill(self) -> None:
        """SIGKILL to the engine and everything that it started; returns at once."""
        self._command(b"k")

    def detach(self) -> None:
        """Let the guard and the engine live on without us; `stop` does nothing from then on."""
        self._detached = True
        self._command(b"d")
        self._control.close()
        self._told.close()
        # Popen would warn about a child that is still running; init takes it over.
        self._guard.returncode = 0

    def _command(self, word: bytes) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._control.write(word)

    def stop(self) -> End | None:
        """End the engine and wait until nothing of it is left."""
        if self._detached:
            return None
        self.terminate()
        end = self.wait(3 * GRACE)
        self._reap()
        return end or self._end

    def _reap(self) -> None:
        """Wait for the guard, which stays until nothing of the engine is left."""
        try:
            self._guard.wait(2 * GRACE)
        except subprocess.TimeoutExpired:
            self.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._guard.wait(GRACE)
        for stream in (self._control, self._told):
            with contextlib.suppress(OSError):
                stream.close()

    def __enter__(self) -> Supervised:
        return self

    def __exit__(self, *_: object) -> None:
        if self._guard.returncode is None:
            self.stop()
