"""A spec's format or quantization is not the one that its repository id states.

Why
---
`GPTQ`, `AWQ`, `GGUF`, `MLX`, `FP8`, `bnb`, `Int4` and `8bit` in a repository's name say what it
holds; an engine that is told something else does not load it. Ids that state several formats
contradict only a spec that has none of them, and those that state none contradict nothing.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: awq
        size_in_billions: 7
        quantizations: [Int4]
        repo_id: example/demo-7B-GPTQ-Int4
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    specs:
      - format: gptq
        size_in_billions: 7
        quantizations: [Int4]
        repo_id: example/demo-7B-GPTQ-Int4
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.ids import base_name, stated_bits, stated_formats
from compiler.check.quantizations import bits
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem, SpecView
from compiler.check.words import listing
from compiler.finding import Severity
from compiler.read.nodes import Scalar
from compiler.resolve import EffectiveHub, text

CODE = "MB244"
NAME = "format-contradicts-id"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Compare formats and quantizations with the ids of every hub."""
    for spec, hub in family.sources():
        if hub.repo_id is None or hub.hub == "pypi":
            continue
        if words := _other_formats(spec, hub):
            yield family.problem(
                hub.repo_id, f"the name states {listing(words)}, but the format is {spec.format}",
                "correct the format or the repository id",
                [family.related(spec.anchor, "the format of the spec")])
        elif spec.layout() == "folder":
            yield from _bits(family, spec, hub.repo_id, hub)


def _other_formats(spec: SpecView, hub: EffectiveHub) -> list[str]:
    stated = stated_formats(text(hub.repo_id) or "")
    if not stated or spec.format in stated:
        return []
    # Weights of another format whose name repeats the format as their quantization.
    names = {name.lower() for name in hub.quantization_names()}
    return [word for word in stated.values() if word not in names]


def _bits(family: FamilyView, spec: SpecView, node: Scalar,
          hub: EffectiveHub) -> Iterator[Problem]:
    repo_id = text(node) or ""
    stated = stated_bits(base_name(repo_id))
    for quantization in hub.quantizations if stated else []:
        name = text(quantization) or ""
        # What the format itself implies is no contradiction: AWQ without a number is 4 bit.
        wrong = (name == "none" and spec.format == "pytorch") or (
            bits(name) and not set(bits(name)) & set(stated))
        if wrong:
            yield family.problem(
                node, f"the name states {listing(stated.values())}, "
                f"but the quantization is {name}", "correct the quantization or the repository id",
                [family.related(quantization, "the quantization")])
            return
