"""The size is not that of the weights.

Why
---
The parameters are counted in the headers of the weights; a GGUF file's header has a label. Labs
round sizes in names, so a difference of up to a third is accepted; a larger one is another size, or
the repository of another. For a mixture of experts the parameters that a token passes through are
compared with `activated_size_in_billions` as well.

Wrong
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo
    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-pytorch
        hubs: {huggingface: {revision: 0123456789abcdef0123456789abcdef01234567}}

    # file: specs/locks/demo.lock.json
    {"sources": [{"hub": "huggingface", "repo_id": "example/demo-pytorch",
      "files": [{"path": "model.safetensors"}],
      "config": {"parameters": {"BF16": 14000000000}}}]}

Right
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo
    specs:
      - format: pytorch
        size_in_billions: 14
        quantizations: [none]
        repo_id: example/demo-pytorch
        hubs: {huggingface: {revision: 0123456789abcdef0123456789abcdef01234567}}

    # file: specs/locks/demo.lock.json
    {"sources": [{"hub": "huggingface", "repo_id": "example/demo-pytorch",
      "files": [{"path": "model.safetensors"}],
      "config": {"parameters": {"BF16": 14000000000}}}]}
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from compiler.check.locked import LockedUse, sources
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from compiler.read.nodes import Node
from compiler.resolve import size_text
from runtime.lockfile import ConfigFacts
from runtime.naming import parse_size

CODE = "MB607"
NAME = "lock-size"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY

_SLACK = 0.34
_LABEL = re.compile(r"([0-9]{1,4}(?:\.[0-9]+)?)([BM])")


def check(family: FamilyView) -> Iterator[Problem]:
    """Compare the counted parameters with what the spec says."""
    for use, source in sources(family):
        config = source.config or ConfigFacts()
        size = use.spec.node.get("size_in_billions")
        active = use.spec.node.get("activated_size_in_billions")
        for node, word, count in ((size, "size", config.total or _labelled(use)),
                                  (active, "activated size", config.activated)):
            if node is not None and count is not None and _differs(node, count):
                yield family.problem(
                    node, f"the {word} is {size_text(node)} billion, but {use.where} has "
                    f"{_billions(count)} billion", "correct the size or the repository")


def _billions(count: int) -> str:
    """Three digits of it, without an exponent: `14`, `0.000096`."""
    return format(Decimal(f"{count / 1e9:.3g}"), "f")


def _labelled(use: LockedUse) -> int | None:
    """What the header of a GGUF file calls the size; of a mixture it says another number."""
    label = use.header.size_label if use.header else None
    match = _LABEL.fullmatch(label or "")
    if match is None or use.spec.node.get("activated_size_in_billions") is not None:
        return None
    return int(float(match[1]) * {"M": 10**6, "B": 10**9}[match[2]])


def _differs(node: Node, count: int) -> bool:
    try:
        stated = float(parse_size(size_text(node) or "")) * 1e9
    except ValueError:
        return False
    return stated > 0 and abs(count - stated) > _SLACK * stated
