"""One owner at a time for a folder, among processes; the lock of a dead owner never blocks.

The operating system holds the lock and drops it with its owner; the file's text only says who that
is. So a file left by a killed process is taken over at once, and there is no moment at which two
waiters could both believe that they removed a stale one.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from runtime import home
from runtime.errors import UserError, seconds

_POLL_SECONDS = 0.1
#: The byte that is locked: far behind the text, since Windows locks forbid reading.
_BYTE = 1 << 30


@contextlib.contextmanager
def folder_lock(path: Path, *, doing: str, limit: float,
                notify: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock file `path` while the block runs.

    Args:
        path: The lock file; its folder exists.
        doing: What the owner does, for whoever waits.
        limit: Seconds to wait for a living owner.
        notify: Told when it has to wait and when a dead owner's lock is taken over.

    Raises:
        UserError: The owner still held it after `limit` seconds (code `locked`), or the file
            cannot be written.
    """
    handle = open_file(path)
    try:
        _acquire(handle, path, limit, notify)
        left = _owner(handle)
        if left.get("pid"):
            notify(f"took over the lock of process {left['pid']}, which ended without releasing it")
        _write(handle, {"pid": os.getpid(), "doing": doing})
        try:
            yield
        finally:
            # The file stays: removing it could pull it from under the next owner.
            _write(handle, {})
    finally:
        os.close(handle)


def open_file(path: Path) -> int:
    """A descriptor of a lock file, which is created if needed; children do not inherit it.

    Raises:
        UserError: It cannot be written.
    """
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise home.not_writable(f"cannot write the lock file {path}", path, error) from None


def _acquire(handle: int, path: Path, limit: float, notify: Callable[[str], None]) -> None:
    deadline = time.monotonic() + limit
    told = False
    while not _try_lock(handle):
        owner = _owner(handle)
        who = f"process {owner.get('pid', '?')} ({owner.get('doing', 'busy')})"
        if not told:
            notify(f"waiting up to {limit:.0f} s for {who}")
            told = True
        if time.monotonic() >= deadline:
            raise UserError(f"another launch still holds {path.parent}", code="locked",
                            why=f"{who} did not finish within {seconds(limit)}" if limit
                            else f"{who} holds it",
                            hint="wait for it, or end it, and try again",
                            details={"pid": owner.get("pid")})
        time.sleep(_POLL_SECONDS)


def _try_lock(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(handle, _BYTE, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
            return False
        if error.errno in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
            return True  # a file system without locks: better unlocked than unusable
        raise
    return True


def _owner(handle: int) -> dict[str, object]:
    os.lseek(handle, 0, os.SEEK_SET)
    try:
        found = json.loads(os.read(handle, 4096) or b"{}")
    except (ValueError, OSError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(handle: int, owner: dict[str, object]) -> None:
    os.lseek(handle, 0, os.SEEK_SET)
    os.truncate(handle, 0)
    os.write(handle, json.dumps(owner).encode() if owner else b"")
