"""A hub has no repository id.

Why
---
A hub takes the spec's `repo_id` where it states none itself. With neither, there is nothing to
download.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        hubs:
          huggingface: {repo_id: example/demo-7B}
          modelscope: {}

Right
-----
.. code-block:: yaml

    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-7B
        hubs:
          huggingface: {}
          modelscope: {}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity

CODE = "MB210"
NAME = "repo-id-missing"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Look for hubs without an id of their own or of their spec."""
    for _, hub in family.sources():
        if hub.repo_id is None:
            yield family.problem(
                hub.key, f"neither {hub.hub} nor the spec has a repo_id",
                "add `repo_id:` to the spec, or to the hub where the hubs differ")
