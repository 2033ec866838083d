"""A refusal of an engine names a provider that the engine does not have.

Why
---
`providers` under `refuses` names providers of the same engine in full, as `--provider` does; no
patterns. A name that none of them has refuses nothing: the page promises what does not load.

Wrong
-----
.. code-block:: yaml

    name: demo
    title: Demo
    description: An engine for examples.
    homepage: https://example.com/
    loads:
      - format: pytorch
    refuses:
      - format: pytorch
        providers: [demo-*]
        reason: The build for CPUs has no kernels for it.
    providers:
      - name: demo-cpu
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
      - format: pytorch
    refuses:
      - format: pytorch
        providers: [demo-cpu]
        reason: The build for CPUs has no kernels for it.
    providers:
      - name: demo-cpu
        requirements: [demo]
        platforms: [linux]
        accelerators: [cpu]
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import EngineView, Problem
from compiler.check.words import did_you_mean
from compiler.finding import Severity
from compiler.read.nodes import Sequence
from compiler.resolve import text

CODE = "MB325"
NAME = "refusal-provider-unknown"
SEVERITY = Severity.ERROR
SCOPE = Scope.ENGINE


def check(engine: EngineView) -> Iterator[Problem]:
    """Look up the providers of every refusal."""
    names = [provider.name for provider in engine.record.providers]
    for rule in engine.rules():
        stated = rule.get("providers")
        for node in stated.items if isinstance(stated, Sequence) else ():
            name = text(node) or ""
            if name not in names:
                yield engine.problem(node, f"{engine.record.name} has no provider {name}",
                                     did_you_mean(name, names))
