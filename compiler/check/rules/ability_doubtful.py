"""The abilities of a family are incomplete.

Why
---
Every family answers in a conversation (`chat`) or continues a text (`generate`); without either
there is nothing that could be asked of it. Reasoning shows in the answers of a conversation. An
`omni` model takes images or sound, so it also has `vision` or `audio`.

Wrong
-----
.. code-block:: yaml

    abilities: [generate, reasoning]
    reasoning_parser: {vLLM: demo}

Right
-----
.. code-block:: yaml

    abilities: [chat, reasoning]
    reasoning_parser: {vLLM: demo}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity

CODE = "MB253"
NAME = "ability-doubtful"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Look for the abilities that others rest on."""
    has = family.abilities
    if not has:
        return
    if "chat" not in has and "generate" not in has:
        yield family.problem(next(iter(has.values())), "neither chat nor generate is claimed",
                             "add the one by which the family is used")
    elif "reasoning" in has and "chat" not in has:
        yield family.problem(has["reasoning"], "reasoning is claimed without chat",
                             "add chat, or delete reasoning")
    if "omni" in has and "vision" not in has and "audio" not in has:
        yield family.problem(has["omni"], "omni is claimed without vision or audio",
                             "add what the family takes besides text")
