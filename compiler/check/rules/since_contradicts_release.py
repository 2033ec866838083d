"""An architecture or format is said to be newer than a probed release that has it.

Why
---
`since` and an architecture's version decide which installed releases a page's promise holds for. A
release that was probed is proof.

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
      LlamaForCausalLM: 1.5.0
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
      LlamaForCausalLM: 1.0.0
      Qwen2ForCausalLM: 1.5.0
    providers:
      - name: demo
        requirements: [demo]
        platforms: [linux]
        accelerators: [cpu]
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.releases import has_method
from compiler.check.view import EngineView, Problem
from compiler.finding import Severity
from compiler.read.nodes import Node
from compiler.resolve import entries, text
from runtime.facts import EngineFacts, version_key

CODE = "MB323"
NAME = "since-contradicts-release"
SEVERITY = Severity.WARNING
SCOPE = Scope.ENGINE


def check(engine: EngineView) -> Iterator[Problem]:
    """Look for an older release that has it all the same."""
    facts = [each for each in engine.catalogue.facts
             if each.engine.lower() == engine.record.name.lower()]
    for key, node in entries(engine.root.get("architectures")):
        having = [each for each in facts if key.raw in (each.architectures or ())]
        yield from _older(engine, node, key.raw, having)
    for rule in engine.rules():
        name = text(rule.get("format")) or ""
        since = rule.get("since")
        if since is not None and rule.get("reason") is None:
            having = [each for each in facts if has_method(each, name)]
            yield from _older(engine, since, name, having)


def _older(engine: EngineView, node: Node, name: str, having: list[EngineFacts],
           ) -> Iterator[Problem]:
    since = version_key(text(node) or "0")
    older = sorted((each for each in having if version_key(each.version) < since),
                   key=lambda each: version_key(each.version))
    if older:
        yield engine.problem(node, f"{older[0].provider} {older[0].version} has {name} already",
                             f"write {older[0].version} or an earlier version")
