"""A parser is named for an ability that the family does not claim.

Why
---
A tool parser is of use only with the ability `tools`, a reasoning parser only with `reasoning`.
Either the ability was forgotten, and the page hides it, or the parser was copied from another
family.

Wrong
-----
.. code-block:: yaml

    abilities: [chat]
    tool_parser: {vLLM: hermes}

Right
-----
.. code-block:: yaml

    abilities: [chat, tools]
    tool_parser: {vLLM: hermes}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity

CODE = "MB265"
NAME = "parser-without-ability"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Compare the parsers with the abilities."""
    for field, ability in (("tool_parser", "tools"), ("reasoning_parser", "reasoning")):
        if field in family.root.entries and ability not in family.abilities:
            yield family.problem(family.root.key(field),
                                 f"there is a {field}, but no ability {ability}",
                                 f"add {ability} to the abilities, or delete {field}")
