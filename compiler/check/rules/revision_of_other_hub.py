"""A revision belongs to another hub.

Why
---
A commit exists on the hub where it was made; a copy of the repository on another hub has commits
of its own. The main branch is called `main` on Hugging Face and `master` on ModelScope. A
revision that a hub takes from its spec must exist on every hub that takes it.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-7B
        revision: main
        hubs:
          huggingface: {}
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
          huggingface: {revision: 0123456789abcdef0123456789abcdef01234567}
          modelscope: {revision: master}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.commits import is_commit
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from compiler.resolve import text

CODE = "MB226"
NAME = "revision-of-other-hub"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY


_NOT_HERE = {"huggingface": "master", "modelscope": "main"}


def check(family: FamilyView) -> Iterator[Problem]:
    """Look at branch names, and at commits that several hubs take from their spec."""
    for spec in family.specs:
        inheriting = [hub for hub in spec.hubs if "revision" not in hub.own.entries]
        node = spec.node.get("revision")
        if node is not None and is_commit(text(node)) and len(inheriting) > 1:
            yield family.problem(
                node, f"one commit cannot be right on {inheriting[0].hub} and {inheriting[1].hub}",
                "give each hub the revision that it has")
        for hub in spec.hubs:
            revision = text(hub.revision)
            if hub.revision is not None and revision == _NOT_HERE.get(hub.hub):
                yield family.problem(
                    hub.revision, f"repositories on {hub.hub} have no branch {revision}",
                    f"give {hub.hub} a `revision:` of its own, best a commit")
