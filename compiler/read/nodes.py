"""The document tree: plain values, each with the place where it was written.

A document has thousands of nodes. They are structs that the garbage collector leaves alone, since
none can be part of a cycle: a node is made after those below it, and never changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import msgspec

from compiler.finding import Span

Node: TypeAlias = "Scalar | Sequence | Mapping"


class Scalar(msgspec.Struct, frozen=True, array_like=True, tag=1, gc=False):
    """A single value.

    Attributes:
        value: As YAML 1.2's core schema reads it (text, integer, float, boolean or null).
        raw: The text as typed, without quotes.
        plain: True where it was typed without quotes.
        span: Where.
    """

    value: str | int | float | bool | None
    raw: str
    plain: bool
    span: Span


class Sequence(msgspec.Struct, frozen=True, array_like=True, tag=2, gc=False):
    """A list."""

    items: list[Node]
    span: Span


class Mapping(msgspec.Struct, frozen=True, array_like=True, tag=3, gc=False):
    """A mapping; keys are unique texts, in the order in which they were typed."""

    entries: dict[str, tuple[Scalar, Node]]
    span: Span

    def get(self, key: str) -> Node | None:
        """The value under `key`, or None."""
        entry = self.entries.get(key)
        return entry[1] if entry else None

    def key(self, key: str) -> Scalar:
        """The key itself, for its position."""
        return self.entries[key][0]

    def items(self) -> Iterator[tuple[Scalar, Node]]:
        """Keys and values in the order typed."""
        return iter(self.entries.values())


def plain(node: Node) -> object:
    """The node as plain Python data, for the JSON Schema validator."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {name: plain(value) for name, (_, value) in node.entries.items()}


def locate(node: Node, path: list[str | int]) -> tuple[Span, Span | None]:
    """The span of the value at `path`, and of its key where it has one.

    A path that leads further than the document goes gives the deepest place there is.
    """
    key: Span | None = None
    for step in path:
        if isinstance(node, Mapping) and isinstance(step, str) and step in node.entries:
            key_node, node = node.entries[step]
            key = key_node.span
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            key = None
        else:
            break
    return node.span, key
