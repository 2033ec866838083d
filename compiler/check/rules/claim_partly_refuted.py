"""A stated engine loads some of the spec's quantizations and refuses others.

Why
---
The claim holds, but not for all of the list. Pages mark the quantizations that the engine
refuses, and `launch` refuses them with the reason.

Wrong
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
        engines: [vLLM]
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
        engines: [vLLM]
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.claims import claims
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.check.words import listing
from compiler.finding import Severity

CODE = "MB310"
NAME = "engine-claim-partly-refuted"
SEVERITY = Severity.INFO
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Judge every quantization of the engines that the specs state."""
    for spec in family.specs:
        for claim in claims(spec):
            if claim.refused and not claim.wholly:
                yield family.problem(
                    claim.node, f"{claim.engine.name} does not load {listing(claim.refused)}: "
                    f"{claim.first.reason.rstrip('.')}",
                    "nothing to do, if the others are what the claim is about")
