"""The architecture is not that of the model.

Why
---
Engines choose their loader by the architecture and the model type in `config.json`, and Modelbook
decides by those of the spec which engines it promises. Where the two differ, engines are promised
that cannot load the model. A family of several architectures has several model types, and states
one of them.

Wrong
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo
    architectures: [LlamaForCausalLM]

    # file: specs/locks/demo.lock.json
    {"sources": [{"hub": "huggingface", "repo_id": "example/demo-7B",
      "files": [{"path": "model.safetensors"}],
      "config": {"architectures": ["Qwen3ForCausalLM"]}}]}

Right
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo
    architectures: [LlamaForCausalLM]

    # file: specs/locks/demo.lock.json
    {"sources": [{"hub": "huggingface", "repo_id": "example/demo-7B",
      "files": [{"path": "model.safetensors"}],
      "config": {"architectures": ["LlamaForCausalLM"]}}]}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.locked import sources
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.check.words import listing
from compiler.finding import Severity

CODE = "MB606"
NAME = "lock-architecture"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY

def check(family: FamilyView) -> Iterator[Problem]:
    """Compare with every locked configuration."""
    listed = family.root.get("architectures") or family.name_node
    types: dict[str, str] = {}
    for use, source in sources(family):
        if source.config is None:
            continue
        found = source.config.architectures
        if found and family.architectures and set(found).isdisjoint(family.architectures):
            yield family.problem(
                listed, f"the architecture is {listing(family.architectures)}, but {use.where} "
                f"states {listing(found)}", f"write [{', '.join(found)}]")
        if source.config.model_type:
            types.setdefault(source.config.model_type, use.where)
    node, stated = family.root.get("model_type"), family.text("model_type")
    if node is None or stated == "TODO" or (stated in types and len(family.architectures) > 1):
        return
    for found_type, where in types.items():
        if found_type != stated:
            yield family.problem(
                node, f"the model type is {stated}, but {where} states {found_type}",
                f"write {found_type}")
