"""A family claims an ability without the one that it is part of.

Why
---
`hybrid` means that reasoning can be switched on and off, so there must be `reasoning`; tools are
called in a conversation, so `tools` needs `chat`, and so does `hybrid`.

Wrong
-----
.. code-block:: yaml

    abilities: [chat, hybrid]

Right
-----
.. code-block:: yaml

    abilities: [chat, reasoning, hybrid]
    reasoning_parser: {vLLM: demo}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity

CODE = "MB252"
NAME = "ability-contradiction"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


_NEEDS = {"hybrid": ("reasoning", "chat"), "tools": ("chat",)}


def check(family: FamilyView) -> Iterator[Problem]:
    """Look for what each ability needs."""
    for ability, needed in _NEEDS.items():
        for other in needed:
            if ability in family.abilities and other not in family.abilities:
                yield family.problem(
                    family.abilities[ability], f"{ability} is claimed without {other}",
                    f"add {other}, or delete {ability}")
