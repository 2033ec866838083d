"""The licence is not the one that the hub names.

Why
---
Whether a model may be used for work is decided by its licence, and pages print the one of the spec.
Only unquantized weights are asked about; quantizers often leave the field out. How a hub spells a
licence does not matter: `Apache License 2.0` is `apache-2.0`.

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

import re
from collections.abc import Iterator

from compiler.check.locked import sources
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity

CODE = "MB613"
NAME = "lock-licence"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY

_WORD = re.compile(r"[^\W_]+")
_EMPTY = frozenset({"license", "licence", "version", "the"})


def check(family: FamilyView) -> Iterator[Problem]:
    """Compare with the licence of unquantized weights."""
    node, stated = family.root.get("licence"), family.text("licence")
    for use, source in sources(family):
        if node is None or stated is None or not source.licence or use.spec.format != "pytorch":
            continue
        if _words(source.licence) != _words(stated):
            yield family.problem(
                node, f"the licence is {stated}, but {use.where} names {source.licence}",
                f"write {source.licence}, or say in the description why it is another")


def _words(licence: str) -> list[str]:
    words = _WORD.findall(re.sub(r"\bv(?=[0-9])", "", licence.casefold()))
    return [word for word in words if word not in _EMPTY]
