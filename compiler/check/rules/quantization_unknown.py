"""A format has no quantization of this name.

Why
---
The names that a format's quantizations may have are listed in `specs/formats.yaml`. A name that
is not among them is mostly a typing mistake, and then a file or repository that does not exist. A
new kind of quantization is added to that list first.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [Q4_KM]
        repo_id: example/demo-7B-GGUF
        file_template: demo-7B-{quantization}.gguf
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [Q4_K_M]
        repo_id: example/demo-7B-GGUF
        file_template: demo-7B-{quantization}.gguf
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from compiler.check.quantizations import examples, home_formats
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.check.words import listing, nearest
from compiler.finding import Severity
from runtime.support import matches

CODE = "MB240"
NAME = "quantization-unknown"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Match every quantization with the patterns of its format."""
    catalogue = family.catalogue
    for spec in family.specs:
        known = catalogue.formats.get(spec.format)
        if known is None:
            continue
        for index in _unmatched(tuple(spec.names()), tuple(known.quantizations)):
            name = spec.names()[index]
            if name == "TODO":  # MB270
                continue
            near = nearest(name, examples(catalogue, spec.format))
            homes = home_formats(catalogue, name)
            hint = (f"did you mean {near}?" if near
                    else f"{name} is a quantization of {listing(homes)}" if homes
                    else "correct the name, or add a new kind to specs/formats.yaml")
            yield family.problem(spec.quantizations[index],
                                 f"{spec.format} has no quantization {name}", hint)


@lru_cache(maxsize=1024)
def _unmatched(names: tuple[str, ...], patterns: tuple[str, ...]) -> list[int]:
    """The indexes of the names that match no pattern."""
    return [index for index, name in enumerate(names) if not matches(name, patterns)]
