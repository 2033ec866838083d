"""Hashing a file while it arrives, so that a large one is not read a second time when it is there.

A client writes its file block by block; what it has just written still is in the system's memory.
A thread reads it from there and hashes it while the next blocks arrive.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from collections.abc import Callable
from io import FileIO
from pathlib import Path

#: So much is hashed at once: often enough to keep up, rarely enough not to hold up the download.
_BLOCK = 4 << 20
#: Smaller files are hashed when they are there; that takes no time.
_SMALLEST = 32 << 20


def worth_following(size: int | None, sha256: str | None) -> bool:
    """Whether a file is large enough; on Windows an open file could not be renamed."""
    return sys.platform != "win32" and bool(sha256) and (size or 0) >= _SMALLEST


class Follower:
    """Hashes a growing file in a thread of its own; a context manager."""

    def __init__(self, find: Callable[[], Path | None]) -> None:
        """Follow the file that `find` names; it may return None before the file exists."""
        self._find = find
        self._stream: FileIO | None = None
        self._digest = hashlib.sha256()
        self._position = 0
        self._more = threading.Event()
        self._arrived = 0
        self._ended = False
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> Follower:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end()
        if self._stream is not None:
            self._stream.close()

    def more(self, count: int) -> None:
        """So many bytes have arrived."""
        self._arrived += count
        if self._arrived - self._position >= 2 * _BLOCK:
            self._more.set()

    def digest_of(self, path: Path) -> str | None:
        """The sha256 of the finished file; None if it was not seen from its first to last byte."""
        self._end()
        if self._stream is None:
            return None
        self._read(memoryview(bytearray(_BLOCK)))  # what came after the thread last looked
        seen, now = os.fstat(self._stream.fileno()), path.stat()
        same = (seen.st_dev, seen.st_ino) == (now.st_dev, now.st_ino)
        return self._digest.hexdigest() if same and now.st_size == self._position else None

    def _end(self) -> None:
        self._ended = True
        self._more.set()
        self._thread.join()

    def _follow(self) -> None:
        block = memoryview(bytearray(_BLOCK))
        while not self._ended:
            self._more.wait()
            self._more.clear()
            try:
                self._read(block)
            except OSError:  # the file is hashed when it is there
                return

    def _read(self, block: memoryview) -> None:
        if self._stream is None:
            path = self._find()
            if path is None or not path.is_file():
                return
            self._stream = path.open("rb", buffering=0)
        while count := self._stream.readinto(block):
            self._digest.update(block[:count])
            self._position += count
            if count < len(block) and not self._ended:
                return  # the rest comes
