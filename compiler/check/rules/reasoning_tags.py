"""The tags around the reasoning do not fit the abilities, or one of them is missing.

Why
---
The tags tell where the reasoning in raw output begins and ends. They are only of use together, and
only for a family with the ability `reasoning`.

Wrong
-----
.. code-block:: yaml

    abilities: [chat, reasoning]
    reasoning_parser: {vLLM: demo}
    reasoning_start_tag: <think>

Right
-----
.. code-block:: yaml

    abilities: [chat, reasoning]
    reasoning_parser: {vLLM: demo}
    reasoning_start_tag: <think>
    reasoning_end_tag: </think>
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity

CODE = "MB254"
NAME = "reasoning-tags"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY


_TAGS = ("reasoning_start_tag", "reasoning_end_tag")


def check(family: FamilyView) -> Iterator[Problem]:
    """Compare the tags with each other and with the abilities."""
    given = [tag for tag in _TAGS if tag in family.root.entries]
    if not given:
        return
    key = family.root.key(given[0])
    if "reasoning" not in family.abilities:
        yield family.problem(key, f"there is a {given[0]}, but no ability reasoning",
                             "add reasoning to the abilities, or delete the tags")
    elif len(given) == 1:
        other = _TAGS[1 - _TAGS.index(given[0])]
        yield family.problem(key, f"there is a {given[0]}, but no {other}", f"add {other}")
