"""What files looked like when they were last read, so that those left alone are not read again.

What decides is always the SHA-256 of a file's content. A stamp only stands in for reading it once
more: the size, the times and the inode that the system states without opening the file. It is
trusted where a change cannot have gone unnoticed:

- Its change time is among them, which no program can set; an older file that is put in the place of
  another, times and all, has a new one.
- It is taken before the content is read. A file that had just been changed then is not remembered,
  since the next change might come within the same tick of the file system's clock.
- Symbolic links and whatever else is no regular file are not remembered, nor is anything on
  Windows, which has no such time.
"""

from __future__ import annotations

import hashlib
import os
import time
from stat import S_ISREG

import msgspec

from runtime.storage import regular

#: How long ago, in nanoseconds, a file must have been changed for the next change to show: a few
#: ticks of a clock that has parts of seconds, or of one that has none, such as FAT's.
_TICKS, _COARSE_TICKS = 50_000_000, 2_500_000_000


class Look(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the system says of a file without opening it."""

    size: int
    modified: int
    changed: int
    inode: int


class Stamp(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A look at a file, and the SHA-256 of what was read right after it."""

    look: Look
    sha256: bytes


def look(path: str) -> Look | None:
    """A look at a file; None where it would not tell whether the file was changed since."""
    if os.name == "nt":
        return None
    now = time.time_ns()
    try:
        status = os.lstat(path)
    except OSError:
        return None
    changed = status.st_ctime_ns
    ticks = _TICKS if changed % 1_000_000_000 else _COARSE_TICKS
    if not S_ISREG(status.st_mode) or changed + ticks > now:
        return None
    return Look(status.st_size, status.st_mtime_ns, changed, status.st_ino)


class Stamps:
    """The stamps of one run.

    Attributes:
        taken: Path → stamp, of every file that was asked for and can be remembered.
    """

    def __init__(self, known: dict[str, Stamp]) -> None:
        self._known = known
        self.taken: dict[str, Stamp] = {}

    def digest(self, path: str) -> bytes | None:
        """The SHA-256 of a file that was left alone since it was last read; else None."""
        stamp = self._known.get(path)
        if stamp is None or look(path) != stamp.look:
            return None
        self.taken[path] = stamp
        return stamp.sha256

    def remember(self, path: str, seen: Look | None, sha256: bytes) -> None:
        """Remember what was read from a file, given a look at it from before."""
        if seen is not None:
            self.taken[path] = Stamp(seen, sha256)

    def content(self, path: str, sha256: bytes) -> bytes | None:
        """A file's content if it has that SHA-256; it is not worked out where a stamp states it."""
        seen = look(path)
        try:
            with open(path, "rb", buffering=0, opener=regular) as stream:
                content = stream.read()
        except OSError:
            return None
        stamp = self.taken.get(path)
        # A second look, or what was read might be newer than the first one.
        if stamp is not None and stamp.look == seen == look(path):
            return content if stamp.sha256 == sha256 else None
        found = hashlib.sha256(content).digest()
        self.remember(path, seen, found)
        return content if found == sha256 else None

    def digest_or_read(self, path: str, limit: int | None = None) -> bytes | None:
        """The SHA-256 of a file, which is read if need be; None where it cannot be.

        Args:
            path: The file.
            limit: Most bytes that it may hold, for a file that somebody else chose: then nor is a
                symbolic link followed. None: it is one of ours.
        """
        if (known := self.digest(path)) is not None:
            return known
        seen = look(path)
        try:
            size = -1
            if limit is not None:
                status = os.lstat(path)
                size = status.st_size
                if not S_ISREG(status.st_mode) or size > limit:
                    return None
            with open(path, "rb", buffering=0, opener=regular) as stream:
                sha256 = hashlib.sha256(stream.read(size)).digest()
        except OSError:
            return None
        self.remember(path, seen, sha256)
        return sha256
