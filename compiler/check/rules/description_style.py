"""The description has spaces at an end, or does not end as a sentence.

Why
---
Descriptions are printed as they are, one below the other; those that end in a full stop and have
no stray spaces read as one page.

Wrong
-----
.. code-block:: yaml

    description: A small model for short answers in English

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

CODE = "MB261"
NAME = "description-style"
SEVERITY = Severity.INFO
SCOPE = Scope.FAMILY


_ENDS = tuple(".!?…。！？)）\"”»")


def check(family: FamilyView) -> Iterator[Problem]:
    """Look at both ends of the description."""
    node = family.root.get("description")
    value = family.text("description") or ""
    if node is None or not value.strip():
        return
    # A block scalar (`|`, `>`) ends in a newline unless told otherwise; that shows nowhere.
    if value.removesuffix("\n") != value.strip():
        yield family.problem(node, "the description begins or ends with a space",
                             "delete the space")
    elif not value.strip().endswith(_ENDS):
        yield family.problem(node, "the description does not end in a full stop", "add one")
