"""What the names of a repository's files tell: quantizations, templates and parts. Pure functions.

The names come from strangers. Only paths that a template can be made of without doubt are taken;
the others are counted, for a person to look at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from runtime.files import expand
from runtime.hubs.base import RemoteFile
from runtime.support import matches

_PART = re.compile(r"-(?P<part>[0-9]{5}-of-(?P<count>[0-9]{5}))\.gguf\Z", re.IGNORECASE)
#: Nothing that a template, a YAML text or a comment could take for something else.
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+/-]{0,199}\Z")
_WORD = re.compile(r"[A-Za-z0-9_]+")
#: What quantizers put before a name, with a hyphen.
_PREFIX = re.compile(r"(?:UD|i1)-\Z")
_MOST_PARTS = 1000


@dataclass(frozen=True, slots=True)
class GgufFiles:
    """The GGUF files of a repository.

    Attributes:
        quantizations: Those that the templates name, the smallest first.
        file_template: Path of a quantization in one file.
        split_file_template: Path of one part of a quantization in several.
        split_parts: Quantization → its parts, in order.
        projectors: Files that give a model its vision or hearing.
        others: Further GGUF files, which no template names.
    """

    quantizations: list[str] = field(default_factory=list)
    file_template: str | None = None
    split_file_template: str | None = None
    split_parts: dict[str, list[str]] = field(default_factory=dict)
    projectors: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Group:
    """Files that one template names: quantization → part (empty for a single file) → size."""

    template: str
    found: dict[str, dict[str, int]] = field(default_factory=dict)


def gguf_files(files: Iterable[RemoteFile], known: Sequence[str]) -> GgufFiles:
    """Read the names of GGUF files.

    Args:
        files: A repository's files, with safe paths.
        known: Patterns of the names of quantizations.
    """
    single: dict[str, _Group] = {}
    split: dict[str, _Group] = {}
    projectors, others = [], []
    listed = sorted((file for file in files if file.path.lower().endswith(".gguf")),
                    key=lambda file: file.path)
    for file in listed:
        name = PurePosixPath(file.path).name.lower()
        if "mmproj" in name:
            projectors.append(file.path)
            continue
        part = _PART.search(file.path)
        named = _PLAIN.match(file.path) and _quantization(file.path, known)
        if not named:
            others.append(file.path)
            continue
        template = _template(file.path, named, part["part"] if part else None)
        groups = split if part else single
        group = groups.setdefault(template, _Group(template))
        group.found.setdefault(named, {})[part["part"] if part else ""] = file.size or 0
    return _chosen(single, split, [path for path in projectors if _PLAIN.match(path)], others,
                   [file.path for file in listed])


def _quantization(path: str, known: Sequence[str]) -> str | None:
    """The last part of a file's name that is called as a quantization is."""
    stem = PurePosixPath(_PART.sub(".gguf", path)).name[:-len(".gguf")]
    for word in reversed(list(_WORD.finditer(stem))):
        pieces = word.group().split("_")
        for first in range(len(pieces)):
            name = "_".join(pieces[first:])
            if name == "none" or not matches(name, known):
                continue
            start = word.end() - len(name)
            prefix = _PREFIX.search(stem[:start]) if not first else None
            if prefix and matches(prefix.group() + name, known):
                return prefix.group() + name
            return name
    return None


def _template(path: str, quantization: str, part: str | None) -> str:
    template = re.sub(rf"(?<![A-Za-z0-9]){re.escape(quantization)}(?![A-Za-z0-9])",
                      "{quantization}", path)
    if part is not None:
        template = template.replace(part, "{part}")
    return template


def _chosen(single: dict[str, _Group], split: dict[str, _Group], projectors: list[str],
            others: list[str], listed: list[str]) -> GgufFiles:
    one, several = _largest(single), _largest(split)
    sizes: dict[str, int] = {}
    parts: dict[str, list[str]] = {}
    for name, found in several.found.items() if several else ():
        there = sorted(found)
        count = int(there[0][-5:])
        # Parts that are not all there cannot be loaded; the spec is not to promise them.
        if count <= _MOST_PARTS and there == [f"{i:05}-of-{count:05}" for i in range(1, count + 1)]:
            parts[name], sizes[name] = there, sum(found.values())
    for name, found in one.found.items() if one else ():
        parts.pop(name, None)
        sizes[name] = found[""]
    covered = {expand(one.template, name) for name in one.found} if one else set()
    if several:
        covered |= {expand(several.template, name, part) for name, there in parts.items()
                    for part in there}
    left = {*others, *(path for path in listed if path not in covered)} - set(projectors)
    return GgufFiles(
        quantizations=sorted(sizes, key=lambda name: (sizes[name], name)),
        file_template=one.template if one else None,
        split_file_template=several.template if several and parts else None, split_parts=parts,
        projectors=projectors, others=sorted(left))


def _largest(groups: dict[str, _Group]) -> _Group | None:
    """The template that names most quantizations; of several the one with the shortest path."""
    return min(groups.values(), default=None, key=lambda group: (
        -len(group.found), len(group.template), group.template))
