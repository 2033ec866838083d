"""Two hubs of a spec have no quantization in common.

Why
---
The hubs of one spec hold copies of the same weights. Where their lists share nothing, one of them
is usually a typing mistake, and readers who use the other hub find nothing of what the page
offers. A Python package index is left out: it carries what fits into a package.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: awq
        size_in_billions: 7
        quantizations: [Int4, Int8]
        repo_id: example/demo-7B-AWQ
        hubs:
          huggingface: {quantizations: [Int4]}
          modelscope: {quantizations: [Int8]}

Right
-----
.. code-block:: yaml

    specs:
      - format: awq
        size_in_billions: 7
        quantizations: [Int4, Int8]
        repo_id: example/demo-7B-AWQ-{quantization}
        hubs:
          huggingface: {}
          modelscope: {quantizations: [Int8]}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity

CODE = "MB218"
NAME = "hubs-disjoint"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Compare the lists of each spec's hubs with the first."""
    for spec in family.specs:
        hubs = [hub for hub in spec.hubs if hub.hub != "pypi"]
        for hub in hubs[1:]:
            first = set(hubs[0].quantization_names())
            if first and hub.quantizations and first.isdisjoint(hub.quantization_names()):
                yield family.problem(
                    hub.key, f"{hub.hub} and {hubs[0].hub} have no quantization in common",
                    "correct one of the lists, or make two specs of them",
                    [family.related(hubs[0].key, "the other hub")])
