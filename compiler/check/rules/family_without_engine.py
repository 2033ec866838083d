"""No engine of the catalogue loads any spec of a family that is made for chat.

Why
---
Nobody could talk to the model by anything that the page says. Mostly the architecture is one that
no engine has yet, or the formats are wrong.

Wrong
-----
.. code-block:: yaml

    abilities: [chat]
    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [Int4]
        repo_id: example/demo-7B-int4
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    abilities: [chat]
    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-7B
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.claims import why_none
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity

CODE = "MB307"
NAME = "family-without-engine"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Ask every engine about every spec."""
    catalogue = family.catalogue
    if not catalogue.engines or not catalogue.complete or "chat" not in family.abilities:
        return
    if any(spec.engines_node is not None for spec in family.specs):
        return  # stated engines are judged one by one
    if any("TODO" in spec.names() for spec in family.specs):
        return  # nothing can be said before that is filled in, MB270
    if not any(spec.loads(engine.record)
               for spec in family.specs for engine in catalogue.engines):
        yield family.problem(family.name_node, f"no engine loads any spec of {family.name}",
                             why_none(family.specs[0]) if family.specs else "")
