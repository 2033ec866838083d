"""A stated engine has no loader for the spec's format.

Why
---
No version and no setting of the engine loads the format, so the page would promise what can never
be. Leave `engines:` out, and the engines are derived from what they load.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: ggufv2
        size_in_billions: 7
        quantizations: [Q4_K_M]
        repo_id: example/demo-7B-GGUF
        file_template: demo-7B-{quantization}.gguf
        engines: [MLX]
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
        engines: [llama.cpp]
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.claims import refuted
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity

CODE = "MB301"
NAME = "engine-has-no-loader"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Judge every engine that the specs state."""
    yield from refuted(family, CODE)
