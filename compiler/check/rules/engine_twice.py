"""Two engine specs have the same name.

Why
---
Engines are matched without regard to case, in specs and on the command line; the second could
never be chosen.

Wrong
-----
.. code-block:: yaml

    # file: specs/engines/demo.yaml

    name: demo
    title: Demo
    description: An engine for examples.
    homepage: https://example.com/
    loads:
      - format: pytorch
    providers:
      - name: demo
        requirements: [demo]
        platforms: [linux]
        accelerators: [cpu]

    # file: specs/engines/demo2.yaml

    name: Demo
    title: Demo
    description: An engine for examples.
    homepage: https://example.com/
    loads:
      - format: pytorch
    providers:
      - name: demo
        requirements: [demo]
        platforms: [linux]
        accelerators: [cpu]

Right
-----
.. code-block:: yaml

    # file: specs/engines/demo.yaml

    name: demo
    title: Demo
    description: An engine for examples.
    homepage: https://example.com/
    loads:
      - format: pytorch
    providers:
      - name: demo
        requirements: [demo]
        platforms: [linux]
        accelerators: [cpu]
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from compiler.check.registry import Scope
from compiler.check.view import CatalogueFact, CatalogueView, EngineView, Problem
from compiler.finding import Severity

CODE = "MB313"
NAME = "engine-twice"
SEVERITY = Severity.ERROR
SCOPE = Scope.CATALOGUE


def check(facts: Iterable[CatalogueFact], catalogue: CatalogueView) -> Iterator[Problem]:
    """Compare the names of the engines, case aside."""
    del facts  # families are not looked at
    first: dict[str, EngineView] = {}
    for engine in catalogue.engines:
        other = first.setdefault(engine.record.name.lower(), engine)
        if other is not engine:
            yield engine.problem(engine.name_node,
                                 f"{other.file} has an engine {other.record.name} already",
                                 "rename one of them",
                                 [other.related(other.name_node, "the first one")])
