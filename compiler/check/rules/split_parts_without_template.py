"""Parts are given, but no template of split files.

Why
---
The names of the parts are known, but not the files that they stand for.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [Q4_K_M, BF16]
        repo_id: example/demo-7B-GGUF
        file_template: demo-7B-{quantization}.gguf
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
from compiler.finding import Severity

CODE = "MB235"
NAME = "split-parts-without-template"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Look for hubs with parts and no template."""
    for _, hub in family.sources():
        if hub.split_file_template is None:
            for parts in hub.split_parts.values():
                yield family.problem(
                    parts.quantization, "there are split_parts, but no split_file_template",
                    "add `split_file_template:` with {quantization} and {part} in it")
                break
