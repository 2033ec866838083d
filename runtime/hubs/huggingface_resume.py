"""Going on with a file of Hugging Face where an ended process left it.

The client itself begins such a file anew. What it left is the file's beginning, unless its Xet
protocol wrote it in pieces, which leaves holes; the hash that is checked in the end decides.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runtime.errors import UserError
from runtime.hubs.base import RemoteFile

#: Less than this is not worth a request of another kind.
_LEAST = 1 << 20
_BLOCK = 1 << 20


def folder_of(target: Path, path: str) -> Path:
    """Where the client keeps a file while it arrives."""
    return (target / ".cache" / "huggingface" / "download" / path).parent


def leftovers(target: Path, file: RemoteFile) -> list[Path]:
    """What is there of a file, the largest first."""
    if not file.sha256:
        return []
    found = folder_of(target, file.path).glob(f"*.{file.sha256}*.incomplete")
    return sorted(found, key=lambda path: -path.stat().st_size)


def beginning(target: Path, file: RemoteFile) -> Path | None:
    """What an ended process left of a file, if it is worth going on with."""
    for path in leftovers(target, file):
        if _LEAST <= path.stat().st_size <= (file.size or 0) and not _has_holes(path):
            return path
    return None


def _has_holes(path: Path) -> bool:
    """Whether parts of a file were never written, as far as the system tells."""
    if not hasattr(os, "SEEK_HOLE"):
        return False
    with path.open("rb") as stream:
        try:
            return os.lseek(stream.fileno(), 0, os.SEEK_HOLE) < path.stat().st_size
        except OSError:
            return False


def append(part: Path, file: RemoteFile, stream_from: Callable[[int], Any],
           advance: Callable[[int], None]) -> bool:
    """Fetch what is missing at the end of `part`; False if the hub does not serve it.

    Args:
        part: What is there.
        file: What it is of.
        stream_from: Opens a response for the bytes from an offset on, as a context manager.
        advance: Told about arriving bytes.

    Raises:
        UserError: More came than the file has.
    """
    have, size = part.stat().st_size, file.size or 0
    if have == size:
        return True
    with stream_from(have) as response:
        if (response.status_code != 206
                or not response.headers.get("content-range", "").startswith(f"bytes {have}-")):
            return False
        with part.open("ab", buffering=0) as out:
            for block in response.iter_bytes(_BLOCK):
                have += len(block)
                if have > size:
                    raise UserError(f"{file.path} is longer than listed", code="wrong-bytes",
                                    why=f"more than {size} bytes", hint="try again")
                out.write(block)
                advance(len(block))
    if have < size:
        import httpx2

        raise httpx2.RemoteProtocolError("the connection ended early")
    return True
