"""Files that are written whole or not at all, and what to say where the system refuses."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from stat import S_ISREG

from runtime.errors import UserError


def regular(path: str, flags: int) -> int:
    """An opener, as `open` takes it, of regular files alone: others may have no end, or wait.

    Raises:
        OSError: It cannot be opened, or is no regular file.
    """
    handle = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # or a pipe waits for a writer
    if S_ISREG(os.fstat(handle).st_mode):
        return handle
    os.close(handle)
    raise OSError(errno.EINVAL, "it is not a regular file", path)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file; a reader sees the old one or the new one, never a part of it.

    It stays so whatever else writes it at the same time, threads among them.

    Raises:
        OSError: It cannot be written.
    """
    fresh = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
    try:
        fresh.write_bytes(data)
        fresh.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise


def cannot_store(what: str, error: OSError) -> UserError:
    """The error for a part of a download that the system refuses to write.

    Args:
        what: The files, such as `model.gguf of o/tiny on Hugging Face`.
        error: What the system raised.
    """
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UserError(f"the disk is full: there is no room for {what}", code="disk-full",
                         hint="free space, or set MODELBOOK_HOME to a folder on a larger disk; "
                              "finished files are kept")
    return UserError(f"cannot store {what}: {error.strerror or error}", code="cannot-store",
                     hint="set MODELBOOK_HOME to a folder that you can write to")
