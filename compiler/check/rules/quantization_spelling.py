"""One spec spells its quantizations in two ways.

Why
---
The files of one repository are mostly named alike, and the hubs tell upper from lower case. A
name that is spelled unlike its neighbours mostly leads to a file that does not exist. Bare
floating-point names such as `fp16` often are in lower case and are left out.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [Q4_K_M, q5_k_m, Q8_0]
        repo_id: example/demo-7B-GGUF
        file_template: demo-7B-{quantization}.gguf
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [Q4_K_M, Q5_K_M, Q8_0]
        repo_id: example/demo-7B-GGUF
        file_template: demo-7B-{quantization}.gguf
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from compiler.check.quantizations import style
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from compiler.resolve import text

CODE = "MB241"
NAME = "quantization-spelling"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Compare the spelling within each hub's list."""
    for _, hub in family.sources():
        if found := _unlike(tuple(hub.quantization_names())):
            odd, usual = (hub.quantizations[index] for index in found)
            yield family.problem(
                odd, f"{text(odd)} is spelled unlike {text(usual)} beside it",
                "look up how the repository spells it",
                [family.related(usual, "the other spelling")])


@lru_cache(maxsize=1024)
def _unlike(names: tuple[str, ...]) -> tuple[int, int] | None:
    """The first name of the rarest spelling and of the most usual one, by their indexes."""
    styles: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        if kind := style(name):
            styles.setdefault(kind, []).append(index)
    if len(styles) < 2:
        return None
    ordered = sorted(styles.values(), key=len)
    return ordered[0][0], ordered[-1][0]
