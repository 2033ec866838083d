"""A hub has a quantization that its spec does not list.

Why
---
The spec's list is the whole list: pages print it and `launch` accepts what is in it. A
quantization that only a hub names could never be launched.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: awq
        size_in_billions: 7
        quantizations: [Int4]
        repo_id: example/demo-7B-AWQ-{quantization}
        hubs:
          huggingface: {quantizations: [Int4, Int8]}
          modelscope: {}

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
          modelscope: {quantizations: [Int4]}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.check.words import did_you_mean
from compiler.finding import Severity
from compiler.resolve import text

CODE = "MB216"
NAME = "hub-quantization-unlisted"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Compare each hub's own list with the spec's."""
    for spec, hub in family.sources():
        names = spec.names()
        if hub.quantization_names() == names:
            continue
        for node in hub.quantizations:
            name = text(node) or ""
            if name not in names:
                yield family.problem(
                    node, f"{hub.hub} lists {name}, which the spec does not list",
                    f"{did_you_mean(name, names)} or add it to the spec's quantizations")
