"""The repository has no such revision.

Why
---
A branch, tag or commit that the repository lacks is found out by users, at the beginning of a
download. Names of branches differ among hubs (`main`, `master`), and history is rewritten.

Wrong
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo

    # file: specs/locks/demo.lock.json
    {"sources": [{"hub": "huggingface", "repo_id": "example/demo-7B",
      "missing": "revision"}]}

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

CODE = "MB602"
NAME = "lock-revision-missing"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY

def check(family: FamilyView) -> Iterator[Problem]:
    """Report every source whose repository did not have the revision."""
    for use in locked_uses(family, found=False):
        if use.source is not None and use.source.missing == "revision":
            yield family.problem(
                use.hub.revision or use.repo_node,
                f"{use.where} had no revision {use.record.revision} on {use.source.checked}",
                "take the commit from the repository's history, or leave `revision` out; then run "
                "`compiler lock` again")
