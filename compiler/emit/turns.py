"""One build of an output folder at a time.

Two builds at once would each find files of the other in place of those that it has just looked at,
and could leave pages of one beside the manifest of the other. So each holds a lock on the folder
from its first look to its last write; the other waits. The lock is the system's own (`flock`): it
is gone with the process, however that ends. Where there is none (Windows, some network file
systems) builds do not wait for each other.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


@contextlib.contextmanager
def turn(out: Path, waiting: Callable[[], None], *, make: bool = True) -> Iterator[None]:
    """Wait for other builds of `out` and keep them waiting meanwhile.

    Args:
        out: The output folder.
        waiting: Called if another build holds it.
        make: Make the folder if it is not there, and remove it if nothing was put into it; else
            there is nothing to wait for.
    """
    made = _make(out) if make else []
    handle = None
    try:
        handle = _hold(out, waiting) if fcntl else None
        yield
    finally:
        for folder in reversed(made):
            with contextlib.suppress(OSError):  # something is in it
                folder.rmdir()
        if handle is not None:
            os.close(handle)


def _make(out: Path) -> list[Path]:
    """Make a folder; those that were not there, outermost first."""
    missing = [folder for folder in (out, *out.parents) if not folder.exists()][::-1]
    with contextlib.suppress(OSError):  # writing will say what is wrong
        out.mkdir(parents=True, exist_ok=True)
    return missing


def _hold(out: Path, waiting: Callable[[], None]) -> int | None:
    """Lock a folder; None where that cannot be done."""
    try:
        handle = os.open(out, os.O_RDONLY | os.O_DIRECTORY)  # opening a pipe would wait
    except OSError:
        return None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(handle, fcntl.LOCK_EX)
        if out.exists() and os.path.samestat(os.fstat(handle), out.stat()):
            return handle
    except OSError:  # a file system without locks
        os.close(handle)
        return None
    except BaseException:  # Ctrl-C while waiting
        os.close(handle)
        raise
    os.close(handle)  # the build that we waited for has removed the folder
    _make(out)
    return _hold(out, waiting)
