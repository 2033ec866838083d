"""The context length cannot be a number of tokens.

Why
---
Context lengths are whole tokens: 32768, 131072, 128000. A value such as 32 or 128 was meant in
thousands, and a value of many millions was given in another unit. Engines are started with this
number.

Wrong
-----
.. code-block:: yaml

    context_length: 32

Right
-----
.. code-block:: yaml

    context_length: 32768
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from compiler.read.nodes import Scalar

CODE = "MB256"
NAME = "context-length-implausible"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


_LOWEST, _HIGHEST = 512, 16 * 1024 * 1024


def check(family: FamilyView) -> Iterator[Problem]:
    """Judge the order of magnitude."""
    node = family.root.get("context_length")
    if not isinstance(node, Scalar) or not isinstance(node.value, int):
        return
    if 1 < node.value < _LOWEST:  # 1 is the skeleton's placeholder, which MB270 reports
        yield family.problem(node, f"{node.value} tokens are no context length",
                             f"did you mean {node.value * 1024} ({node.value}K)?")
    elif node.value > _HIGHEST:
        yield family.problem(node, f"{node.value} tokens are more than any model has",
                             "give the number of tokens")
