"""Readable names for specs that share a format and a size.

Other catalogues tell such specs apart by their place in the list. The names come from what differs,
so that they stay the same when the list is reordered: the quantizations, else the repository's
name, else the hubs, else the organisation, else the activated size, else several of these together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

from runtime.naming import normalize_size

Spec = Mapping[str, Any]
_WORD = re.compile(r"[a-z0-9.]+")
_LONGEST = 40


def names(specs: Sequence[Spec]) -> list[str | None]:
    """A name for each spec that needs one, None for the others."""
    out: list[str | None] = [None] * len(specs)
    groups: dict[tuple[str, str], list[int]] = {}
    for index, spec in enumerate(specs):
        key = (spec["format"], normalize_size(str(spec["size_in_billions"])))
        groups.setdefault(key, []).append(index)
    for members in groups.values():
        if len(members) > 1:
            for index, name in zip(members, _distinct([specs[i] for i in members]), strict=True):
                out[index] = name
    return out


def _distinct(group: Sequence[Spec]) -> list[str]:
    """One name each, all different."""
    aspects = [aspect(group) for aspect in _ASPECTS]
    for count in range(1, len(aspects) + 1):
        for chosen in combinations(aspects, count):
            found = [_slug(*parts) for parts in zip(*chosen, strict=True)]
            if len(set(found)) == len(found) and all(found):
                return found
    return _numbered([_slug(name) or "spec" for name in aspects[0]])


def _numbered(found: list[str]) -> list[str]:
    """Specs that nothing tells apart are counted."""
    out: list[str] = []
    for name in found:
        number, candidate = 1, name
        while candidate in out:
            number += 1
            candidate = f"{name}-{number}"
        out.append(candidate)
    return out


def _slug(*parts: str) -> str:
    words = _WORD.findall("-".join(parts).lower())
    return "-".join(words).strip(".-")[:_LONGEST].strip(".-")


def _quantizations(group: Sequence[Spec]) -> list[str]:
    return [_range(spec["quantizations"]) for spec in group]


def _range(quantizations: Sequence[str]) -> str:
    if len(quantizations) <= 2:
        return "-".join(quantizations)
    return f"{quantizations[0]}-to-{quantizations[-1]}"


def _repositories(group: Sequence[Spec]) -> list[str]:
    """What is left of the repositories' names without the words that all share."""
    words = [re.split(r"[-_]", _repo_id(spec).rpartition("/")[2].lower()) for spec in group]
    shared = set(words[0]).intersection(*words[1:])
    left = ["-".join(word for word in own if word not in shared and "{" not in word)
            for own in words]
    return [name or "plain" for name in left] if any(left) else left


def _organisations(group: Sequence[Spec]) -> list[str]:
    return [_repo_id(spec).partition("/")[0] for spec in group]


def _repo_id(spec: Spec) -> str:
    stated = spec.get("repo_id") or next(iter(spec["hubs"].values())).get("repo_id", "")
    return str(stated)


def _hubs(group: Sequence[Spec]) -> list[str]:
    return ["-".join(spec["hubs"]) for spec in group]


def _activated(group: Sequence[Spec]) -> list[str]:
    return [f"a{size}".replace("_", ".") if (size := spec.get("activated_size_in_billions"))
            is not None else "dense" for spec in group]


_Aspect = Callable[[Sequence[Spec]], list[str]]
_ASPECTS: tuple[_Aspect, ...] = (_quantizations, _repositories, _hubs, _organisations, _activated)
