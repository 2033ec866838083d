"""The repository id states an activated size that the spec leaves out.

Why
---
`30B-A3B` is the field's way to write a mixture of experts with 30 billion parameters of which 3
billion are active per token. Speed and memory estimates need to know it.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: pytorch
        size_in_billions: 30
        quantizations: [none]
        repo_id: example/demo-30B-A3B
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    specs:
      - format: pytorch
        size_in_billions: 30
        activated_size_in_billions: 3
        quantizations: [none]
        repo_id: example/demo-30B-A3B
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.ids import base_name, stated_activated
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from compiler.resolve import text

CODE = "MB206"
NAME = "activated-size-missing"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Look for `A3B` in the ids of specs without an activated size."""
    for spec in family.specs:
        if spec.node.get("activated_size_in_billions") is not None:
            continue
        for hub in spec.hubs:
            stated = stated_activated(base_name(text(hub.repo_id) or ""))
            if stated:
                number = format(stated[0].low.normalize(), "f").replace(".", "_")
                yield family.problem(
                    spec.node.get("size_in_billions") or spec.anchor,
                    f"the repository id says {stated[0].text}, but the spec has no activated size",
                    f"add `activated_size_in_billions: {number}`")
                break
