"""Engines' log files: naming, pruning, and reading them without ever holding a whole one."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from runtime import home
from runtime.errors import MisuseError

#: Logs that are kept where `KEEP` does not say how many.
KEPT = 40
#: The environment variable that does.
KEEP = "MODELBOOK_KEEP_LOGS"
_TAIL_BYTES = 256 << 10


def kept() -> int:
    """How many logs are kept, the one of the next launch among them.

    Raises:
        MisuseError: `$MODELBOOK_KEEP_LOGS` is no number of logs.
    """
    told = os.environ.get(KEEP)
    if not told:
        return KEPT
    if not (told.isascii() and told.isdigit() and int(told[:9]) > 0):
        raise MisuseError(f"${KEEP} is {told!r}, which is no number of logs",
                          hint=f"set it to 1 or more, or unset it: {KEPT} are kept then")
    return int(told[:9])


def new_log(identity: str) -> Path:
    """Path of a new log; the oldest ones are removed, so that `kept()` are there.

    The log of an engine that still runs stays, however long it has said nothing.
    """
    folder = home.ensure_folder(home.logs_folder())
    logs = sorted(folder.glob("*.log"), key=_modified, reverse=True)
    for old in logs[kept() - 1:]:
        if _in_use(old):
            continue
        for path in (old, old.with_name(old.name + ".1")):
            with contextlib.suppress(OSError):
                path.unlink()
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime()) + f"{time.time() % 1:.3f}"[1:]
    return folder / f"{identity}-{stamp.replace('.', '')}.log"


def _in_use(log: Path) -> bool:
    """Whether a guard writes it, which holds a lock on it meanwhile."""
    try:
        import fcntl

        with log.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except (ImportError, OSError):
        pass
    return False


def newest(name: str) -> Path | None:
    """The newest log of a server with this id, family or log name, running or not."""
    found = [path for path in home.logs_folder().glob("*.log")
             if path.name == name or path.name.startswith(f"{name}-")]
    return max(found, key=_modified, default=None)


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def tail(log: Path, limit: int = _TAIL_BYTES) -> list[str]:
    """The last lines of a log, also from before it began anew, up to `limit` bytes."""
    data = b""
    for path in (log, log.with_name(log.name + ".1")):
        rest = limit - len(data)
        if rest <= 0:
            break
        with contextlib.suppress(OSError), path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - rest))
            data = file.read(rest) + data
    return data.decode("utf-8", "replace").replace("\r", "\n").splitlines()


class Follower:
    """Reads what is appended to a log."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._offset = 0
        self._inode = 0
        self._rest = b""

    def new_lines(self) -> list[str]:
        """Complete lines since the last call; at most the last 256 KiB of them."""
        try:
            with self._log.open("rb") as file:
                import os

                status = os.fstat(file.fileno())
                if status.st_ino != self._inode or status.st_size < self._offset:
                    self._inode, self._offset, self._rest = status.st_ino, 0, b""
                if status.st_size - self._offset > _TAIL_BYTES:
                    self._offset, self._rest = status.st_size - _TAIL_BYTES, b""
                file.seek(self._offset)
                data = file.read(_TAIL_BYTES)
        except OSError:
            return []
        self._offset += len(data)
        *lines, self._rest = (self._rest + data).replace(b"\r", b"\n").split(b"\n")
        if len(self._rest) > _TAIL_BYTES:
            self._rest = b""
        return [line.decode("utf-8", "replace") for line in lines]


def follow(log: Path, running: Callable[[], bool]) -> Iterator[str]:
    """Lines of a log as they come, until `running` says that no more will."""
    follower = Follower(log)
    while True:
        last = not running()
        yield from follower.new_lines()
        if last:
            return
        time.sleep(0.2)
