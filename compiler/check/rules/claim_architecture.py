"""A stated engine does not have the family's architecture.

Why
---
Some engines implement each model architecture themselves; their specs list those that they have. A
claim that this refutes is shown as refuted, and `launch` refuses it.

Wrong
-----
.. code-block:: yaml

    architectures: [DemoForCausalLM]
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

    architectures: [LlamaForCausalLM]
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

from compiler.check.claims import refuted
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity

CODE = "MB303"
NAME = "engine-lacks-architecture"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Judge every engine that the specs state."""
    yield from refuted(family, CODE)
