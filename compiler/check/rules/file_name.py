"""A file is not named after what it describes.

Why
---
A family is looked up by its file: `specs/families/demo.yaml` holds `demo`. A file is named
exactly as the family, or, where the name holds characters that file names should not, as its
page's address. An engine's file has the engine's name in lower case.

Wrong
-----
.. code-block:: yaml

    # file: specs/families/other.yaml
    name: demo

Right
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from compiler.check.registry import Scope
from compiler.check.view import CatalogueFact, CatalogueView, FamilyView, Place, Problem
from compiler.finding import Severity
from compiler.pagenames import name_reason
from compiler.resolve import text
from runtime.naming import slug

CODE = "MB401"
NAME = "file-name"
SEVERITY = Severity.ERROR
SCOPE = Scope.CATALOGUE


class Fact(CatalogueFact, frozen=True, array_like=True):
    """A family whose file has another name."""

    file: str
    stem: str
    name: str
    place: Place


def gather(family: FamilyView) -> Iterator[Fact]:
    """Compare a family's name with its file's."""
    # Where the name itself is refused (MB402, MB223), no file could be named after it.
    if name_reason(family.name) or family.name.startswith("-"):
        return
    if family.stem != family.name and family.stem != slug(family.name):
        yield Fact(family.file_name, family.stem, family.name, family.place(family.name_node))


def check(facts: Iterable[Fact], catalogue: CatalogueView) -> Iterator[Problem]:
    """Report the families, and compare the engines' names with their files'."""
    for fact in facts:
        yield fact.place.problem(
            f"the file {fact.file} holds the family {fact.name}",
            f"rename the file to {slug(fact.name)}.yaml, or correct the name")
    for engine in catalogue.engines:
        name = text(engine.name_node) or ""
        # Of two engines with one name (MB313) only one can have its file.
        if engine.stem.lower() != name.lower() and catalogue.engine(name) is engine.record:
            yield engine.problem(
                engine.name_node, f"the file {engine.file_name} holds the engine {name}",
                f"rename the file to {name.lower()}.yaml, or correct the name")
