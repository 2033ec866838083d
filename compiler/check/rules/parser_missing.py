"""Tools or reasoning are claimed, but an engine is not told how to parse them.

Why
---
Some engines separate tool calls or reasoning from the answer only when they are told the name of a
parser. Without it the claimed ability does not show: the call or the thought stays in the text.

Wrong
-----
.. code-block:: yaml

    abilities: [chat, tools]
    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-7B
        engines: [vLLM]
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
        engines: [vLLM]
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.check.words import listing
from compiler.finding import Severity
from compiler.resolve import entries

CODE = "MB308"
NAME = "parser-missing"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Compare the abilities with the parsers of the promised engines."""
    for ability, field, need in (("tools", "tool_parser", "needs_tool_parser"),
                                 ("reasoning", "reasoning_parser", "needs_reasoning_parser")):
        if ability not in family.abilities:
            continue
        named = {key.raw.lower() for key, _ in entries(family.root.get(field))}
        lacking = [engine.name for engine in family.promised
                   if engine.launchable and getattr(engine, need)
                   and engine.name.lower() not in named]
        if lacking:
            yield family.problem(
                family.abilities[ability], f"{listing(lacking)} would not show {ability}: "
                "no parser is named, and without one it stays in the text",
                f"add `{field}: {{{lacking[0]}: …}}` with the name of the engine's parser")
