"""Two families have the same name, or names that become the same page.

Why
---
Names are compared without regard to case, since many file systems do so: of `Demo` and `demo` one
page would overwrite the other, on some machines only. `a b` and `a-b` become the same page as
well.

Wrong
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo

    # file: specs/families/Demo.yaml
    name: Demo

Right
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo

    # file: specs/families/demo-2.yaml
    name: demo-2
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from compiler.check.registry import Scope
from compiler.check.view import CatalogueFact, CatalogueView, FamilyView, Place, Problem
from compiler.finding import Severity
from runtime.naming import slug

CODE = "MB403"
NAME = "name-twice"
SEVERITY = Severity.ERROR
SCOPE = Scope.CATALOGUE


class Fact(CatalogueFact, frozen=True, array_like=True):
    """One family's name and the name of its page."""

    name: str
    folded: str
    page: str
    place: Place


def gather(family: FamilyView) -> Iterator[Fact]:
    """The name as it is compared."""
    yield Fact(family.name, unicodedata.normalize("NFKC", family.name).casefold(),
               slug(family.name), family.place(family.name_node))


def check(facts: Iterable[Fact], catalogue: CatalogueView) -> Iterator[Problem]:
    """Compare the names, case aside, and the page names."""
    del catalogue
    first: dict[tuple[str, str], Fact] = {}
    for fact in facts:
        keys = (("name", fact.folded), ("page", fact.page))
        others = [first.setdefault(key, fact) for key in keys]
        for (kind, key), other in zip(keys, others, strict=True):
            if other is fact:
                continue
            what = ("the same family" if other.name == fact.name
                    else f"the page {key}, too" if kind == "page"
                    else "the same name, case aside")
            yield fact.place.problem(
                f"{other.place.file} holds {other.name!r}, which is {what}",
                "rename one of them, or merge the two files",
                [other.place.related("the other family")])
            break
