"""Two pages or specs have the same link target.

Why
---
Every family and spec has a target for links, made of its names alone so that it never changes:
`models_llm_demo`, `models_llm_demo_pytorch_7`. A family called `demo_pytorch_7` has the target of
that spec, and Sphinx would link to either.

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

    # file: specs/families/demo_pytorch_7.yaml
    name: demo_pytorch_7

Right
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo

    # file: specs/families/demo-2.yaml
    name: demo-2
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from compiler.check.registry import Scope
from compiler.check.view import CatalogueFact, CatalogueView, FamilyView, Place, Problem
from compiler.finding import Severity
from compiler.resolve import family_label, spec_label
from runtime.naming import slug

CODE = "MB404"
NAME = "label-twice"
SEVERITY = Severity.ERROR
SCOPE = Scope.CATALOGUE


class Fact(CatalogueFact, frozen=True, array_like=True):
    """One label: of a family or of a spec."""

    label: str
    what: str
    place: Place


def gather(family: FamilyView) -> Iterator[Fact]:
    """The labels of a family and its specs."""
    kind, page = family.text("type") or "llm", slug(family.name)
    yield Fact(family_label(kind, page), f"the family {family.name}",
               family.place(family.name_node))
    for spec in family.specs:
        yield Fact(spec_label(kind, page, spec.format, spec.size, spec.variant),
                   f"the spec {spec.title()} of {family.name}", spec.place(spec.anchor))


def check(facts: Iterable[Fact], catalogue: CatalogueView) -> Iterator[Problem]:
    """Compare the labels of families and specs."""
    del catalogue
    first: dict[str, Fact] = {}
    for fact in facts:
        other = first.setdefault(fact.label, fact)
        # The same family or spec twice is MB403 or MB201.
        if other is not fact and other.what.lower() != fact.what.lower():
            yield fact.place.problem(
                f"{fact.what} and {other.what} have the same link target, {fact.label}",
                "rename one of them", [other.place.related(other.what)])
