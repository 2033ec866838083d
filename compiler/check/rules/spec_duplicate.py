"""Two specs of a family have the same format and size.

Why
---
A combination is named by family, size, format and quantization. Of two specs with the same format
and size, the second could never be launched, and both would share one download folder. Spellings
of one number count as the same size: `1_8` and `1_80`. Where a lab really published two models of
one size, each has a `variant` that tells them apart.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-7B
        hubs: {huggingface: {}}
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-7B-0625
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    specs:
      - format: pytorch
        size_in_billions: 7
        variant: first
        quantizations: [none]
        repo_id: example/demo-7B
        hubs: {huggingface: {}}
      - format: pytorch
        size_in_billions: 7
        variant: "0625"
        quantizations: [none]
        repo_id: example/demo-7B-0625
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem, SpecView
from compiler.finding import Severity
from runtime.naming import spec_key

CODE = "MB201"
NAME = "spec-duplicate"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Compare the identities of the family's specs."""
    groups: dict[tuple[str, str], list[SpecView]] = {}
    for spec in family.specs:
        groups.setdefault((spec.format, spec_key(spec.size, None)), []).append(spec)
    for specs in groups.values():
        first: dict[str | None, SpecView] = {}
        for spec in specs:
            other = first.setdefault(spec.variant, spec)
            if other is not spec:
                yield family.problem(
                    spec.anchor, f"there is a {spec.title()} spec already",
                    "merge the two, or give each a `variant:` that tells them apart",
                    [family.related(other.anchor, f"the first {other.title()} spec")])
        if len(first) > 1 and None in first:
            bare = first[None]
            yield family.problem(
                bare.anchor, f"there are {len(specs)} {_title(bare)} specs, this one without "
                "a variant", "give each a `variant:` that tells them apart")


def _title(spec: SpecView) -> str:
    return f"{spec.format} {spec.size}"
