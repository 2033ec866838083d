"""A source is not in the lock of its family.

Why
---
The family was locked, and then a source was added or its id or revision changed. What the hub has
there is not checked until the family is locked again.

Wrong
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo

    # file: specs/locks/demo.lock.json
    {"sources": [{"hub": "huggingface", "repo_id": "example/other",
      "files": [{"path": "model.safetensors"}]}]}

Right
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo

    # file: specs/locks/demo.lock.json
    {"sources": [{"hub": "huggingface", "repo_id": "example/demo-7B",
      "files": [{"path": "model.safetensors"}]}]}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.locked import locked_uses
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity

CODE = "MB614"
NAME = "lock-incomplete"
SEVERITY = Severity.INFO
SCOPE = Scope.FAMILY

def check(family: FamilyView) -> Iterator[Problem]:
    """Report every source that the lock does not have."""
    for use in locked_uses(family, found=False, drafts=True):
        if use.source is None:
            at = f" at {use.record.revision}" if use.record.revision else ""
            yield family.problem(use.repo_node, f"{use.where}{at} is not in the lock",
                                 f"run `compiler lock {family.name}`")
