"""A quantization is spelled differently elsewhere in the catalogue.

Why
---
Readers take `Int8` and `int8` for two things. Where the name is part of a file name or repository
id, the repository decides how it is spelled; where it is not, one spelling should do. GGUF names
are left out, since they are always part of a file name.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: gptq
        size_in_billions: 7
        quantizations: [Int8]
        repo_id: example/demo-7B-GPTQ-Int8
        hubs: {huggingface: {}}
      - format: gptq
        size_in_billions: 14
        quantizations: [int8]
        repo_id: example/demo-14B-GPTQ-Int8
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    specs:
      - format: gptq
        size_in_billions: 7
        quantizations: [Int8]
        repo_id: example/demo-7B-GPTQ-Int8
        hubs: {huggingface: {}}
      - format: gptq
        size_in_billions: 14
        quantizations: [Int8]
        repo_id: example/demo-14B-GPTQ-Int8
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from compiler.check.registry import Scope
from compiler.check.view import CatalogueFact, CatalogueView, FamilyView, Place, Problem
from compiler.finding import Severity
from compiler.resolve import text

CODE = "MB242"
NAME = "quantization-spelled-elsewhere"
SEVERITY = Severity.INFO
SCOPE = Scope.CATALOGUE


class Fact(CatalogueFact, frozen=True, array_like=True):
    """One quantization; its place where the spelling is free."""

    format: str
    name: str
    place: Place | None


def gather(family: FamilyView) -> Iterator[Fact]:
    """The quantizations of the folder formats."""
    for spec in family.specs:
        if spec.layout() != "folder":
            continue
        free = not any("{quantization}" in (text(hub.repo_id) or "") for hub in spec.hubs)
        for node in spec.quantizations:
            yield Fact(spec.format, text(node) or "", spec.place(node) if free else None)


def check(facts: Sequence[Fact], catalogue: CatalogueView) -> Iterator[Problem]:
    """Count the spellings of each name of a format; the rarer ones are reported."""
    del catalogue
    spellings: dict[tuple[str, str], dict[str, int]] = {}
    for (form, name), count in Counter((fact.format, fact.name) for fact in facts).items():
        spellings.setdefault((form, name.lower()), {})[name] = count
    several = {name for counts in spellings.values() if len(counts) > 1 for name in counts}
    for fact in facts if several else ():
        if fact.place is None or fact.name not in several:
            continue
        counts = spellings[fact.format, fact.name.lower()]
        usual = max(counts, key=lambda spelling: (counts[spelling], spelling == spelling.title(),
                                                  spelling))
        if fact.name != usual:
            yield fact.place.problem(
                f"{fact.name} is spelled {usual} in {counts[usual]} other places",
                f"write {usual}")
