"""A template holds a placeholder that nothing fills in.

Why
---
Repository ids and file templates know `{quantization}`; `split_file_template` knows `{part}`
besides. A draft model's id and file template know `{draft_quantization}`. Any other name in
braces would be asked of the hub literally. A revision takes no placeholder.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: gptq
        size_in_billions: 7
        quantizations: [Int4]
        repo_id: example/demo-7B-{quantizations}
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    specs:
      - format: gptq
        size_in_billions: 7
        quantizations: [Int4]
        repo_id: example/demo-7B-GPTQ-{quantization}
        hubs: {huggingface: {}}
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.check.words import nearest
from compiler.finding import Severity
from compiler.read.nodes import Node
from compiler.resolve import entries, text

CODE = "MB212"
NAME = "placeholder-unknown"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


_BRACES = re.compile(r"\{[^{}]*\}|[{}]")
_KNOWN = {
    "repo_id": ("{quantization}",),
    "revision": (),
    "file_template": ("{quantization}",),
    "split_file_template": ("{quantization}", "{part}"),
}

_DRAFT = ("repo_id", "file_template")


def check(family: FamilyView) -> Iterator[Problem]:
    """Look for braces that are no placeholder of their field."""
    for _, hub in family.sources():
        for field, known in _KNOWN.items():
            node = getattr(hub, field)
            if node is not None and ("{" in node.raw or "}" in node.raw):
                yield from _field(family, field, node, known)
        for key, node in entries(hub.draft):
            if key.raw in _DRAFT:
                yield from _field(family, f"draft.{key.raw}", node, ("{draft_quantization}",))


def _field(family: FamilyView, field: str, node: Node | None,
           known: tuple[str, ...]) -> Iterator[Problem]:
    for found in _BRACES.findall(text(node) or ""):
        if node is not None and found not in known:
            yield family.problem(node, _message(field, found, known), _hint(found, known))
            return


def _message(field: str, found: str, known: tuple[str, ...]) -> str:
    if found in ("{", "}"):
        return f"{field} holds a single {found!r}"
    if not known:
        return f"{field} takes no placeholder, but holds {found}"
    return f"{found} is no placeholder of {field}"


def _hint(found: str, known: tuple[str, ...]) -> str:
    if found == "{part}":
        return "`{part}` belongs into split_file_template"
    if near := nearest(found, known):
        return f"did you mean {near}?"
    return f"it may hold {' and '.join(known)}" if known else "write the revision itself"
