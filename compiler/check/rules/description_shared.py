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

from collections.abc import Iterable, Iterator
from hashlib import sha256

from compiler.check.registry import Scope
from compiler.check.view import CatalogueFact, CatalogueView, FamilyView, Place, Problem
from compiler.check.words import TODO
from compiler.finding import Severity

CODE = "MB405"
NAME = "description-shared"
SEVERITY = Severity.INFO
SCOPE = Scope.CATALOGUE


class Fact(CatalogueFact, frozen=True, array_like=True):
    """One family's description."""

    words: str
    family: str
    place: Place


def gather(family: FamilyView) -> Iterator[Fact]:
    """The text, white space and case aside."""
    node = family.root.get("description")
    words = " ".join((family.text("description") or "").split()).casefold()
    if node is not None and words and not TODO.search(family.text("description") or ""):  # MB270
        digest = sha256(words.encode("utf-8", "surrogatepass")).hexdigest()
        yield Fact(digest, family.name, family.place(node))


def check(facts: Iterable[Fact], catalogue: CatalogueView) -> Iterator[Problem]:
    """Compare the texts."""
    del catalogue
    first: dict[str, Fact] = {}
    for fact in facts:
        other = first.setdefault(fact.words, fact)
        if other is not fact:
            yield fact.place.problem(
                f"{other.family} has the same description", "say how the two differ",
                [other.place.related("the other one")])
