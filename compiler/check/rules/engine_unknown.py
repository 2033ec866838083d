"""A family names an engine that is not in the catalogue.

Why
---
Engines are named in `engines`, `tool_parser` and `reasoning_parser` as their own specs in
`specs/engines/` are. Nothing is known of any other name, so nothing could be launched with it.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-7B
        engines: [vLLM, Transformer]
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-7B
        engines: [vLLM, Transformers]
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.check.words import did_you_mean
from compiler.finding import Severity
from compiler.read.nodes import Scalar
from compiler.resolve import entries, text

CODE = "MB305"
NAME = "engine-unknown"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Look every engine name up."""
    catalogue = family.catalogue
    if not catalogue.complete or not catalogue.engines:
        return
    names = [engine.record.name for engine in catalogue.engines]
    for node in _named(family):
        name = text(node) or ""
        if name not in names:
            yield family.problem(node, f"there is no engine {name}", did_you_mean(name, names))


def _named(family: FamilyView) -> Iterator[Scalar]:
    for spec in family.specs:
        yield from spec.engines
    for field in ("tool_parser", "reasoning_parser"):
        for key, _ in entries(family.root.get(field)):
            yield key
