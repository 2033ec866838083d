"""A family's name cannot be the name of a page, a folder or a part of an id.

Why
---
Pages, folders and combination ids (`demo/7/ggufv2/Q4_K_M/llama.cpp`) are made of the name, on
every system. It may hold no slash, backslash, colon or other character that a system forbids, may
not begin or end with a space or end in a dot, and may not be a name that Windows (`con`, `aux`)
or the site (`index`, `genindex`, `search`) keeps for itself.

Wrong
-----
.. code-block:: yaml

    # file: specs/families/index.yaml
    name: index

Right
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from compiler.pagenames import name_reason

CODE = "MB402"
NAME = "name-unusable"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Judge the name and the page name made of it."""
    name = family.name
    if name.startswith("-"):
        return  # MB223
    if reason := name_reason(name):
        yield family.problem(family.name_node, f"the name {name!r} cannot be used: {reason}",
                             "choose a name of letters, digits, '-', '_' and '.'")
