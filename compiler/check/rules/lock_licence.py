"""The licence is not the one that the hub names.

Why
---
Whether a model may be used for work is decided by its licence, and pages print the one of the spec.
Only the hub that holds the lab's own weights is asked; quantizers often leave the field out.

Wrong
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo
    licence: apache-2.0

    # file: specs/locks/demo.lock.json
    {"sources": [{"hub": "huggingface", "repo_id": "example/demo-7B",
      "licence": "mit", "files": [{"path": "model.safetensors"}]}]}

Right
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo
    licence: apache-2.0

    # file: specs/locks/demo.lock.json
    {"sources": [{"hub": "huggingface", "repo_id": "example/demo-7B",
      "licence": "apache-2.0", "files": [{"path": "model.safetensors"}]}]}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.locked import sources
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity

CODE = "MB613"
NAME = "lock-licence"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY

def check(family: FamilyView) -> Iterator[Problem]:
    """Compare with the licence of unquantized weights."""
    node, stated = family.root.get("licence"), family.text("licence")
    for use, source in sources(family):
        if node is None or stated is None or not source.licence or use.spec.format != "pytorch":
            continue
        if source.licence.casefold() != stated.casefold():
            yield family.problem(
                node, f"the licence is {stated}, but {use.where} names {source.licence}",
                f"write {source.licence}, or say in the description why it is another")
