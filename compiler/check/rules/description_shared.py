"""Two families have the same description.

Why
---
Somebody who reads the catalogue wants to know how the two differ; a description that fits both was
mostly copied.

Wrong
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo
    description: A model for examples.

    # file: specs/families/demo-coder.yaml
    name: demo-coder
    description: A model for examples.

Right
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo
    description: A model for examples.

    # file: specs/families/demo-coder.yaml
    name: demo-coder
    description: A model for examples of code.
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import CatalogueView, FamilyView, Problem
from compiler.finding import Severity

CODE = "MB405"
NAME = "description-shared"
SEVERITY = Severity.INFO
SCOPE = Scope.CATALOGUE


def check(catalogue: CatalogueView) -> Iterator[Problem]:
    """Compare the texts, white space aside."""
    first: dict[str, FamilyView] = {}
    for family in catalogue.families:
        node = family.root.get("description")
        words = " ".join((family.text("description") or "").split()).casefold()
        if node is None or not words:
            continue
        other = first.setdefault(words, family)
        if other is not family:
            yield family.problem(
                node, f"{other.name} has the same description", "say how the two differ",
                [other.related(other.root.get("description") or other.root, "the other one")])
