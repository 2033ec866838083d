"""A spec file's bytes: no more than the limit, and nothing from outside the folder."""

from __future__ import annotations

import os
from codecs import BOM_UTF8
from pathlib import Path
from stat import S_ISLNK, S_ISREG

from compiler.finding import Finding, Severity, Span
from compiler.read import codes
from compiler.read.text import MAX_BYTES

#: Where a finding on a whole file points to.
TOP = Span(1, 1, 1, 1)


def decoded(content: bytes) -> str:
    """A file's text, for excerpts."""
    return content.removeprefix(BOM_UTF8).decode("utf-8", errors="replace")


def read_bytes(path: Path, root: Path, limit: int = MAX_BYTES,
               ) -> tuple[bytes | None, Finding | None]:
    """The bytes of a spec file, no more than the reader's limit and one; or why there are none."""
    name = source_name(path)

    def refuse(code: str, message: str, hint: str) -> tuple[None, Finding]:
        return None, Finding(name, TOP, Severity.ERROR, code, message, hint)

    try:
        status = os.lstat(path)
        real = path
        if S_ISLNK(status.st_mode):
            real = path.resolve(strict=True)
            if not real.is_relative_to(root.resolve()):
                return refuse(codes.OUTSIDE_FOLDER,
                              "the symbolic link leads out of the specs folder",
                              "put the file itself here")
            status = real.stat()
        if not S_ISREG(status.st_mode):
            return refuse(codes.UNREADABLE, "it is not a regular file", "put a text file here")
        with open(real, "rb", buffering=0) as stream:  # noqa: PTH123 - quicker by a third
            return stream.read(limit + 1), None
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links
        reason = getattr(error, "strerror", None) or "the symbolic link leads nowhere"
        if path.is_symlink():
            reason = "the symbolic link leads nowhere"
        return refuse(codes.UNREADABLE, f"it cannot be read: {reason}",
                      "check the file's permissions, or delete it")


def source_name(path: Path) -> str:
    """How findings call a file: as typed, with forward slashes on every system."""
    return path.as_posix()
