"""Deprecations of families and quantizations in one form, for the rules on them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from compiler.check.view import FamilyView, SpecView
from compiler.read.nodes import Mapping
from compiler.resolve import entries, text


class Deprecated(msgspec.Struct, frozen=True):
    """One thing that is on its way out.

    Attributes:
        name: Its name.
        what: How messages call it.
        node: The deprecation's mapping.
        spec: The spec of a quantization; None for a family.
        known: The names that a successor may have, each with its own successor, if any.
    """

    name: str
    what: str
    node: Mapping
    spec: SpecView | None
    known: dict[str, str | None]

    @property
    def successor(self) -> str | None:
        """The name under `renamed_to`."""
        return text(self.node.get("renamed_to"))


def deprecations(family: FamilyView) -> Iterator[Deprecated]:
    """The family's own deprecation, then those of its quantizations."""
    own = family.root.get("deprecated")
    if isinstance(own, Mapping):
        yield Deprecated(family.name, f"the family {family.name}", own, None,
                         family.catalogue.renamed)
    for spec in family.specs:
        listed = [(text(key) or "", node)
                  for key, node in entries(spec.node.get("deprecated_quantizations"))]
        if not listed:
            continue
        known = dict.fromkeys(spec.names())
        known |= {name: _renamed(node) for name, node in listed if name in known}
        for name, node in listed:
            if isinstance(node, Mapping):
                yield Deprecated(name, f"the quantization {name}", node, spec, known)


def _renamed(node: object) -> str | None:
    return text(node.get("renamed_to")) if isinstance(node, Mapping) else None


def successors(item: Deprecated) -> list[str]:
    """Who follows whom, from the first successor on; ends where a name comes up again."""
    chain: list[str] = []
    name = item.successor
    while name is not None and name not in chain:
        chain.append(name)
        if name == item.name:
            break
        name = item.known.get(name)
    return chain
