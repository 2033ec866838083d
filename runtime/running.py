"""The servers that were launched and still run: one file each in `<home>/run/`.

A guard removes its file when its engine has ended; a file whose guard is gone is stale and is
ignored and removed. A process id counts only together with the time at which it began.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

import msgspec

from runtime import home, jsonfile
from runtime.errors import MisuseError, UserError, seconds


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A launched server.

    Attributes:
        id: `<family slug>-<port>`.
        combination: Combination id.
        engine: Engine name.
        provider: Provider name.
        version: Engine version; may be empty.
        served_model_name: What requests must name.
        host: Address that it listens on.
        port: TCP port.
        base_url: OpenAI base URL.
        log: The engine's log.
        guard_pid: Process that supervises it.
        guard_started: When that process began, as `began_at` tells it.
        engine_pid: The engine's process.
        started: UTC time of the launch, ISO 8601.
        detached: It lives on without the command that launched it.
        ready: It has answered.
        folder: The folder of the model's files.
    """

    id: str
    combination: str
    engine: str
    provider: str
    version: str
    served_model_name: str
    host: str
    port: int
    base_url: str
    log: Path
    guard_pid: int
    guard_started: float
    engine_pid: int
    started: str
    detached: bool = False
    ready: bool = False
    folder: Path | None = None

    def is_alive(self) -> bool:
        """Whether its guard, and not another process with that number, still runs."""
        began = began_at(self.guard_pid)
        return began is not None and abs(began - self.guard_started) < 1.0


def began_at(pid: int) -> float | None:
    """When a process began, in seconds that stay the same if the clock is set; None without one."""
    import psutil

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        # Linux keeps it since the machine began, and adds what the clock makes of that by now.
        return process.create_time() - (psutil.boot_time() if psutil.LINUX else 0.0)
    except psutil.Error:
        return None


def run_file(identity: str) -> Path:
    """Where a server is recorded."""
    return home.run_folder() / f"{identity}.json"


def write(entry: Running) -> None:
    """Record a server."""
    jsonfile.write(run_file(entry.id), entry)


def alive() -> list[Running]:
    """The servers that still run, by port; what is left of others is removed."""
    found = []
    for path in sorted(home.run_folder().glob("*.json")):
        entry = jsonfile.read(path, Running)
        if entry is None:
            continue
        if entry.is_alive():
            found.append(entry)
        else:
            with contextlib.suppress(OSError):
                path.unlink()
    return sorted(found, key=lambda entry: entry.port)


def find(name: str) -> Running:
    """The running server with this id, port, family or combination.

    Raises:
        MisuseError: None has it, or several have.
    """
    servers = alive()
    matching = [entry for entry in servers
                if name in (entry.id, str(entry.port), entry.combination)] or [
                    entry for entry in servers
                    if entry.combination.split("/")[0].casefold() == name.casefold()]
    if len(matching) == 1:
        return matching[0]
    names = ", ".join(entry.id for entry in matching or servers)
    if matching:
        raise MisuseError(f"{name} is running more than once", code="ambiguous",
                          hint=f"name one of {names}")
    raise MisuseError(f"no running model is called {name!r}", code="not-running",
                      hint=f"running: {names}" if names else "nothing is running")


def stop(entry: Running, timeout: float = 30.0) -> None:
    """End a server and wait until its guard, and so everything that it started, is gone.

    Raises:
        UserError: It is still there after `timeout` seconds, or belongs to somebody else.
    """
    if not entry.is_alive():
        return
    try:
        os.kill(entry.guard_pid, signal.SIGTERM)
    except ProcessLookupError:
        pass
    except PermissionError:
        raise UserError(f"{entry.id} belongs to another user", code="stop",
                        hint="who launched it can stop it") from None
    deadline = time.monotonic() + timeout
    while entry.is_alive():
        if time.monotonic() > deadline:
            raise UserError(f"{entry.id} did not stop within {seconds(timeout)}", code="stop",
                            hint=f"look at process {entry.guard_pid} and {entry.log}")
        time.sleep(0.05)
    with contextlib.suppress(OSError):
        run_file(entry.id).unlink()
