"""A repository's own code is to run, but its revision can move.

Why
---
`trust_remote_code: true` runs Python code from the repository on the reader's machine. At a
branch or tag, whoever owns the repository tomorrow decides what that code is. It needs a commit
of 40 hexadecimal digits on every hub.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-7B
        revision: main
        trust_remote_code: true
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-7B
        revision: 0123456789abcdef0123456789abcdef01234567
        trust_remote_code: true
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.commits import is_commit
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from compiler.read.nodes import Scalar
from compiler.resolve import text

CODE = "MB221"
NAME = "trust-remote-code-unpinned"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Look at the revisions of specs that run the repository's code."""
    for spec in family.specs:
        node = spec.node.get("trust_remote_code")
        if not isinstance(node, Scalar) or node.value is not True:
            continue
        for hub in spec.hubs:
            if not is_commit(text(hub.revision)):
                yield family.problem(
                    hub.revision or node,
                    f"trust_remote_code needs a fixed commit, but on {hub.hub} the revision is "
                    f"{text(hub.revision) or 'not given'}",
                    "give the commit's 40 hexadecimal digits, read at that commit what would run")
