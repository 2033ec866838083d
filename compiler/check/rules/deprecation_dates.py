"""A date of a deprecation is none, or the removal comes before the deprecation.

Why
---
Readers are told from when on something is deprecated and when it may go. Dates are those of the
calendar, as YYYY-MM-DD. They are compared with each other and never with today: a check that was
clean must stay clean when nothing but the day changes.

Wrong
-----
.. code-block:: yaml

    deprecated:
      since: 2026-02-30
      reason: It has a successor.

Right
-----
.. code-block:: yaml

    deprecated:
      since: 2026-02-28
      reason: It has a successor.
      remove_after: 2026-08-31
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from compiler.check.deprecations import deprecations
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from compiler.resolve import text

CODE = "MB510"
NAME = "deprecation-dates"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Read and compare the dates of every deprecation."""
    for item in deprecations(family):
        dates: dict[str, datetime.date] = {}
        for field in ("since", "remove_after"):
            node = item.node.get(field)
            if node is None:
                continue
            try:
                dates[field] = datetime.date.fromisoformat(text(node) or "")
            except ValueError:
                yield family.problem(node, f"{text(node)} is not a date of the calendar",
                                     "write it as YYYY-MM-DD")
        if len(dates) == 2 and dates["remove_after"] < dates["since"]:
            yield family.problem(
                item.node.get("remove_after") or item.node,
                f"{item.what} may be removed before it is deprecated",
                "exchange the dates, or correct one of them")
