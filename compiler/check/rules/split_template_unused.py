"""There is a template of split files, but no quantization is split.

Why
---
The template has no effect: every quantization is taken for a single file. Probably `split_parts`
was forgotten.

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

CODE = "MB236"
NAME = "split-template-unused"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Look for split templates without parts on every hub of a spec."""
    for spec in family.specs:
        for hub in spec.hubs:
            # Parts that no list has are MB233.
            if "split_parts" in spec.node.entries:
                continue
            inherited = "split_file_template" not in hub.own.entries
            used = any(other.split_parts for other in spec.hubs) if inherited else hub.split_parts
            if hub.split_file_template is not None and not used:
                yield family.problem(hub.split_file_template,
                                     "split_file_template is given, but nothing is split",
                                     "add `split_parts:`, or delete the template")
