"""A parser is named that the engine's probed release does not have.

Why
---
The engine refuses to start with a parser that it does not know. What a release has is asked from
the installed engine by `runtime engines probe` and kept in `specs/engines/facts`.

Wrong
-----
.. code-block:: yaml

    abilities: [chat, tools]
    tool_parser: {vLLM: hermess}

Right
-----
.. code-block:: yaml

    abilities: [chat, tools]
    tool_parser: {vLLM: hermes}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.releases import told_by, which
from compiler.check.view import FamilyView, Problem
from compiler.check.words import did_you_mean
from compiler.finding import Severity
from compiler.resolve import entries, text

CODE = "MB321"
NAME = "parser-not-in-release"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Look every parser up in the newest facts of its engine."""
    for field in ("tool_parser", "reasoning_parser"):
        for key, node in entries(family.root.get(field)):
            name = text(node) or ""
            releases, known = told_by(family.catalogue, key.raw, f"{field}s")
            if releases and name not in known:
                yield family.problem(
                    node, f"{which(releases)} has no {field.replace('_', ' ')} {name!r}",
                    did_you_mean(name, sorted(known)) or "delete the entry")
