"""Two families download the same weights.

Why
---
A repository holds one model, so one of the families has an id that was copied from the other and
not changed. Where a family was renamed, the old one is `deprecated` with `renamed_to`, and this
rule is silent.

Wrong
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo
    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-7B
        hubs: {huggingface: {}}

    # file: specs/families/demo-coder.yaml
    name: demo-coder
    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-7B
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo
    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-7B
        hubs: {huggingface: {}}

    # file: specs/families/demo-coder.yaml
    name: demo-coder
    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-coder-7B
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from compiler.check.registry import Scope
from compiler.check.view import CatalogueFact, CatalogueView, FamilyView, Place, Problem
from compiler.finding import Severity
from compiler.resolve import text

CODE = "MB406"
NAME = "weights-shared"
SEVERITY = Severity.WARNING
SCOPE = Scope.CATALOGUE


class Fact(CatalogueFact, frozen=True, array_like=True):
    """One repository that a family downloads."""

    hub: str
    repo_id: str
    revision: str
    family: str
    place: Place


def gather(family: FamilyView) -> Iterator[Fact]:
    """The repositories of a family's folder formats."""
    if "deprecated" in family.root.entries:
        return
    for spec, hub in family.sources():
        if spec.layout() == "folder" and hub.repo_id is not None:
            yield Fact(hub.hub, text(hub.repo_id) or "", text(hub.revision) or "", family.name,
                       spec.place(hub.repo_id))


def check(facts: Iterable[Fact], catalogue: CatalogueView) -> Iterator[Problem]:
    """Compare the repositories, hub by hub."""
    del catalogue
    first: dict[tuple[str, str, str], Fact] = {}
    for fact in facts:
        other = first.setdefault((fact.hub, fact.repo_id.lower(), fact.revision), fact)
        # One name twice is MB403.
        if other is not fact and other.family.casefold() != fact.family.casefold():
            yield fact.place.problem(
                f"{other.family} downloads {fact.repo_id} from {fact.hub}, too",
                "correct the id of the wrong one, or deprecate one of the families",
                [other.place.related(f"the source of {other.family}")])
