"""A language is listed twice.

Why
---
Codes are compared without regard to case; `EN` and `en` are one language. The usual spelling is
in lower case.

Wrong
-----
.. code-block:: yaml

    languages: [en, zh, EN]

Right
-----
.. code-block:: yaml

    languages: [en, zh]
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from compiler.read.nodes import Scalar
from compiler.resolve import text

CODE = "MB251"
NAME = "language-twice"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Compare the codes, case aside."""
    first: dict[str, Scalar] = {}
    for node in family.items("languages"):
        other = first.setdefault((text(node) or "").lower(), node)
        if other is not node:
            yield family.problem(node, f"{text(node)} is listed already, as {text(other)}",
                                 "delete one of them", [family.related(other, "the first one")])
