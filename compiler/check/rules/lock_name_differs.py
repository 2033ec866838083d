"""The hub calls the repository something else.

Why
---
Hubs redirect from an old name, and some ignore the case of letters; others and local folders do
not. A name that only works by redirection stops working when somebody else takes it.

Wrong
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo

    # file: specs/locks/demo.lock.json
    {"sources": [{"hub": "huggingface", "repo_id": "example/demo-7B",
      "name": "Example/Demo-7B", "files": [{"path": "model.safetensors"}]}]}

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

from compiler.check.locked import sources
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity

CODE = "MB611"
NAME = "lock-name-differs"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY

def check(family: FamilyView) -> Iterator[Problem]:
    """Compare the ids with the hub's own spelling."""
    for use, source in sources(family, drafts=True):
        if source.name is None or source.name == use.repo_id:
            continue
        same = source.name.casefold() == use.repo_id.casefold()
        what = "is spelled" if same else "has moved to"
        yield family.problem(use.repo_node, f"{use.where} {what} {source.name}",
                             f"write {source.name}")
