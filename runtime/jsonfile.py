"""Small records of our own in JSON files: written whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import msgspec

from runtime.storage import write_whole

_T = TypeVar("_T", bound=msgspec.Struct)


def write(path: Path, record: msgspec.Struct) -> None:
    """Write `record`; a reader sees the old file or the new one, never a part."""
    data = msgspec.json.encode(record, enc_hook=_plain)
    write_whole(path, msgspec.json.format(data, indent=2) + b"\n")


def read(path: Path, kind: type[_T]) -> _T | None:
    """The record in a file; None where there is none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind, dec_hook=_rich)
    except (OSError, msgspec.MsgspecError, RecursionError):
        return None


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError(f"{type(value).__name__} has no JSON form")


def _rich(kind: type, value: Any) -> object:
    if issubclass(kind, Path):
        return kind(value)
    raise NotImplementedError(f"{kind.__name__} has no JSON form")
