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
from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import CatalogueView, FamilyView, Problem
from compiler.finding import Severity
from runtime.naming import slug

CODE = "MB403"
NAME = "name-twice"
SEVERITY = Severity.ERROR
SCOPE = Scope.CATALOGUE


def check(catalogue: CatalogueView) -> Iterator[Problem]:
    """Compare the names, case aside, and the page names."""
    first: dict[tuple[str, str], FamilyView] = {}
    for family in catalogue.families:
        keys = (("name", unicodedata.normalize("NFKC", family.name).casefold()),
                ("page", slug(family.name)))
        others = [first.setdefault(key, family) for key in keys]
        for (kind, key), other in zip(keys, others, strict=True):
            if other is family:
                continue
            what = ("the same family" if other.name == family.name
                    else f"the page {key}, too" if kind == "page"
                    else "the same name, case aside")
            yield family.problem(
                family.name_node, f"{other.file} holds {other.name!r}, which is {what}",
                "rename one of them, or merge the two files",
                [other.related(other.name_node, "the other family")])
            break
