"""What is shown of a family where many are shown: in the index pages and in the launcher's list."""

from __future__ import annotations

from compiler.emit.view import family_label, spec_label
from runtime.index import Listed, listed
from runtime.manifest import Family, Record, Source


class Card(Record, frozen=True, omit_defaults=False, array_like=True):
    """One family among many; the names are those of `runtime.manifest.Family`.

    Attributes:
        name: As people write it.
        slug: ASCII form.
        type: Kind of model.
        context_length: Tokens.
        abilities: As written.
        description: Plain text.
        deprecated: Whether it is on its way out.
        listed: What the launcher's list shows.
        promised: Engine, format → how many quantizations pages promise.
        labels: Targets of cross-references on its page.
        source: Where it was written.
    """

    name: str
    slug: str
    type: str
    context_length: int
    abilities: list[str]
    description: str
    deprecated: bool
    listed: Listed
    promised: list[tuple[str, str, int]]
    labels: list[str]
    source: Source


def card(family: Family) -> Card:
    """The card of a family."""
    promised: dict[tuple[str, str], int] = {}
    for spec in family.specs:
        for claim in spec.engines:
            usable = sum(name not in claim.refuted for name in claim.quantizations)
            key = (claim.engine, spec.format)
            promised[key] = promised.get(key, 0) + usable
    return Card(
        name=family.name, slug=family.slug, type=family.type,
        context_length=family.context_length, abilities=family.abilities,
        description=family.description, deprecated=family.deprecated is not None,
        listed=listed(family),
        promised=[(engine, name, count) for (engine, name), count in promised.items()],
        labels=sorted({family_label(family), *(spec_label(family, spec) for spec in family.specs)}),
        source=family.source)
