"""A stated engine does not load a case like this one, for a reason that its spec gives.

Why
---
An engine that loads a format may still refuse a part of it: vLLM opens a single GGUF file, so the
parts of a split one would have to be merged first. A claim that this refutes is shown as refuted,
and `launch` refuses it.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [BF16]
        repo_id: example/demo-7B-GGUF
        split_file_template: demo-7B-{quantization}-{part}.gguf
        split_parts: {BF16: [00001-of-00002, 00002-of-00002]}
        engines: [vLLM]
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
        engines: [llama.cpp]
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.claims import refuted
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity

CODE = "MB304"
NAME = "engine-refuses-files"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Judge every engine that the specs state."""
    yield from refuted(family, CODE)
