"""More parameters are active per token than the model has.

Why
---
The activated size of a mixture of experts is the part of its parameters that one token passes
through. It is below the total size; the two were probably exchanged.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: pytorch
        size_in_billions: 3
        activated_size_in_billions: 30
        quantizations: [none]
        repo_id: example/demo-moe
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    specs:
      - format: pytorch
        size_in_billions: 30
        activated_size_in_billions: 3
        quantizations: [none]
        repo_id: example/demo-moe
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from compiler.resolve import size_text
from runtime.naming import parse_size

CODE = "MB204"
NAME = "activated-size-too-large"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Compare the two sizes of each spec."""
    for spec in family.specs:
        node = spec.node.get("activated_size_in_billions")
        activated = size_text(node)
        # A zero is a placeholder, MB270.
        if node and activated and parse_size(activated) > parse_size(spec.size) > 0:
            yield family.problem(
                node, f"the activated size {activated} is larger than the size {spec.size}",
                "exchange the two, or correct one of them")
