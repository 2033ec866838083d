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

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import CatalogueView, FamilyView, Problem
from compiler.finding import Severity
from compiler.read.nodes import Node
from compiler.resolve import family_label, spec_label
from runtime.naming import slug

CODE = "MB404"
NAME = "label-twice"
SEVERITY = Severity.ERROR
SCOPE = Scope.CATALOGUE


def check(catalogue: CatalogueView) -> Iterator[Problem]:
    """Compare the labels of families and specs."""
    first: dict[str, tuple[FamilyView, Node, str]] = {}
    for family in catalogue.families:
        for label, node, what in _labels(family):
            other, place, thing = first.setdefault(label, (family, node, what))
            # The same family or spec twice is MB403 or MB201.
            if place is not node and thing.lower() != what.lower():
                yield family.problem(
                    node, f"{what} and {thing} have the same link target, {label}",
                    "rename one of them", [other.related(place, thing)])


def _labels(family: FamilyView) -> Iterator[tuple[str, Node, str]]:
    kind, page = family.text("type") or "llm", slug(family.name)
    yield family_label(kind, page), family.name_node, f"the family {family.name}"
    for spec in family.specs:
        yield (spec_label(kind, page, spec.format, spec.size, spec.variant), spec.anchor,
               f"the spec {spec.title()} of {family.name}")
