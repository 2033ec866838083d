"""The context length is none that the models state.

Why
---
A context length typed by hand is the most frequent wrong fact of a catalogue. The models' own
configurations are compared, whatever a lab calls the value there; a stated scaling of rotary
positions is applied, and the length before it is accepted as well. Where sizes differ, that of any
size is accepted.

Wrong
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo
    context_length: 32768

    # file: specs/locks/demo.lock.json
    {"sources": [{"hub": "huggingface", "repo_id": "example/demo-7B",
      "files": [{"path": "model.safetensors"}],
      "config": {"context_length": 131072}}]}

Right
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo
    context_length: 131072

    # file: specs/locks/demo.lock.json
    {"sources": [{"hub": "huggingface", "repo_id": "example/demo-7B",
      "files": [{"path": "model.safetensors"}],
      "config": {"context_length": 131072}}]}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.locked import LockedUse, locked_uses
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.check.words import listing
from compiler.finding import Severity
from compiler.read.nodes import Scalar

CODE = "MB605"
NAME = "lock-context-length"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY

def check(family: FamilyView) -> Iterator[Problem]:
    """Compare with every locked configuration and header."""
    node = family.root.get("context_length")
    if not isinstance(node, Scalar):
        return
    stated: dict[int, str] = {}
    accepted: set[int] = set()
    for use in locked_uses(family):
        main, others = _lengths(use)
        accepted |= others
        if main is not None:
            accepted.add(main)
            stated.setdefault(main, use.where)
    if stated and node.value not in accepted:
        told = listing([f"{length} ({where})" for length, where in sorted(stated.items())])
        yield family.problem(node, f"the context length is {node.raw}, but the models state {told}",
                             f"write {max(stated)}, unless the lab says otherwise")


def _lengths(use: LockedUse) -> tuple[int | None, set[int]]:
    """What a model states, and what else it can mean."""
    if use.header is not None:
        return use.header.context_length, set()
    config = use.source.config if use.source else None
    if config is None:
        return None, set()
    others = {*config.other_context_lengths, *filter(None, [config.native_context_length])}
    return config.context_length, others
