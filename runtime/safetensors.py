"""A bounded look at a `.safetensors` file's header: enough to name a truncated file at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import msgspec

from runtime.errors import UserError
from runtime.gguf import pointer, truncated

#: The longest header that the format itself allows.
_LONGEST_HEADER = 100_000_000


class _Tensor(msgspec.Struct):
    data_offsets: tuple[int, int]


def check(path: Path) -> None:
    """Check that the file has all the bytes that its header names.

    Raises:
        UserError: It is not a safetensors file, or it is truncated.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            start = stream.read(8)
            length = int.from_bytes(start, "little")
            if len(start) < 8 or length > _LONGEST_HEADER:
                raise _damaged(path, start + stream.read(256))
            header = stream.read(length)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}",
                        code="model-unreadable") from None
    if len(header) < length:
        raise truncated(path, size, "its header goes on past the end of the file")
    try:
        entries = msgspec.json.decode(header, type=dict[str, msgspec.Raw])
        ends = [msgspec.json.decode(raw, type=_Tensor).data_offsets[1]
                for name, raw in entries.items() if name != "__metadata__"]
    except (msgspec.DecodeError, RecursionError):
        raise _damaged(path, b"") from None
    if size < (end := 8 + length + max(ends, default=0)):
        raise truncated(path, size, f"its tensors end at byte {end}")


def _damaged(path: Path, start: bytes) -> UserError:
    if error := pointer(path, start):
        return error
    return UserError(f"{path} is not a safetensors file: its header cannot be read",
                     code="model-damaged", hint="download it again")


#: Where a tensor of a routed expert lies; shared experts are used for every token.
_EXPERT = re.compile(r"\.experts\b|\.block_sparse_moe\.(?:input|output)_linear\b")


#: More numbers than this no model has.
_MOST_NUMBERS = 1 << 50
_DTYPE = re.compile(r"[A-Z0-9_]{1,16}")


class _Shape(msgspec.Struct):
    dtype: str
    shape: list[int]


def count_parameters(read: Callable[[int, int], bytes], name: str) -> tuple[dict[str, int], int]:
    """Count the numbers of a file that is elsewhere, from its header alone.

    Args:
        read: Gives the bytes from a first position up to an exclusive last one, fewer at the end.
        name: How to call the file in errors.

    Returns:
        Type → how many numbers have it, and how many of all lie in routed experts.

    Raises:
        UserError: It is no safetensors file, or its header cannot be read.
    """
    start = read(0, 1 << 16)
    length = int.from_bytes(start[:8], "little")
    if len(start) < 8 or length > _LONGEST_HEADER:
        raise _damaged(Path(name), start)
    header = start[8:8 + length]
    if len(header) < length:
        header += read(len(start), 8 + length)
    counts: dict[str, int] = {}
    experts = 0
    try:
        for tensor, raw in msgspec.json.decode(header, type=dict[str, msgspec.Raw]).items():
            if tensor == "__metadata__":
                continue
            described = msgspec.json.decode(raw, type=_Shape)
            if not _DTYPE.fullmatch(described.dtype):
                raise _damaged(Path(name), b"")
            count = 1
            for extent in described.shape:
                count *= max(extent, 0)
                if count > _MOST_NUMBERS:
                    raise _damaged(Path(name), b"")
            counts[described.dtype] = counts.get(described.dtype, 0) + count
            if _EXPERT.search(tensor):
                experts += count
    except (msgspec.DecodeError, RecursionError):
        raise _damaged(Path(name), b"") from None
    return counts, experts
