"""The activated size is the whole size.

Why
---
`activated_size_in_billions` is for mixtures of experts, where a token passes through a part of the
parameters. A dense model has no such size; stating it makes readers take it for a mixture.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: pytorch
        size_in_billions: 7
        activated_size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-7B
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-7B
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from compiler.resolve import size_text
from runtime.naming import parse_size

CODE = "MB205"
NAME = "activated-size-equal"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Compare the two sizes of each spec."""
    for spec in family.specs:
        node = spec.node.get("activated_size_in_billions")
        activated = size_text(node)
        # A zero is a placeholder, MB270.
        if node and activated and 0 < parse_size(activated) == parse_size(spec.size):
            yield family.problem(
                node, f"the activated size is the size itself, {activated}",
                "leave it out for a dense model; give the part per token for a mixture of experts")
