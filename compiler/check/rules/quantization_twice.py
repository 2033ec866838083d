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
from functools import lru_cache

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity

CODE = "MB243"
NAME = "quantization-twice"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Compare the names of every list, case aside."""
    for spec in family.specs:
        for names, nodes in ((spec.names(), spec.quantizations), *(
                (hub.quantization_names(), hub.quantizations) for hub in spec.hubs)):
            for index, before in _repeated(tuple(names)):
                yield family.problem(
                    nodes[index], f"{names[index]} is in the list already, as {names[before]}",
                    "keep the spelling that the repository uses",
                    [family.related(nodes[before], "the first spelling")])


@lru_cache(maxsize=1024)
def _repeated(names: tuple[str, ...]) -> list[tuple[int, int]]:
    """Names that are in the list already: their index, and that of the first."""
    first: dict[str, int] = {}
    return [(index, before) for index, name in enumerate(names)
            if (before := first.setdefault(name.lower(), index)) != index]
