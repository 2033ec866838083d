"""The parts of a split quantization are incomplete, out of order or numbered unlike each other.

Why
---
An engine loads the first part and finds the others by counting. Parts named `00001-of-00003` must
be all three, once each, in order. Sorting names as text does not give that order: `part10` comes
before `part2`.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [BF16]
        repo_id: example/demo-7B-GGUF
        split_file_template: demo-7B-{quantization}-{part}.gguf
        split_parts: {BF16: [00001-of-00003, 00003-of-00003]}
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [Q4_K_M, BF16]
        repo_id: example/demo-7B-GGUF
        file_template: demo-7B-{quantization}.gguf
        split_file_template: demo-7B-{quantization}-{part}.gguf
        split_parts: {BF16: [00001-of-00002, 00002-of-00002]}
        hubs: {huggingface: {}}
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from compiler.resolve import EffectiveHub, text

CODE = "MB234"
NAME = "split-parts-numbering"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


_NUMBERED = re.compile(r"(?P<before>.*?)(?P<index>[0-9]{1,9})-of-(?P<total>[0-9]{1,9})\Z")
_DIGITS = re.compile(r"([0-9]+)")


def check(family: FamilyView) -> Iterator[Problem]:
    """Judge the numbering of every list of parts."""
    for _, hub in family.sources():
        yield from _hub(family, hub)


def _hub(family: FamilyView, hub: EffectiveHub) -> Iterator[Problem]:
    for name, parts in hub.split_parts.items():
        if fault := _fault(tuple(hub.split_quantizations()[name])):
            node = parts.node if fault.at is None else parts.parts[fault.at]
            yield family.problem(node, f"{text(parts.quantization)}: {fault.message}", fault.hint)


class _Fault(NamedTuple):
    """What is wrong with a list of parts; without `at` it is the list as a whole."""

    at: int | None
    message: str
    hint: str


@lru_cache(maxsize=1024)
def _fault(names: tuple[str, ...]) -> _Fault | None:
    matches = [_NUMBERED.match(name) for name in names]
    if all(match is None for match in matches):
        return _unnumbered(names)
    return _numbered(names, matches)


def _unnumbered(names: tuple[str, ...]) -> _Fault | None:
    for index, name in enumerate(names):
        if name in names[:index]:
            return _Fault(index, f"the part {name} is given twice", "delete one of them")
    for index in range(1, len(names)):
        if _natural(names[index]) < _natural(names[index - 1]):
            return _Fault(index, f"the part {names[index]} comes after {names[index - 1]}",
                          "list the parts in the order in which they are numbered")
    return None


def _natural(name: str) -> list[tuple[int, str]]:
    """What puts `part10` after `part2`; numbers compare by their digits, however many."""
    return [(len(word.lstrip("0")), word.lstrip("0")) if word.isdigit() else (-1, word)
            for word in _DIGITS.split(name)]


def _numbered(names: tuple[str, ...], matches: list[re.Match[str] | None]) -> _Fault | None:
    first = next(match for match in matches if match)
    total = int(first["total"])
    widths = (len(first["index"]), len(first["total"]), first["before"])
    for index, match in enumerate(matches):
        if match is None or (len(match["index"]), len(match["total"]), match["before"]) != widths:
            return _Fault(index, f"the part {names[index]} is numbered unlike {first.group()}",
                          "number all parts alike")
        if int(match["total"]) != total:
            return _Fault(index, f"the part {names[index]} is of {int(match['total'])}, "
                          f"{first.group()} of {total}", "correct the total")
        if names[index] in names[:index]:
            return _Fault(index, f"the part {names[index]} is given twice",
                          "number the parts from 1")
    indexes = [int(match["index"]) for match in matches if match]
    if sorted(indexes) != list(range(1, len(indexes) + 1)) or len(indexes) != total:
        # The total is only text: it may be any number, so nothing is made of its size.
        absent = total - len({index for index in indexes if 1 <= index <= total})
        first_absent = next(n for n in range(1, len(indexes) + 2) if n not in indexes)
        what = (f"part {first_absent} is missing" if absent == 1
                else f"{absent} parts are missing" if absent
                else f"part {max(indexes)} does not exist")
        return _Fault(None, f"{len(indexes)} parts are given where {first.group()} says {total}; "
                      f"{what}", "list every part once, in order")
    if indexes != sorted(indexes):
        wrong = next(i for i in range(1, len(indexes)) if indexes[i] < indexes[i - 1])
        return _Fault(wrong, f"the part {names[wrong]} comes after {names[wrong - 1]}",
                      "list the parts in the order in which they are numbered")
    return None
