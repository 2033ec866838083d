"""A stated engine loads the format, but none of the spec's quantizations.

Why
---
The engine's own spec lists the quantizations of a format that it loads. A claim that it refutes is
shown as refuted, and `launch` refuses it. Where the engine has learnt to load them, its spec in
`specs/engines/` is what needs the change.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [Int4]
        repo_id: example/demo-7B-int4
        engines: [Transformers]
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-7B
        engines: [Transformers]
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.claims import refuted
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity

CODE = "MB302"
NAME = "engine-refuses-quantization"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Judge every engine that the specs state."""
    yield from refuted(family, CODE)
