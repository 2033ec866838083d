"""No hub has a quantization that the spec lists.

Why
---
The page would offer it and `launch` could not download it from anywhere.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: awq
        size_in_billions: 7
        quantizations: [Int4, Int8]
        repo_id: example/demo-7B-AWQ
        hubs:
          huggingface: {quantizations: [Int4]}

Right
-----
.. code-block:: yaml

    specs:
      - format: awq
        size_in_billions: 7
        quantizations: [Int4]
        repo_id: example/demo-7B-AWQ
        hubs:
          huggingface: {}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.check.words import listing
from compiler.finding import Severity
from compiler.resolve import text

CODE = "MB217"
NAME = "quantization-nowhere"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Compare the spec's list with those of all its hubs."""
    for spec in family.specs:
        had = {name for hub in spec.hubs for name in hub.quantization_names()}
        for node in spec.quantizations:
            name = text(node) or ""
            if name not in had:
                yield family.problem(
                    node, f"no hub of this spec has {name} "
                    f"({listing(hub.hub for hub in spec.hubs)} state lists of their own)",
                    "add it to the list of the hub that has it, or delete it")
