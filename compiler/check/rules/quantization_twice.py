"""A list has the same quantization twice, in different case.

Why
---
Names of quantizations are compared without regard to case when a reader types one, so the second
could not be chosen; on many systems their files would overwrite each other.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [fp16, FP16]
        repo_id: example/demo-7B-GGUF
        file_template: demo-7B-{quantization}.gguf
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [FP16]
        repo_id: example/demo-7B-GGUF
        file_template: demo-7B-{quantization}.gguf
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from compiler.read.nodes import Scalar
from compiler.resolve import text

CODE = "MB243"
NAME = "quantization-twice"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Compare the names of every list, case aside."""
    for spec in family.specs:
        for nodes in (spec.quantizations, *(hub.quantizations for hub in spec.hubs)):
            first: dict[str, Scalar] = {}
            for node in nodes:
                name = text(node) or ""
                other = first.setdefault(name.lower(), node)
                if other is not node:
                    yield family.problem(
                        node, f"{name} is in the list already, as {text(other)}",
                        "keep the spelling that the repository uses",
                        [family.related(other, "the first spelling")])
