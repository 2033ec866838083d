"""The hub has no such repository.

Why
---
A repository that is not there (any more) is found out by users, at the beginning of a download. Ids
are mistyped, and labs rename and delete repositories. A private repository looks the same to those
who may not read it. `compiler lock` asked the hub; the rule needs no network.

Wrong
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo

    # file: specs/locks/demo.lock.json
    {"sources": [{"hub": "huggingface", "repo_id": "example/demo-7B",
      "missing": "repository"}]}

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
from compiler.resolve import text

CODE = "MB601"
NAME = "lock-repository-missing"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY

def check(family: FamilyView) -> Iterator[Problem]:
    """Report every source that the hub did not have."""
    for use in locked_uses(family, found=False, drafts=True):
        source = use.source
        if source is None or source.missing != "repository":
            continue
        was = f"; it was there at {source.commit}" if source.commit else ""
        yield family.problem(
            use.repo_node, f"there was no {use.where} on {source.checked}{was}",
            f"correct {text(use.repo_node)}, or remove the "
            f"{'hub' if use.draft is None else 'draft'}; then run `compiler lock` again")
