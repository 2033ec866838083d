"""Parts are given for a quantization that is not listed.

Why
---
The quantization is unreachable: no page prints it and `launch` refuses it. It was forgotten in the
list, or its name is spelled differently there.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [Q4_K_M]
        repo_id: example/demo-7B-GGUF
        file_template: demo-7B-{quantization}.gguf
        split_file_template: demo-7B-{quantization}-{part}.gguf
        split_parts: {BF16: [00001-of-00002, 00002-of-00002]}
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [Q4_K_M, BF16]
        repo_id: example/demo-7B-GGUF
        file_template: demo-7B-{quantization}.gguf
        split_file_template: demo-7B-{quantization}-{part}.gguf
        split_parts: {BF16: [00001-of-00002, 00002-of-00002]}
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.check.words import listing, nearest
from compiler.finding import Severity
from compiler.read.nodes import Node
from compiler.resolve import entries, text

CODE = "MB233"
NAME = "split-parts-unlisted"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Compare the parts' names with the lists that they belong to."""
    for spec in family.specs:
        yield from _unlisted(family, spec.node.get("split_parts"), spec.names(), "the spec")
        for hub in spec.hubs:
            yield from _unlisted(family, hub.own.get("split_parts"), hub.quantization_names(),
                                 hub.hub)


def _unlisted(family: FamilyView, parts: Node | None, names: list[str],
              where: str) -> Iterator[Problem]:
    unlisted = [key for key, _ in entries(parts) if text(key) not in names]
    if unlisted:
        wrong = [text(key) or "" for key in unlisted]
        near = nearest(wrong[0], [name for name in names if name.lower() == wrong[0].lower()])
        yield family.problem(
            unlisted[0], f"{where} has parts for {listing(wrong)}, but does not list "
            f"{'it' if len(wrong) == 1 else 'them'}",
            f"did you mean {near}?" if near else "add what is missing to `quantizations`")
