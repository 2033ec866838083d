"""An engine has two providers of one name.

Why
---
A provider is chosen by its name with `--provider`, and its environment is a folder of that name.

Wrong
-----
.. code-block:: yaml

    name: demo
    title: Demo
    description: An engine for examples.
    homepage: https://example.com/
    loads:
      - format: pytorch
    providers:
      - name: demo
        requirements: [demo]
        platforms: [linux]
        accelerators: [cpu]
      - name: demo
        executable: demo
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
      - format: pytorch
    providers:
      - name: demo
        requirements: [demo]
        platforms: [linux]
        accelerators: [cpu]
      - name: demo-binary
        executable: demo
        platforms: [linux]
        accelerators: [cpu]
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import EngineView, Problem
from compiler.finding import Severity
from compiler.read.nodes import Node
from compiler.resolve import text

CODE = "MB312"
NAME = "provider-twice"
SEVERITY = Severity.ERROR
SCOPE = Scope.ENGINE


def check(engine: EngineView) -> Iterator[Problem]:
    """Compare the names of each engine's providers, case aside."""
    first: dict[str, Node] = {}
    for provider in engine.providers():
        node = provider.get("name") or provider
        other = first.setdefault((text(node) or "").lower(), node)
        if other is not node:
            yield engine.problem(node, f"there is a provider {text(node)} already",
                                 "give it another name",
                                 [engine.related(other, "the first one")])
