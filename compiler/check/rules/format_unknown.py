"""A spec or an engine names a format that `specs/formats.yaml` does not have.

Why
---
A format's layout and quantizations are listed there once, for checks, pages and launcher alike.
Of a format that is missing nothing is known.

Wrong
-----
.. code-block:: yaml

    # file: specs/formats.yaml
    formats:
      pytorch:
        title: PyTorch
        description: Plain weights.
        layout: folder
        quantizations: ["*"]
    # file: specs/families/demo.yaml
    name: demo
    specs:
      - format: awq
        size_in_billions: 7
        quantizations: [Int4]
        repo_id: example/demo-7B-AWQ
        engines: []
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo
    specs:
      - format: awq
        size_in_billions: 7
        quantizations: [Int4]
        repo_id: example/demo-7B-AWQ
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from compiler.check.registry import Scope
from compiler.check.view import CatalogueFact, CatalogueView, FamilyView, Place, Problem
from compiler.check.words import did_you_mean
from compiler.finding import Severity
from compiler.resolve import text

CODE = "MB311"
NAME = "format-unknown"
SEVERITY = Severity.ERROR
SCOPE = Scope.CATALOGUE


class Fact(CatalogueFact, frozen=True, array_like=True):
    """A spec of a format that is not listed."""

    format: str
    place: Place


def gather(family: FamilyView) -> Iterator[Fact]:
    """Look up the formats of a family's specs."""
    if family.catalogue.formats_document is None:
        return
    for spec in family.specs:
        if spec.format not in family.catalogue.formats:
            yield Fact(spec.format, family.place(spec.anchor))


def check(facts: Iterable[Fact], catalogue: CatalogueView) -> Iterator[Problem]:
    """Report the families, and look up the formats of the engines."""
    for fact in facts:
        yield fact.place.problem(f"there is no format {fact.format}",
                                 did_you_mean(fact.format, catalogue.formats))
    if catalogue.formats_document is None:
        return
    for engine in catalogue.engines:
        for rule in engine.rules():
            name = text(rule.get("format")) or ""
            if name not in catalogue.formats:
                yield engine.problem(rule.get("format") or rule, f"there is no format {name}",
                                     did_you_mean(name, catalogue.formats))
