"""A pattern of quantizations in an engine spec matches none that the format has.

Why
---
Patterns are compared with the case as written. One that can match nothing has no effect: mostly
it is a typing mistake, or belongs to another format.

Wrong
-----
.. code-block:: yaml

    name: demo
    title: Demo
    description: An engine for examples.
    homepage: https://example.com/
    loads:
      - format: awq
        quantizations: ["q4_*"]
    providers:
      - name: demo
        requirements: [demo]
        platforms: [linux]
        accelerators: [cpu]

Right
-----
.. code-block:: yaml

    name: demo
    title: Demo
    description: An engine for examples.
    homepage: https://example.com/
    loads:
      - format: awq
        quantizations: ["*4*"]
    providers:
      - name: demo
        requirements: [demo]
        platforms: [linux]
        accelerators: [cpu]
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.patterns import overlap
from compiler.check.registry import Scope
from compiler.check.view import EngineView, Problem
from compiler.finding import Severity
from compiler.resolve import scalars, text

CODE = "MB314"
NAME = "pattern-matches-nothing"
SEVERITY = Severity.WARNING
SCOPE = Scope.ENGINE


def check(engine: EngineView) -> Iterator[Problem]:
    """Compare the patterns with those of their formats."""
    for rule in engine.rules():
        known = engine.catalogue.formats.get(text(rule.get("format")) or "")
        for node in scalars(rule.get("quantizations")) if known else []:
            pattern = text(node) or ""
            if known and not any(overlap(pattern, other) for other in known.quantizations):
                yield engine.problem(
                    node, f"no quantization of {known.name} can match {pattern}",
                    "correct it; specs/formats.yaml lists what the format has")
