"""A placeholder of the skeleton has not been filled in.

Why
---
`compiler new` writes `TODO` where only the author knows the value, a context length of 1 and sizes
of 0. They pass the schema, so that everything else can be checked while the spec is being
written, but a page or a launch with them would be wrong.

Wrong
-----
.. code-block:: yaml

    description: "TODO: one or two sentences for readers."

Right
-----
.. code-block:: yaml

    description: A small model for short answers in English.
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.check.words import TODO
from compiler.finding import Severity
from compiler.read.nodes import Mapping, Node, Scalar, Sequence

CODE = "MB270"
NAME = "todo-left"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY

#: Code and other programs' data may hold the word for reasons of their own.
_NOT_PROSE = frozenset({"chat_template", "extensions"})
#: Numbers that the skeleton writes and that no model has.
_NUMBERS = {"context_length": ("1", "the context length in tokens"),
            "size_in_billions": ("0", "the number of parameters in billions"),
            "activated_size_in_billions": ("0", "the parameters that a token passes through")}


def check(family: FamilyView) -> Iterator[Problem]:
    """Look at every value."""
    for key, node in _prose("", family.root, []):
        number, meaning = _NUMBERS.get(key, ("", ""))
        if number and node.raw == number:
            yield family.problem(node, f"`{key}: {number}` is the skeleton's placeholder",
                                 f"write {meaning}")
        elif "TODO" in node.raw and TODO.search(node.raw):
            yield family.problem(node, f"`{key}` still holds a TODO",
                                 "fill it in; the comment beside it says how")


def _prose(key: str, node: Node, found: list[tuple[str, Scalar]]) -> list[tuple[str, Scalar]]:
    """Add every value at or below `node` to `found`, with the key that it stands under."""
    if type(node) is Scalar:
        found.append((key, node))
    elif type(node) is Sequence:
        for item in node.items:
            _prose(key, item, found)
    elif type(node) is Mapping:
        for name, (_, value) in node.entries.items():
            if name not in _NOT_PROSE:
                _prose(name, value, found)
    return found
