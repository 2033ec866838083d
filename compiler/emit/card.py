"""What is shown of a family where many are shown: in the index pages and in the launcher's list."""

from __future__ import annotations

from compiler.emit.view import family_label, spec_label
from runtime.index import Listed, listed
from runtime.manifest import Family, Record, Source


class Card(Record, frozen=True, omit_defaults=False, array_like=True):
    """One family among many; the names are those of `runtime.manifest.Family`.

    Attributes:
        slug: ASCII form of its name.
        type: Kind of model.
        listed: What the launcher's list shows, which the index pages show as well.
        promised: Engine, format → how many quantizations pages promise.
        labels: Targets of cross-references on its page.
        source: Where it was written.
    """

    slug: str
    type: str
    listed: Listed
    promised: list[tuple[str, str, int]]
    labels: list[str]
    source: Source

    @property
    def name(self) -> str:
        """As people write it."""
        return self.listed.name

    @property
    def context_length(self) -> int:
        """Tokens."""
        return self.listed.context_length

    @property
    def abilities(self) -> list[str]:
        """As written."""
        return self.listed.abilities

    @property
    def description(self) -> str:
        """Plain text."""
        return self.listed.description

    @property
    def deprecated(self) -> bool:
        """Whether it is on its way out."""
        return self.listed.deprecated


def card(family: Family) -> Card:
    """The card of a family."""
    promised: dict[tuple[str, str], int] = {}
    for spec in family.specs:
        for claim in spec.engines:
            usable = sum(name not in claim.refuted for name in claim.quantizations)
            key = (claim.engine, spec.format)
            promised[key] = promised.get(key, 0) + usable
    return Card(
        slug=family.slug, type=family.type, listed=listed(family),
        promised=[(engine, name, count) for (engine, name), count in promised.items()],
        labels=sorted({family_label(family), *(spec_label(family, spec) for spec in family.specs)}),
        source=family.source)
