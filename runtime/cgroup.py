"""The limit that Linux's control groups set on this process's memory, as in a container.

Both versions are read. A group's limit holds for the groups in it, so that the tightest of ours and
those above it counts, as far up as they can be seen from here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

#: A version 1 group without a limit tells the largest number of pages.
_NO_LIMIT = 1 << 60


class Allowance(msgspec.Struct, frozen=True):
    """Memory that a control group lets its processes have.

    Attributes:
        limit: Bytes.
        left: Bytes of it that are not taken; files in memory that can be dropped count as free.
    """

    limit: int
    left: int


class _Version(msgspec.Struct, frozen=True):
    limit: str
    usage: str
    cached: str


_ONE = _Version("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
_TWO = _Version("memory.max", "memory.current", "inactive_file")


def allowance(root: Path = Path("/")) -> Allowance | None:
    """What this process may have; None where nothing limits it, or it cannot be told.

    Args:
        root: Where `proc` and the groups' file systems are.
    """
    found = [each for version, mount, group in _groups(root)
             for each in _levels(version, mount, group)]
    if not found:
        return None
    return Allowance(min(each.limit for each in found), min(each.left for each in found))


def _groups(root: Path) -> Iterator[tuple[_Version, Path, Path]]:
    """Each version's mounted file system and our group's folder in it."""
    ours = _paths(root)
    for line in _lines(root / "proc/self/mountinfo"):
        left, _, right = line.partition(" - ")
        fields, kind = left.split(), right.split()
        if len(fields) < 5 or len(kind) < 3:
            continue
        version = _TWO if kind[0] == "cgroup2" else _ONE
        if version is _ONE and (kind[0] != "cgroup" or "memory" not in kind[2].split(",")):
            continue
        if version in ours:
            shown, point = (_unescaped(field) for field in fields[3:5])
            mount = root / point.lstrip("/")
            # It may show a part of the tree only, while our path is told from the top.
            inside = os.path.relpath(ours[version], shown) if shown.startswith("/") else "."
            yield version, mount, mount if inside.startswith("..") else mount / inside


def _paths(root: Path) -> dict[_Version, str]:
    """The path of our group in each version's tree."""
    ours = {}
    for line in _lines(root / "proc/self/cgroup"):
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if path.startswith("/"):
            if "memory" in controllers.split(","):
                ours[_ONE] = path
            elif number == "0" and not controllers:
                ours[_TWO] = path
    return ours


def _levels(version: _Version, mount: Path, group: Path) -> Iterator[Allowance]:
    """The limits of a group and those above it."""
    for folder in (group, *group.parents):
        limit = _number(folder / version.limit)
        if limit is not None and limit < _NO_LIMIT:
            usage = _number(folder / version.usage) or 0
            taken = max(0, usage - _cached(folder / "memory.stat", version.cached))
            yield Allowance(limit, max(0, limit - taken))
        if folder == mount:
            return


def _cached(path: Path, field: str) -> int:
    for line in _lines(path):
        name, _, value = line.partition(" ")
        if name == field and value.isdecimal():
            return int(value)
    return 0


def _number(path: Path) -> int | None:
    text = "".join(_lines(path)[:1])
    return int(text) if text.isdecimal() else None  # version 2 says `max` for no limit


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return []


def _unescaped(field: str) -> str:
    """A path of `mountinfo`, where a blank is written in octal digits."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)
