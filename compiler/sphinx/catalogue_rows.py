"""What the table of all families shows, worked out from manifest records. Pure functions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from compiler import resolve
from runtime import naming
from runtime.combination import hubs_with
from runtime.fit import context_for
from runtime.manifest import Family, Manifest, Spec
from runtime.memory import bits_per_weight, estimate

_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Need:
    """What one quantization takes on the engines that are promised for it.

    Attributes:
        quantization: Its name.
        bits: Bits a weight; 0 where the name does not tell.
        megabytes: Of memory, an estimate; None where there is none.
        engines: For which this holds, in page order.
    """

    quantization: str
    bits: float
    megabytes: int | None
    engines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SpecRow:
    """One spec of a family.

    Attributes:
        size: Billions of parameters.
        format: Format name.
        variant: Its name among specs of one size and format; empty where it needs none.
        needs: What its quantizations take; those that are not deprecated.
    """

    size: Decimal
    format: str
    variant: str
    needs: list[Need]

    @property
    def engines(self) -> list[str]:
        """The engines that are promised for some quantization."""
        return list(dict.fromkeys(name for need in self.needs for name in need.engines))


@dataclass(frozen=True, slots=True)
class Row:
    """One family.

    Attributes:
        family: Its record.
        label: Target of cross-references to its page.
        specs: In page order.
    """

    family: Family
    label: str
    specs: list[SpecRow]

    @property
    def sizes(self) -> list[Decimal]:
        """Each size once, the smallest first."""
        return sorted({spec.size for spec in self.specs})

    @property
    def formats(self) -> list[str]:
        """Each format once, in page order."""
        return list(dict.fromkeys(spec.format for spec in self.specs))

    @property
    def engines(self) -> list[str]:
        """Each engine once, in page order."""
        return list(dict.fromkeys(name for spec in self.specs for name in spec.engines))

    @property
    def least_memory(self) -> int | None:
        """Megabytes of the quantization that takes the least."""
        known = [need.megabytes for spec in self.specs for need in spec.needs
                 if need.megabytes is not None]
        return min(known, default=None)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a table is narrowed to; the script in the page filters by the same rules.

    Size, format, engine and memory must hold for one and the same quantization.

    Attributes:
        text: Words, each of which is in the name, the description or the architectures.
        type: Kind of model.
        abilities: All of these.
        languages: All of these.
        formats: One of these.
        engines: One of these.
        least_size: Billions of parameters.
        most_size: Likewise.
        context_length: At least so many tokens.
        megabytes: At most so much memory.
    """

    text: str = ""
    type: str | None = None
    abilities: Collection[str] = ()
    languages: Collection[str] = ()
    formats: Collection[str] = ()
    engines: Collection[str] = ()
    least_size: Decimal | None = None
    most_size: Decimal | None = None
    context_length: int = 0
    megabytes: int | None = None

    def admits(self, row: Row) -> bool:
        """Whether a family belongs in the table."""
        family = row.family
        searched = haystack(family)
        return (all(word in searched for word in self.text.casefold().split())
                and self.type in (None, family.type)
                and set(self.abilities) <= set(family.abilities)
                and set(self.languages) <= set(family.languages)
                and family.context_length >= self.context_length
                and any(True for _ in self.fitting(row)))

    def fitting(self, row: Row) -> Iterator[tuple[SpecRow, Need | None]]:
        """What of a family fits; a spec alone where nothing is asked of its quantizations."""
        for spec in row.specs:
            if ((self.formats and spec.format not in self.formats)
                    or (self.least_size is not None and spec.size < self.least_size)
                    or (self.most_size is not None and spec.size > self.most_size)):
                continue
            if not self.engines and self.megabytes is None:
                yield spec, None
                continue
            for need in spec.needs:
                if (not self.engines or not set(self.engines).isdisjoint(need.engines)) and (
                        self.megabytes is None or (need.megabytes is not None
                                                   and need.megabytes <= self.megabytes)):
                    yield spec, need


def haystack(family: Family) -> str:
    """The text that a search looks into."""
    return " ".join([family.name, family.description, *family.architectures]).casefold()


def rows(manifest: Manifest, wanted: Wanted | None = None) -> list[Row]:
    """The families of a manifest that belong in a table, by name."""
    wanted = wanted or Wanted()
    made = (Row(family, resolve.family_label(family.type, family.slug),
                [_spec(family, spec) for spec in family.specs])
            for family in manifest.families)
    return sorted(filter(wanted.admits, made), key=lambda row: row.family.name.casefold())


def _spec(family: Family, spec: Spec) -> SpecRow:
    return SpecRow(
        naming.parse_size(spec.size_in_billions).normalize(), spec.format, spec.variant or "",
        list(_needs(family, spec)))


def _needs(family: Family, spec: Spec) -> Iterator[Need]:
    """Quantizations with the engines that need the same memory for them."""
    context = context_for(family, None)
    for name in spec.quantizations:
        hub = next(iter(hubs_with(spec, name)), None)
        if hub is None or name in spec.deprecated_quantizations:
            continue
        totals: dict[int | None, list[str]] = {}
        for claim in spec.engines:
            if name in claim.quantizations and name not in claim.refuted:
                total = estimate(spec, hub, name, engine=claim.engine,
                                 context_length=context).total
                megabytes = None if total is None else -(-total // _MEGABYTE)
                totals.setdefault(megabytes, []).append(claim.engine)
        bits = bits_per_weight(spec.format, name) or 0.0
        for megabytes, engines in totals.items():
            yield Need(name, bits, megabytes, tuple(engines))


@dataclass(slots=True)
class Interned:
    """Values that many rows share, each once; rows hold their numbers.

    Attributes:
        values: In the order in which they were first met.
    """

    values: list[object] = field(default_factory=list)
    _numbers: dict[object, int] = field(default_factory=dict)

    def number(self, value: object) -> int:
        """The number of a value."""
        made = self._numbers.setdefault(value, len(self.values))
        if made == len(self.values):
            self.values.append(value)
        return made


class Packer:
    """Turns what rows need into small lists of numbers for the script in the page.

    Attributes:
        formats: Names by number.
        engines: Names by number.
        quantizations: Name and bits by number.
    """

    def __init__(self) -> None:
        self.formats, self.engines, self.quantizations = Interned(), Interned(), Interned()

    def shared(self) -> dict[str, list[object]]:
        """What the numbers stand for; complete once every row is packed."""
        return {"formats": self.formats.values, "engines": self.engines.values,
                "quantizations": self.quantizations.values}

    def row(self, row: Row) -> list[object]:
        """For each spec: size, format, and groups of engines with what quantizations take.

        A group is `[[engine, …], [quantization, megabytes, quantization, megabytes, …]]`; -1
        megabytes stand for an unknown number.
        """
        return [[_number(spec.size), self.formats.number(spec.format), self._groups(spec.needs)]
                for spec in row.specs]

    def _groups(self, needs: Iterable[Need]) -> list[object]:
        groups: dict[tuple[str, ...], list[int]] = {}
        for need in needs:
            groups.setdefault(need.engines, []).extend((
                self.quantizations.number((need.quantization, need.bits)),
                -1 if need.megabytes is None else need.megabytes))
        return [[[self.engines.number(name) for name in engines], packed]
                for engines, packed in groups.items()]


def _number(size: Decimal) -> int | float:
    return int(size) if size == size.to_integral_value() else float(size)
