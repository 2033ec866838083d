"""The template of split files does not hold `{part}`.

Why
---
Every part would be the same file, and the engine would find one part where it needs all.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [BF16]
        repo_id: example/demo-7B-GGUF
        split_file_template: demo-7B-{quantization}-00001-of-00002.gguf
        split_parts: {BF16: [00001-of-00002, 00002-of-00002]}
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [BF16]
        repo_id: example/demo-7B-GGUF
        split_file_template: demo-7B-{quantization}-{part}.gguf
        split_parts: {BF16: [00001-of-00002, 00002-of-00002]}
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from compiler.resolve import text

CODE = "MB232"
NAME = "split-template-without-part"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Look for the placeholder."""
    for _, hub in family.sources():
        node = hub.split_file_template
        if node is not None and "{part}" not in (text(node) or ""):
            yield family.problem(node, "split_file_template has no {part}",
                                 "put {part} where the file names of the parts differ")
