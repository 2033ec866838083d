"""From compiled families to everything that a build writes, using again what is there already."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import msgspec

from compiler import cache, verification
from compiler.cache import Entry, Store
from compiler.emit.card import Card
from compiler.emit.outputs import INDEX, MANIFEST, VERIFICATION
from compiler.emit.profiles import Profile
from compiler.pagenames import unusable_reason
from compiler.plan import name_key
from compiler.unit import Broken, Unit, Workshop, page_of
from runtime import index
from runtime.manifest import Family, Manifest, assemble, decode_family
from runtime.records import Record

if TYPE_CHECKING:
    from compiler.emit.pages import Writer


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a build writes.

    Attributes:
        files: Path relative to the output folder → content.
        same: Further paths whose files have been found to be right already.
    """

    files: dict[str, bytes]
    same: list[str] = field(default_factory=list)


class Reuse:
    """What an earlier build left in the output folder, as far as it is still what it wrote.

    Attributes:
        pages: Key of a family → SHA-256 of its page, of those pages that are right already.
    """

    def __init__(self, out: Path | None, workshop: Workshop, store: Store) -> None:
        self.out = out
        self.workshop = workshop
        self.store = store
        self.pages: dict[bytes, bytes] = {}

    @cached_property
    def _manifest(self) -> bytes:
        content = self._read(MANIFEST) if self.store.manifest else None
        if content is None or hashlib.sha256(content).digest() != self.store.manifest:
            return b""
        return content

    def _read(self, path: str) -> bytes | None:
        if self.out is None:
            return None
        try:
            with open(f"{self.out}/{path}", "rb", buffering=0) as stream:  # noqa: PTH123
                return stream.read()
        except OSError:
            return None

    def has(self, path: str, digest: bytes) -> bool:
        """Whether the file at `path` of the output folder has that SHA-256."""
        content = self._read(path)
        return content is not None and hashlib.sha256(content).digest() == digest

    def unit(self, entry: Entry) -> Unit | None:
        """The unit of an entry; None where its record or page is gone."""
        profile = self.workshop.profile
        if profile is None:
            return Unit(entry.kept)
        record = self._manifest[entry.offset:entry.offset + entry.length]
        if not record:
            return None
        card = entry.kept.card
        if not entry.kept.linked and card.name not in self.workshop.tried:
            if not entry.page or not self.has(page_path(card, profile), entry.page):
                return None
            self.pages[entry.key] = entry.page
        return Unit(entry.kept, record)


def page_name(card: Card, profile: Profile) -> str:
    """The name of a family's page without `.rst`."""
    return card.slug if profile.file_names == "slug" else card.name.lower()


def page_path(card: Card, profile: Profile) -> str:
    """Its path in the output folder."""
    return f"models/{card.type}/{page_name(card, profile)}.rst"


