"""Two specs of a family download the same weights.

Why
---
A folder of one repository at one revision holds one set of weights. If two specs lead to it, at
least one of them has the wrong repository id, or promises a format, size or quantization that the
repository does not hold. Two revisions of one repository are two sets of weights.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: awq
        size_in_billions: 7
        variant: base
        quantizations: [Int4]
        repo_id: example/demo-7B-AWQ
        hubs: {huggingface: {}}
      - format: awq
        size_in_billions: 7
        variant: chat
        quantizations: [Int4]
        repo_id: example/demo-7B-AWQ
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    specs:
      - format: awq
        size_in_billions: 7
        variant: base
        quantizations: [Int4]
        repo_id: example/demo-7B-AWQ
        hubs: {huggingface: {}}
      - format: awq
        size_in_billions: 7
        variant: chat
        quantizations: [Int4]
        repo_id: example/demo-7B-Chat-AWQ
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem, SpecView
from compiler.finding import Severity
from compiler.read.nodes import Node
from compiler.resolve import EffectiveHub, text
from runtime.files import expand

CODE = "MB202"
NAME = "spec-same-weights"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Compare what the specs download, hub by hub."""
    if not _share_repository(family):
        return  # nearly always
    first: dict[tuple[str, ...], tuple[SpecView, Node]] = {}
    for spec, hub in family.sources():
        if hub.repo_id is None:
            continue
        for weights in sorted(_weights(spec, hub)):
            other, node = first.setdefault(weights, (spec, hub.repo_id))
            if other is spec or other.title() == spec.title():  # the latter is MB201
                continue
            yield family.problem(
                hub.repo_id,
                f"{spec.title()} downloads from {hub.hub} what {other.title()} downloads",
                "correct the repository id of one of them",
                [family.related(node, f"the source of {other.title()}")])
            break


def _share_repository(family: FamilyView) -> bool:
    """Whether two specs download from one repository, whatever they take from it."""
    owners: dict[tuple[str, str], SpecView] = {}
    for spec, hub in family.sources():
        repo_id = text(hub.repo_id) or ""
        for name in hub.quantization_names() if "{quantization}" in repo_id else [""]:
            place = (hub.hub, expand(repo_id, name).lower())
            if owners.setdefault(place, spec) is not spec:
                return True
    return False


def _weights(spec: SpecView, hub: EffectiveHub) -> set[tuple[str, ...]]:
    repo_id, revision = text(hub.repo_id) or "", text(hub.revision) or ""
    found: set[tuple[str, ...]] = set()
    for name in hub.quantization_names():
        place = (hub.hub, expand(repo_id, name).lower(), revision)
        parts = hub.split_quantizations().get(name)
        template = text(hub.split_file_template if parts else hub.file_template)
        if spec.layout() == "file":
            if template is not None:
                found.add((*place, expand(template, name, parts[0] if parts else None)))
        else:
            found.add(place)
    return found
