"""One family, compiled: everything that is made of its file alone.

A family's record, its page and what the rules on single families say depend on its own file and on
the frame of the catalogue (formats, engines, facts, templates) only. So families are compiled in
any order, in several processes, and again only when their file or the frame has changed.

What depends on other families, or on more than the specs, stays outside: the rules on the whole
catalogue, which get the facts that are kept of each family; the index pages, made of the cards; for
a deprecated family, which may name its successor, the rules and the page; and the page of a family
with verification records.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterable
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from compiler import suppress
from compiler.catalogue import Document, Frame, read_family
from compiler.check import view_of
from compiler.check.registry import Facts, all_rules, check_family, gather
from compiler.check.view import CatalogueView, FamilyView
from compiler.discover import Source
from compiler.emit.card import Card, card
from compiler.emit.profiles import Profile
from compiler.finding import Finding
from compiler.plan import Planner, plan
from compiler.read.file import read_bytes
from compiler.stamps import Look, look
from compiler.suppress import Comment
from compiler.verification import Verification
from runtime.errors import UserError
from runtime.manifest import Family, Manifest, family_bytes

if TYPE_CHECKING:
    from compiler.emit.pages import Writer


class Kept(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What of a compiled family is kept in memory, and from one run to the next.

    Attributes:
        card: What is shown of it among others; None where it has an error that leaves nothing of it
            but what reading it found.
        renamed: Its name, and the name that it was changed to, if any; empty without a card.
        findings: What reading it and the rules on single families found.
        facts: What the catalogue rules keep of it: rule code → encoded list.
        comments: Its suppression comments.
        linked: Whether it is deprecated: then its page and the rules on it look at its successor.
    """

    card: Card | None
    renamed: tuple[str, str | None] = ("", None)
    findings: list[Finding] = []
    facts: dict[str, bytes] = {}
    comments: list[Comment] = []
    linked: bool = False


class Unit(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A compiled family.

    Attributes:
        kept: What is kept of it.
        record: Its canonical bytes in the manifest; empty where none is wanted.
        page: Its page; None where none is wanted, or where more than its file decides on it.
    """

    kept: Kept
    record: bytes = b""
    page: bytes | None = None


class Made(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A unit, and what it was made of.

    Attributes:
        unit: The unit.
        sha256: Of the file's content; empty where it cannot be read.
        seen: A look at the file from before it was read.
    """

    unit: Unit
    sha256: bytes
    seen: Look | None


class Broken(Exception):  # noqa: N818 - tells the caller to go another way
    """A family cannot be compiled by itself; the catalogue is to be read as a whole."""


class Workshop(msgspec.Struct, dict=True):
    """What compiling a family needs, made once for all of them.

    Attributes:
        frame: The catalogue without its families.
        profile: What pages look like; None where only findings are wanted.
        tried: Names of the families that have verification records.
        fingerprint: SHA-256 of everything but a family's file that decides on its unit.
        templates: Their bytecode, see `compiler.emit.pages.Writer`.
        asked: Files of the families that the rules on single families are run on; None for all.
    """

    frame: Frame
    profile: Profile | None = None
    tried: Collection[str] = frozenset()
    fingerprint: bytes = b""
    templates: dict[str, bytes] = {}
    asked: Collection[str] | None = None

    def checks(self, file: str) -> bool:
        """Whether the rules on single families are run on the family in `file`."""
        return self.asked is None or file in self.asked

    @cached_property
    def view(self) -> CatalogueView:
        """The frame as rules on single families see it."""
        return view_of(self.frame.catalogue)

    @cached_property
    def manifest(self) -> Manifest:
        """The manifest without its families."""
        return plan(self.frame.catalogue.documents)

    @cached_property
    def planner(self) -> Planner:
        """Makes the records."""
        return Planner(self.manifest.engines, self.view.judgement)

    @cached_property
    def writer(self) -> Writer:
        """Writes the pages of families that stand for themselves."""
        return self.writer_for(self.manifest, Verification())

    def writer_for(self, manifest: Manifest, verification: Verification) -> Writer:
        """A writer of pages."""
        from compiler.emit.pages import Writer  # Jinja takes its time to import

        assert self.profile is not None  # noqa: S101 - asked for only where pages are wanted
        return Writer(manifest, self.profile, verification, self.templates)

    def make(self, source: Source) -> Made:
        """Compile one family.

        Raises:
            Broken: Its page cannot be written.
        """
        seen = look(os.fspath(source.path))
        content, problem = read_bytes(source.path, source.root)
        if content is None:
            return Made(Unit(Kept(None, findings=[problem] if problem else [])), b"", None)
        return Made(self._compile(source, content), hashlib.sha256(content).digest(), seen)

    def _compile(self, source: Source, content: bytes) -> Unit:
        document, findings = self._read(source, content)
        if document is None:
            return Unit(Kept(None, findings=findings))
        view = FamilyView(document.file, document.root, self.view, document.lock)
        linked = "deprecated" in document.root.entries
        if not linked and self.checks(document.file):
            findings = [*findings, *check_family(view)]
        record = self.planner.family(document, view.effective)
        kept = Kept(card(record), view.renamed, findings, _encoded(gather(view)),
                    suppress.comments(document.text, document.root), linked)
        if self.profile is None:
            return Unit(kept)
        page = None if linked or record.name in self.tried else page_of(self.writer, record)
        return Unit(kept, family_bytes(record), page)

    def _read(self, source: Source, content: bytes) -> tuple[Document | None, list[Finding]]:
        return read_family(source, content, self.frame.parsed.formats)

    def check_linked(self, source: Source, renamed: dict[str, str | None]) -> list[Finding]:
        """What the rules on single families find in a deprecated one.

        Args:
            source: Its file.
            renamed: See `CatalogueView.renamed`.
        """
        content, _ = read_bytes(source.path, source.root)
        document = None if content is None else self._read(source, content)[0]
        if document is None:
            raise Broken  # it has just been changed
        view = view_of(self.frame.catalogue, renamed)
        return check_family(FamilyView(document.file, document.root, view, document.lock))


def page_of(writer: Writer, record: Family) -> bytes:
    """A family's page.

    Raises:
        Broken: It cannot be written.
    """
    try:
        return writer.family(record).encode("utf-8")
    except UserError:
        raise Broken from None


def _encoded(facts: Facts) -> dict[str, bytes]:
    encode = msgspec.msgpack.Encoder().encode
    return {code: encode(found) for code, found in facts.items()}


def facts_of(units: Iterable[Kept]) -> Facts:
    """What the catalogue rules keep of all families."""
    decoders = [(rule.code, msgspec.msgpack.Decoder(list[rule.fact]).decode)  # type: ignore[name-defined]
                for rule in all_rules() if rule.gather is not None]
    facts: Facts = {code: [] for code, _ in decoders}
    for unit in units:
        for code, decode in decoders:
            if (raw := unit.facts.get(code)) is not None:
                facts[code] += decode(raw)
    return facts
