"""A family that sees or hears has GGUF files without a projector.

Why
---
llama.cpp reads the part of a model that turns images or sound into tokens from a file of its own
(`mmproj-….gguf`). Without it the model answers text only, and the ability that the page claims
does not show.

Wrong
-----
.. code-block:: yaml

    abilities: [chat, vision]
    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [Q4_K_M]
        repo_id: example/demo-VL-7B-GGUF
        file_template: demo-VL-7B-{quantization}.gguf
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    abilities: [chat, vision]
    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [Q4_K_M]
        repo_id: example/demo-VL-7B-GGUF
        file_template: demo-VL-7B-{quantization}.gguf
        multimodal_projectors: [mmproj-F16.gguf]
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.check.words import listing
from compiler.finding import Severity

CODE = "MB246"
NAME = "projector-missing"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Look for file formats without projectors."""
    senses = [ability for ability in ("vision", "audio") if ability in family.abilities]
    for spec, hub in family.sources() if senses else ():
        if spec.layout() == "file" and not hub.multimodal_projectors:
            yield family.problem(
                spec.anchor, f"{spec.title()} has no projector, so it would not show "
                f"{listing(senses)}", "add `multimodal_projectors:` with the file's path")
