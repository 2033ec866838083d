"""A value begins with a hyphen.

Why
---
Names, ids, revisions and file names become arguments of programs. One that begins with a hyphen
would be read as an option, which can be used to make a program do something else.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: --trust-remote-code
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-7B
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem, SpecView
from compiler.finding import Severity
from compiler.read.nodes import Node, Scalar
from compiler.resolve import entries

CODE = "MB223"
NAME = "value-like-option"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Look at every value that reaches a command line or a path."""
    for node in _values(family):
        if type(node) is Scalar and (value := node.raw).startswith("-"):
            yield family.problem(node, f"{value!r} begins with a hyphen and would be an option",
                                 "write it without the hyphen")


def _values(family: FamilyView) -> Iterator[Node]:
    for key in ("name", "model_type"):
        yield from _scalar(family.root.get(key))
    for key in ("tool_parser", "reasoning_parser"):
        for _, node in entries(family.root.get(key)):
            yield node
    for spec in family.specs:
        yield from spec.quantizations
        yield from _hub_values(spec)


def _hub_values(spec: SpecView) -> Iterator[Node]:
    for hub in spec.hubs:
        yield from (node for node in (hub.repo_id, hub.revision, hub.file_template,
                                      hub.split_file_template) if node is not None)
        yield from hub.multimodal_projectors
        yield from (part for parts in hub.split_parts.values() for part in parts.parts)
        if hub.draft is not None:
            yield from (node for _, node in hub.draft.items())


def _scalar(node: Node | None) -> Iterator[Node]:
    if isinstance(node, Scalar):
        yield node