class Assembly:
    """Puts the families of a catalogue together.

    Args:
        workshop: What they were compiled with.
        records: Verification records.
        reuse: What is there already.
    """

    def __init__(self, workshop: Workshop, records: Sequence[Record], reuse: Reuse) -> None:
        assert workshop.profile is not None  # noqa: S101 - nothing is assembled without
        self.workshop, self.records, self.reuse = workshop, records, reuse
        self.profile: Profile = workshop.profile
        self.files: dict[str, bytes] = {}
        self.same: list[str] = []
        self.cards: list[Card] = []
        self.derived: dict[str, tuple[bytes, bytes]] = {}

    def make(self, given: list[Unit], keys: Sequence[bytes]) -> tuple[Outputs, Store]:
        """Everything that is written, and what is kept for the next build.

        Args:
            given: The families, in any order. The list is emptied, since their records are wanted
                no longer once the manifest is there.
            keys: What stands for each in the cache.

        Raises:
            Broken: Two families would share a page or a label, or a page cannot be written.
        """
        order = sorted(range(len(given)), key=lambda number: name_key(given[number].kept.card.name))
        units, keys = [given[n] for n in order], [keys[n] for n in order]
        given.clear()
        self.cards = [unit.kept.card for unit in units]
        self._refuse_clashes()
        self._verify(units)
        pages = [self._page(unit, key) for unit, key in zip(units, keys, strict=True)]
        self._indexes()
        places = self._manifest(units)
        entries = [Entry(key, unit.kept, offset, len(unit.record), page) for key, unit, offset, page
                   in zip(keys, units, places, pages, strict=True)]
        digest = hashlib.sha256(self.files[MANIFEST]).digest()
        return Outputs(self.files, self.same), Store(entries, digest, self.derived)

    def _refuse_clashes(self) -> None:
        paths: set[str] = set()
        owners: dict[str, int] = {}
        for number, card in enumerate(self.cards):
            path = page_path(card, self.profile).casefold()
            if path in paths or unusable_reason(page_name(card, self.profile)):
                raise Broken
            paths.add(path)
            if any(owners.setdefault(label, number) != number for label in card.labels):
                raise Broken

    def _verify(self, units: Sequence[Unit]) -> None:
        """Put what the verification records say into its place."""
        promised: dict[tuple[str, str], int] = {}
        for card in self.cards if self.records else ():
            for engine, model_format, count in card.promised:
                key = (engine, model_format)
                promised[key] = promised.get(key, 0) + count
        tried = [unit.record for unit in units if unit.kept.card.name in self.workshop.tried]
        families = [decode_family(record, MANIFEST) for record in tried]
        manifest = msgspec.structs.replace(self.workshop.manifest, families=families)
        self.known = verification.merge(manifest, self.records, promised)
        if self.profile.verification:
            source = msgspec.msgpack.encode((
                self.records, tried, [(*key, count) for key, count in sorted(promised.items())]))
            self._derive("verification.rst", source,
                         lambda: self.writer.verification_page().encode("utf-8"))
            self._derive(VERIFICATION, source, lambda: verification.encode(self.known))

    def _derive(self, path: str, source: bytes, make: Callable[[], bytes]) -> None:
        """Put a file into its place that is made of `source`, if it is not there already."""
        digest = cache.digest(self.workshop.fingerprint, source)
        before = self.reuse.store.derived.get(path)
        if before is not None and before[0] == digest and self.reuse.has(path, before[1]):
            self.same.append(path)
            self.derived[path] = before
            return
        content = self.files[path] = make()
        self.derived[path] = (digest, hashlib.sha256(content).digest())

    @cached_property
    def writer(self) -> Writer:
        """Writes the pages that more than one family decides on."""
        # Of other families, pages look at what is on their cards.
        families = cast("Sequence[Family]", self.cards)
        manifest: Manifest = msgspec.structs.replace(self.workshop.manifest, families=families)
        return self.workshop.writer_for(manifest, self.known)

    def _page(self, unit: Unit, key: bytes) -> bytes:
        """Put a family's page into its place; its SHA-256, empty where it is always made anew."""
        path = page_path(unit.kept.card, self.profile)
        if (digest := self.reuse.pages.get(key)) is not None:
            self.same.append(path)
            return digest
        if unit.page is not None:
            self.files[path] = unit.page
            return hashlib.sha256(unit.page).digest()
        self.files[path] = page_of(self.writer, decode_family(unit.record, MANIFEST))
        return b""

    def _indexes(self) -> None:
        """Put the index pages into their places."""
        kinds: dict[str, list[Card]] = {"llm": []}
        for card in self.cards:
            kinds.setdefault(card.type, []).append(card)
        for kind, cards in kinds.items():
            source = msgspec.msgpack.encode([
                (card.name, card.slug, card.context_length, card.abilities, card.description,
                 card.deprecated) for card in cards])
            self._derive(f"models/{kind}/index.rst", source, partial(self._index, cards))

    def _index(self, cards: list[Card]) -> bytes:
        names = {card.name: page_name(card, self.profile) for card in cards}
        return self.writer.index(cast("list[Family]", cards), names).encode("utf-8")

    def _manifest(self, units: Sequence[Unit]) -> list[int]:
        """Put the manifest into its place, and its index; where each record begins."""
        pieces = assemble(self.workshop.manifest, [unit.record for unit in units])
        content = self.files[MANIFEST] = b"".join(pieces)
        if len(content) > index.WORTH and units:
            self.files[INDEX] = index.encode(pieces, [card.listed for card in self.cards])
        places, offset = [], 0
        for number, piece in enumerate(pieces):
            if number % 2 == 0 and number and number < len(pieces) - 1:
                places.append(offset)
            offset += len(piece)
        return places
