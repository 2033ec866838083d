"""Two families download the same weights.

Why
---
A repository holds one model, so one of the families has an id that was copied from the other and
not changed. Where a family was renamed, the old one is `deprecated` with `renamed_to`, and this
rule is silent.

Wrong
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo
    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-7B
        hubs: {huggingface: {}}

    # file: specs/families/demo-coder.yaml
    name: demo-coder
    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-7B
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    # file: specs/families/demo.yaml
    name: demo
    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-7B
        hubs: {huggingface: {}}

    # file: specs/families/demo-coder.yaml
    name: demo-coder
    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-coder-7B
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import CatalogueView, FamilyView, Problem
from compiler.finding import Severity
from compiler.read.nodes import Node
from compiler.resolve import text

CODE = "MB406"
NAME = "weights-shared"
SEVERITY = Severity.WARNING
SCOPE = Scope.CATALOGUE


def check(catalogue: CatalogueView) -> Iterator[Problem]:
    """Compare the repositories of the families' folder formats, hub by hub."""
    first: dict[tuple[str, str, str], tuple[FamilyView, Node]] = {}
    for family in catalogue.families:
        if "deprecated" in family.root.entries:
            continue
        for spec, hub in family.sources():
            if spec.layout() != "folder" or hub.repo_id is None:
                continue
            key = (hub.hub, (text(hub.repo_id) or "").lower(), text(hub.revision) or "")
            other, node = first.setdefault(key, (family, hub.repo_id))
            # One name twice is MB403.
            if other.name.casefold() != family.name.casefold():
                yield family.problem(
                    hub.repo_id, f"{other.name} downloads {text(hub.repo_id)} from {hub.hub}, too",
                    "correct the id of the wrong one, or deprecate one of the families",
                    [other.related(node, f"the source of {other.name}")])
