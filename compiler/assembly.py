"""From compiled families to everything that a build writes, using again what is there already."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, cast

import msgspec

from compiler import cache, verification
from compiler.cache import Entry, Store
from compiler.emit.card import Card
from compiler.emit.outputs import INDEX, MANIFEST, VERIFICATION
from compiler.emit.profiles import Profile
from compiler.emit.write import Content, pieces_of
from compiler.pagenames import unusable_reason
from compiler.plan import name_key
from compiler.stamps import Stamps
from compiler.unit import Broken, Kept, Unit, Workshop, page_of
from runtime import index
from runtime.manifest import Family, Manifest, Piece, assemble, decode_family
from runtime.records import Record

if TYPE_CHECKING:
    from compiler.emit.pages import Writer


class Outputs(msgspec.Struct, frozen=True):
    """What a build writes.

    Attributes:
        files: Path relative to the output folder → content, in one piece or several.
        same: Further paths whose files have been found to be right already.
    """

    files: Mapping[str, Content]
    same: list[str] = []


class Part(msgspec.Struct, frozen=True):
    """One family on its way into the outputs.

    Attributes:
        key: What stands for it in the cache; empty without a cache.
        kept: What is kept of it.
        unit: What was made of it; None where all that an earlier build made is still there.
        entry: What an earlier build kept of it, if anything.
    """

    key: bytes
    kept: Kept
    unit: Unit | None
    entry: Entry | None

    @property
    def card(self) -> Card:
        """What is shown of it among others; nothing is assembled with a family that has none."""
        assert self.kept.card is not None  # noqa: S101
        return self.kept.card


class Reuse:
    """What an earlier build left in the output folder, as far as it is still what it wrote."""

    def __init__(self, out: Path | None, workshop: Workshop, store: Store, stamps: Stamps) -> None:
        self.out, self.workshop, self.store, self.stamps = out, workshop, store, stamps

    def has(self, path: str, sha256: bytes) -> bool:
        """Whether the file at `path` of the output folder has that SHA-256."""
        return bool(sha256) and self.out is not None and (
            self.stamps.digest_or_read(f"{self.out}/{path}") == sha256)

    def still_there(self, entry: Entry) -> bool:
        """Whether everything that was made of a family is where it was put."""
        profile, card = self.workshop.profile, entry.kept.card
        return profile is None or card is None or (
            self._has_manifest and self._has_page(entry, card, profile))

    def _has_page(self, entry: Entry, card: Card, profile: Profile) -> bool:
        if entry.kept.linked or card.name in self.workshop.tried:
            return True  # it is made anew, from the record
        return self.has(page_path(card, profile), entry.page)

    @cached_property
    def _has_manifest(self) -> bool:
        sha256 = self.store.derived.get(MANIFEST, (b"", b""))[1]
        known = self.stamps.digest(f"{self.out}/{MANIFEST}")
        return known == sha256 if known else self._manifest is not None

    @cached_property
    def _manifest(self) -> memoryview | None:
        """The earlier build's manifest; None where it is not what that build wrote."""
        sha256 = self.store.derived.get(MANIFEST, (b"", b""))[1]
        content = self.stamps.content(f"{self.out}/{MANIFEST}", sha256) if self.out else None
        return None if content is None else memoryview(content)

    def record(self, entry: Entry) -> memoryview:
        """The record of an entry.

        Raises:
            Broken: The manifest is no longer what it was a moment ago.
        """
        if self._manifest is None:
            raise Broken
        return self._manifest[entry.offset:entry.offset + entry.length]


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
        self.files: dict[str, Content] = {}
        self.same: list[str] = []
        self.cards: list[Card] = []
        self.derived: dict[str, tuple[bytes, bytes]] = {}

    def make(self, given: Sequence[Part]) -> tuple[Outputs, Store]:
        """Everything that is written, and what is kept for the next build.

        Args:
            given: The families, in any order.

        Raises:
            Broken: Two families would share a page or a label, or a page cannot be written.
        """
        parts = sorted(given, key=lambda part: name_key(part.card.name))
        self.cards = [part.card for part in parts]
        paths = [page_path(card, self.profile) for card in self.cards]
        self._refuse_clashes(parts, paths)
        self._verify(parts)
        pages = [self._page(part, path) for part, path in zip(parts, paths, strict=True)]
        self._indexes()
        records = self._manifest(parts)
        entries = [Entry(part.key, part.kept, offset, length, page, sha256)
                   for part, (offset, length, sha256), page
                   in zip(parts, records, pages, strict=True)]
        return Outputs(self.files, self.same), Store(entries, self.derived)

    def _refuse_clashes(self, parts: Sequence[Part], paths: Sequence[str]) -> None:
        labels = [label for card in self.cards for label in card.labels]
        # What an earlier build kept of a family, it kept because its page could be written.
        if (len({path.casefold() for path in paths}) < len(paths)
                or len(set(labels)) < len(labels)
                or any(unusable_reason(page_name(part.card, self.profile)) for part in parts
                       if part.entry is None)):
            raise Broken

    def _record(self, part: Part) -> Piece:
        if part.unit is not None:
            return part.unit.record
        assert part.entry is not None  # noqa: S101 - a part is made of one of the two
        return self.reuse.record(part.entry)

    def _family(self, part: Part) -> Family:
        return decode_family(self._record(part), MANIFEST)

    def _verify(self, parts: Sequence[Part]) -> None:
        """Put what the verification records say into its place."""
        promised: dict[tuple[str, str], int] = {}
        for card in self.cards if self.records else ():
            for engine, model_format, count in card.promised:
                key = (engine, model_format)
                promised[key] = promised.get(key, 0) + count
        tried = [part for part in parts if part.card.name in self.workshop.tried]
        manifest = msgspec.structs.replace(self.workshop.manifest,
                                           families=[self._family(part) for part in tried])
        self.known = verification.merge(manifest, self.records, promised)
        if self.profile.verification:
            source = msgspec.msgpack.encode((
                self.records, [self._record(part) for part in tried],
                [(*key, count) for key, count in sorted(promised.items())]))
            self._derive("verification.rst", source,
                         lambda: self.writer.verification_page().encode("utf-8"))
            self._derive(VERIFICATION, source, lambda: verification.encode(self.known))

    def _derive(self, path: str, source: bytes, make: Callable[[], Content]) -> bool:
        """Put a file into its place that is made of `source`; False where it was made already."""
        digest = cache.digest(self.workshop.fingerprint, source)
        before = self.reuse.store.derived.get(path)
        if before is not None and before[0] == digest and self.reuse.has(path, before[1]):
            self.same.append(path)
            self.derived[path] = before
            return False
        content, made = make(), hashlib.sha256()
        for piece in pieces_of(content):
            made.update(piece)
        self.derived[path] = (digest, made.digest())
        if before is not None and before[1] == made.digest() and self.reuse.has(path, before[1]):
            self.same.append(path)
        else:
            self.files[path] = content
        return True

    @cached_property
    def writer(self) -> Writer:
        """Writes the pages that more than one family decides on."""
        # Of other families, pages look at what is on their cards.
        families = cast("Sequence[Family]", self.cards)
        manifest: Manifest = msgspec.structs.replace(self.workshop.manifest, families=families)
        return self.workshop.writer_for(manifest, self.known)

    def _page(self, part: Part, path: str) -> bytes:
        """Put a family's page into its place; its SHA-256, empty where it is always made anew."""
        if part.kept.linked or part.card.name in self.workshop.tried:
            self.files[path] = page_of(self.writer, self._family(part))
            return b""
        if part.unit is None:
            assert part.entry is not None  # noqa: S101 - a part is made of one of the two
            self.same.append(path)
            return part.entry.page
        assert part.unit.page is not None  # noqa: S101 - a unit has a page but in those cases
        self.files[path] = part.unit.page
        return hashlib.sha256(part.unit.page).digest()

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

    def _manifest(self, parts: Sequence[Part]) -> list[tuple[int, int, bytes]]:
        """Put the manifest into its place, and its index.

        Returns:
            Where each record is, how long, and its SHA-256 where there is an index.
        """
        source = b"".join(part.key for part in parts)
        pieces: list[Piece] = []

        def make() -> list[Piece]:
            pieces.extend(assemble(self.workshop.manifest, map(self._record, parts)))
            return pieces

        if not self._derive(MANIFEST, source, make):
            # Its keys are those of the earlier build, which kept where their records are.
            kept = [(part.entry.offset, part.entry.length, part.entry.sha256)
                    for part in parts if part.entry]
            if INDEX in self.reuse.store.derived:
                self._derive(INDEX, source, lambda: self._index_of(
                    make(), [sha256 for _, _, sha256 in kept]))
            return kept
        records, digests = pieces[2::2], [b"" for _ in parts]
        if sum(map(len, pieces)) > index.WORTH and parts:
            digests = [part.entry.sha256 if part.unit is None and part.entry else b""
                       for part in parts]
            digests = [known or hashlib.sha256(record).digest()
                       for known, record in zip(digests, records, strict=True)]
            self._derive(INDEX, source, lambda: self._index_of(pieces, digests))
        ends = list(accumulate(map(len, pieces)))[2::2]
        return [(end - len(record), len(record), sha256)
                for end, record, sha256 in zip(ends, records, digests, strict=True)]

    def _index_of(self, pieces: Sequence[Piece], digests: Sequence[bytes]) -> bytes:
        return index.encode(pieces, [card.listed for card in self.cards], digests)
