"""A parser is named for an engine that no spec of the family is promised for.

Why
---
The entry has no effect. Either it is left from an engine that was taken out, or the engine is
missing from the specs.

Wrong
-----
.. code-block:: yaml

    abilities: [chat, tools]
    tool_parser: {vLLM: hermes}
    specs:
      - format: mlx
        size_in_billions: 7
        quantizations: [4bit]
        repo_id: example/demo-7B-4bit
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    abilities: [chat, tools]
    tool_parser: {vLLM: hermes}
    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-7B
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from compiler.resolve import entries

CODE = "MB309"
NAME = "parser-not-promised"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Compare the parsers' engines with the promised ones."""
    promised = {engine.name.lower() for engine in family.promised}
    for field in ("tool_parser", "reasoning_parser"):
        for key, _ in entries(family.root.get(field)):
            # An engine that does not exist is MB305.
            if family.catalogue.engine(key.raw) and key.raw.lower() not in promised:
                yield family.problem(key, f"no spec is promised to run on {key.raw}",
                                     "delete the entry, or correct the specs")
