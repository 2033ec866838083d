"""A deprecated quantization is not in the spec's list.

Why
---
What is deprecated can still be used; what is not listed cannot. Either the quantization was
removed and its deprecation was left behind, or its name is spelled differently.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [Q4_K_M]
        repo_id: example/demo-7B-GGUF
        file_template: demo-7B-{quantization}.gguf
        deprecated_quantizations:
          Q4_0: {since: 2026-01-15, reason: Q4_K_M is better at the same size.}
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [Q4_K_M, Q4_0]
        repo_id: example/demo-7B-GGUF
        file_template: demo-7B-{quantization}.gguf
        deprecated_quantizations:
          Q4_0: {since: 2026-01-15, reason: Q4_K_M is better at the same size.}
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.check.words import did_you_mean
from compiler.finding import Severity
from compiler.resolve import entries, text

CODE = "MB513"
NAME = "deprecated-quantization-unlisted"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Compare the keys with the list."""
    for spec in family.specs:
        names = spec.names()
        for key, _ in entries(spec.node.get("deprecated_quantizations")):
            if text(key) not in names:
                yield family.problem(key, f"the spec lists no quantization {text(key)}",
                                     did_you_mean(text(key) or "", names))
