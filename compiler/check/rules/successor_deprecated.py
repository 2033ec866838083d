"""The successor is deprecated itself.

Why
---
A reader who follows the advice is sent on at once. Name the last one of the chain.

Wrong
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo
    deprecated:
      since: 2026-01-15
      reason: It has a successor.
      renamed_to: demo-2

    # file: specs/families/demo-2.yaml
    name: demo-2
    deprecated:
      since: 2026-01-15
      reason: It has a successor.
      renamed_to: demo-3

    # file: specs/families/demo-3.yaml
    name: demo-3

Right
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo
    deprecated:
      since: 2026-01-15
      reason: It has a successor.
      renamed_to: demo-3

    # file: specs/families/demo-2.yaml
    name: demo-2
    deprecated:
      since: 2026-01-15
      reason: It has a successor.
      renamed_to: demo-3

    # file: specs/families/demo-3.yaml
    name: demo-3
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.deprecations import deprecations, successors
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity

CODE = "MB514"
NAME = "successor-deprecated"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Look for successors that have one themselves."""
    for item in deprecations(family):
        chain = successors(item)
        node = item.node.get("renamed_to")
        # A chain that comes back is MB512.
        if node is not None and len(chain) > 1 and chain[-1] not in (item.name, *chain[:-1]):
            yield family.problem(node, f"{chain[0]} is deprecated, too; it leads to {chain[-1]}",
                                 f"name {chain[-1]}")
