"""The successor of something deprecated does not exist.

Why
---
Pages redirect to the successor and `launch` names it. A family's `renamed_to` is the name of a
family of the catalogue; a quantization's is another quantization of the same spec.

Wrong
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

from compiler.check.deprecations import deprecations
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.check.words import did_you_mean
from compiler.finding import Severity

CODE = "MB511"
NAME = "successor-unknown"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Look every successor up."""
    for item in deprecations(family):
        node = item.node.get("renamed_to")
        if node is None or item.successor is None or item.successor in item.known:
            continue
        if item.spec is None and not family.catalogue.families_complete:
            continue
        others = [name for name in item.known if name != item.name]
        where = "this spec has no quantization" if item.spec else "there is no family"
        yield family.problem(node, f"{where} {item.successor}",
                             did_you_mean(item.successor, others))
