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
from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import CatalogueView, FamilyView, Problem, SpecView
from compiler.finding import Severity
from compiler.read.nodes import Scalar
from compiler.resolve import text

CODE = "MB242"
NAME = "quantization-spelled-elsewhere"
SEVERITY = Severity.INFO
SCOPE = Scope.CATALOGUE


def check(catalogue: CatalogueView) -> Iterator[Problem]:
    """Count the spellings of each name of a format; the rarer ones are reported."""
    spellings: dict[tuple[str, str], Counter[str]] = {}
    free: list[tuple[FamilyView, SpecView, Scalar, str]] = []
    for family in catalogue.families:
        for spec in family.specs:
            if spec.layout() != "folder":
                continue
            for node in spec.quantizations:
                name = text(node) or ""
                spellings.setdefault((spec.format, name.lower()), Counter())[name] += 1
                if not any("{quantization}" in (text(hub.repo_id) or "") for hub in spec.hubs):
                    free.append((family, spec, node, name))
    for family, spec, node, name in free:
        counts = spellings[spec.format, name.lower()]
        usual = max(counts, key=lambda spelling: (counts[spelling], spelling == spelling.title(),
                                                  spelling))
        if name != usual:
            yield family.problem(
                node, f"{name} is spelled {usual} in {counts[usual]} other places",
                f"write {usual}")
