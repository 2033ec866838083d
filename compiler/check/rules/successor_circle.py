"""Following the successors of something deprecated leads back to it.

Why
---
A reader who follows the advice would go round for ever, and so would a page that
redirects to another.

Wrong
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo
    deprecated:
      since: 2026-01-15
      reason: It has a successor.
      renamed_to: demo

Right
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
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.deprecations import deprecations, successors
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity

CODE = "MB512"
NAME = "successor-circle"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Follow every successor until the chain ends or comes back."""
    for item in deprecations(family):
        chain = successors(item)
        node = item.node.get("renamed_to")
        if node is not None and chain and chain[-1] == item.name:
            message = (f"{item.what} is its own successor" if len(chain) == 1 else
                       f"{item.what} leads back to itself: {' → '.join([item.name, *chain])}")
            yield family.problem(node, message, "name what readers should use instead")
