"""No engine of the catalogue loads a spec.

Why
---
The page would list the spec without a way to run it. Mostly the format, a quantization or the
family's architecture is wrong, or an engine's spec is behind. Where it is known, `engines: []`
says so.

Wrong
-----
.. code-block:: yaml

    abilities: [generate]
    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [Int4]
        repo_id: example/demo-7B-int4
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    abilities: [generate]
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

CODE = "MB306"
NAME = "spec-without-engine"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Ask every engine about every spec without a claim of its own."""
    catalogue = family.catalogue
    if not catalogue.engines or not catalogue.complete:
        return
    idle = [spec for spec in family.specs if spec.engines_node is None
            and "TODO" not in spec.names()  # MB270
            and not any(spec.loads(engine.record) for engine in catalogue.engines)]
    # A chat family in which nothing can be run is MB307, once.
    if "chat" in family.abilities and len(idle) == len(family.specs):
        return
    for spec in idle:
        yield family.problem(spec.anchor, f"no engine loads {spec.title()}", why_none(spec))
