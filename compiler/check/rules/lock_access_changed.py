"""Access or licence changed since the family was locked.

Why
---
A repository that becomes gated fails for everybody who did not accept its terms, and a changed
licence may forbid what users do. Both are reported until somebody has looked at them and says so
with `compiler lock --accept`.

Wrong
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo

    # file: specs/locks/demo.lock.json
    {"sources": [{"hub": "huggingface", "repo_id": "example/demo-7B",
      "gated": "manual", "before": {"gated": ""},
      "files": [{"path": "model.safetensors"}]}]}

Right
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo

    # file: specs/locks/demo.lock.json
    {"sources": [{"hub": "huggingface", "repo_id": "example/demo-7B",
      "gated": "manual", "files": [{"path": "model.safetensors"}]}]}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.locked import sources
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity

CODE = "MB612"
NAME = "lock-access-changed"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY

def check(family: FamilyView) -> Iterator[Problem]:
    """Report what is noted as changed."""
    for use, source in sources(family, drafts=True):
        before = source.before
        for word, was, now in (("access", before.gated, source.gated),
                               ("licence", before.licence, source.licence)) if before else ():
            if was is not None:
                yield family.problem(
                    use.repo_node, f"the {word} of {use.where} changed from "
                    f"{was or 'open'} to {now or 'open'}",
                    "tell users where it matters, then run `compiler lock --accept`")
