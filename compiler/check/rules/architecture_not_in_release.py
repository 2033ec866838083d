"""An engine's architecture is absent from its probed release.

Why
---
Specs are judged by the architectures that an engine's file lists. A release that took one away, or
a name that was mistyped, makes pages promise what cannot be launched.

Wrong
-----
.. code-block:: yaml

    # file: specs/engines/probed.yaml
    name: Probed
    title: Demo
    description: An engine for examples.
    homepage: https://example.com/
    loads:
      - format: pytorch
    architectures:
      LlamaForCausalLm: "0"
    providers:
      - name: demo
        requirements: [demo]
        platforms: [linux]
        accelerators: [cpu]

Right
-----
.. code-block:: yaml

    # file: specs/engines/probed.yaml
    name: Probed
    title: Demo
    description: An engine for examples.
    homepage: https://example.com/
    loads:
      - format: pytorch
    architectures:
      LlamaForCausalLM: "0"
    providers:
      - name: demo
        requirements: [demo]
        platforms: [linux]
        accelerators: [cpu]
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.releases import told_by, which
from compiler.check.view import EngineView, Problem
from compiler.check.words import nearest
from compiler.finding import Severity
from compiler.resolve import entries

CODE = "MB322"
NAME = "architecture-not-in-release"
SEVERITY = Severity.WARNING
SCOPE = Scope.ENGINE


def check(engine: EngineView) -> Iterator[Problem]:
    """Look every architecture up in the engine's newest facts."""
    releases, known = told_by(engine.catalogue, engine.record.name, "architectures")
    for key, _ in entries(engine.root.get("architectures")) if releases else ():
        if key.raw not in known:
            near = nearest(key.raw, known)
            yield engine.problem(key, f"{which(releases)} has no architecture {key.raw}",
                                 f"did you mean {near}?" if near else "delete the line")
