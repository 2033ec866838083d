"""The fixed model name of an engine is missing, or has no effect.

Why
---
`served_name: fixed` says that requests to the engine must use one certain model name, so that
name has to be given; with any other value it is never used.

Wrong
-----
.. code-block:: yaml

    name: demo
    title: Demo
    description: An engine for examples.
    homepage: https://example.com/
    served_name: fixed
    loads:
      - format: awq
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
    served_name: fixed
    served_name_fixed: default_model
    loads:
      - format: awq
    providers:
      - name: demo
        requirements: [demo]
        platforms: [linux]
        accelerators: [cpu]
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import EngineView, Problem
from compiler.finding import Severity

CODE = "MB317"
NAME = "served-name-fixed"
SEVERITY = Severity.ERROR
SCOPE = Scope.ENGINE


def check(engine: EngineView) -> Iterator[Problem]:
    """Compare the two fields."""
    given = "served_name_fixed" in engine.root.entries
    fixed = engine.record.served_name == "fixed"
    if fixed and not given:
        yield engine.problem(engine.root.key("served_name"),
                             "served_name is fixed, but the name is not given",
                             "add `served_name_fixed:`")
    elif given and not fixed:
        yield engine.problem(engine.root.key("served_name_fixed"),
                             "served_name_fixed has no effect without `served_name: fixed`",
                             "delete it, or add `served_name: fixed`")
