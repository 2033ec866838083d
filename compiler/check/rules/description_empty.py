"""The description is empty.

Why
---
It is the first thing on the page that tells a reader what the family is.

Wrong
-----
.. code-block:: yaml

    description: ""

Right
-----
.. code-block:: yaml

    description: A small model for short answers in English.
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity

CODE = "MB260"
NAME = "description-empty"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Look at the description."""
    node = family.root.get("description")
    if node is not None and not (family.text("description") or "").strip():
        yield family.problem(node, "the description is empty",
                             "say in one or two sentences what the family is")
