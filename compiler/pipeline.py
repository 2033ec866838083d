"""A whole catalogue, family by family: from the cache where nothing changed, else in parallel.

The outcome is what `compiler.review.review`, `compiler.plan.plan` and `compiler.emit.outputs` make
of the catalogue in one piece, to the byte. A family with an error that leaves nothing to compile
costs no more than itself: what was found in it is kept, and nothing is assembled. Where something
else stands in the way (a broken engine, two families that would share a page), `compile_specs` says
nothing and the caller reads the catalogue in one piece, which finds the words for it.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

import msgspec

from compiler import cache, parallel, suppress, verification
from compiler.assembly import Assembly, Outputs, Part, Reuse
from compiler.catalogue import LONGEST_LOCK, Catalogue, Frame, frame
from compiler.check.registry import check_catalogue, check_engines
from compiler.discover import Source
from compiler.emit.profiles import Profile
from compiler.finding import Finding, Severity
from compiler.read.file import decoded, read_bytes, source_name
from compiler.read.text import MAX_BYTES
from compiler.stamps import Stamps
from compiler.unit import Broken, Workshop, facts_of
from runtime import lockfile
from runtime.program import collector_off

#: Ends the key of a family whose findings are not all there.
_UNCHECKED = b"-"


class Options(msgspec.Struct, frozen=True):
    """How to compile.

    Attributes:
        jobs: Number of processes; None for as many as there are cores.
        cached: Whether to use, and keep, what an earlier run made.
    """

    jobs: int | None = None
    cached: bool = True


class Compiled(msgspec.Struct):
    """A compiled catalogue.

    Attributes:
        findings: Everything that was found, suppressions applied, sorted.
        catalogue: The catalogue without its families.
        families: How many there are.
        sources: File → family.
        broken: Files of the families that have an error which leaves nothing of them.
        outputs: What to write; None where only findings were wanted, or a family has an error that
            leaves nothing of it to write.
    """

    findings: list[Finding]
    catalogue: Catalogue
    families: int
    outputs: Outputs | None = None
    sources: dict[str, Source] = {}
    broken: set[str] = set()
    _store: tuple[Path, cache.Store] | None = None

    def texts(self, findings: Iterable[Finding]) -> dict[str, str]:
        """File → text, of the files that some findings point to."""
        texts = dict(self.catalogue.texts)
        for finding in findings:
            for name in (finding.file, *(related.file for related in finding.related)):
                if name not in texts and (source := self.sources.get(name)):
                    content, _ = read_bytes(source.path, source.root)
                    if content is not None:
                        texts[name] = decoded(content)
        return texts

    def keep(self) -> None:
        """Put what was made into the cache, once what was built is in its place."""
        if self._store is not None:
            cache.write(*self._store)


def compile_specs(specs: Path, options: Options, profile: Profile | None = None,
                  out: Path | None = None, asked: Collection[str] | None = None,
                  ) -> Compiled | None:
    """Compile a specs folder.

    Args:
        specs: The folder.
        options: How.
        profile: What pages look like; None where only findings are wanted.
        out: The output folder, whose files are used again where they are still right.
        asked: Files of the families whose findings are wanted; None for all. Those of the others
            lack what the rules on single families find, which is half of the work.

    Returns:
        None where the catalogue has to be read in one piece.
    """
    with collector_off():
        try:
            return _Run(specs, options, profile, out, asked).compile()
        except Broken:
            return None


def _failed(findings: Sequence[Finding]) -> bool:
    return any(finding.severity is Severity.ERROR for finding in findings)


class _Run:
    """One run over a catalogue.

    Raises:
        Broken: The catalogue has to be read in one piece.
    """

    def __init__(self, specs: Path, options: Options, profile: Profile | None, out: Path | None,
                 asked: Collection[str] | None) -> None:
        self.specs, self.options, self.profile, self.out = specs, options, profile, out
        self.path, self.store = self._stored()
        self.stamps = Stamps(self.store.stamps)
        self.code = cache.code(self.stamps) if self.path is not None else b""
        self.frame = self._frame()
        self.sources = {source_name(source.path): source for source in self.frame.families}
        self.records = verification.read(specs) if profile and profile.verification else []
        tried = {record.combination.partition("/")[0] for record in self.records}
        self.workshop = Workshop(self.frame, profile, tried, asked=asked)
        self.locks = self._lock_digests()
        self.whole: tuple[bytes, list[Finding]] = (b"", [])

    def compile(self) -> Compiled:
        if self.path is not None:
            self.workshop.fingerprint = cache.digest(self.code, *self._frame_bytes())
            same = self.store.frame[0] == self.workshop.fingerprint
            self.workshop.templates = dict(self.store.templates) if same else {}
        reuse = Reuse(self.out, self.workshop, self.store, self.stamps)
        parts = self._parts(reuse)
        engines = self._engines
        findings = self._findings(parts, engines)
        result = Compiled(findings, self.frame.catalogue, len(parts), sources=self.sources)
        result.broken = {name for name, part in zip(self.sources, parts, strict=True)
                         if part.kept.card is None}
        fresh = cache.Store([cache.Entry(part.key, part.kept) for part in parts])
        if self.profile is not None:
            if any(part.kept.card is None for part in parts):
                return result
            result.outputs, fresh = Assembly(self.workshop, self.records, reuse).make(parts)
        if self.path is not None:
            result._store = (self.path, msgspec.structs.replace(
                fresh, frame=(self.workshop.fingerprint, engines), whole=self.whole,
                stamps=self.stamps.taken, templates=self.workshop.templates, code=self.code,
                parsed=self.parsed))
        return result

    def _frame(self) -> Frame:
        made = frame(self.specs, self.store.parsed if self.store.code == self.code else None)
        if made is None or not made.catalogue.complete or _failed(made.catalogue.findings):
            raise Broken
        self.parsed = None if made.catalogue.findings else made.parsed
        return made

    def _stored(self) -> tuple[Path | None, cache.Store]:
        if not self.options.cached:
            return None, cache.Store()
        out = self.out.absolute() if self.out else ""
        path = cache.path_for(self.specs.absolute(), self.specs, out,
                              self.profile.name if self.profile else "",
                              self.profile.language.name if self.profile else "")
        return path, cache.read(path)

    def _lock_digests(self) -> dict[str, bytes | None]:
        """Name → SHA-256 of every lock; None where it is not read here."""
        folder = self.specs / lockfile.FOLDER
        return {path.name: self.stamps.digest_or_read(os.fspath(path), LONGEST_LOCK)
                for path in folder.glob(lockfile.file_name("*"))}

    def _key(self, name: str, source: Source, sha256: bytes) -> bytes:
        """What stands for everything that decides on a family's unit; empty if it was not read."""
        lock = self.locks.get(lockfile.file_name(source.path.stem), b"")
        if self.path is None or not sha256 or lock is None:
            return b""
        return cache.digest(
            self.workshop.fingerprint,
            name.encode("utf-8", "surrogateescape"),
            source.relative.encode("utf-8", "surrogateescape"),
            lock, sha256)

    def _marked(self, key: bytes, name: str) -> bytes:
        """A family's key, told apart where the rules on single families are not run on it."""
        return key + _UNCHECKED if key and not self.workshop.checks(name) else key

    def _parts(self, reuse: Reuse) -> list[Part]:
        """Every family: what an earlier run kept of it if that is still right, else compiled."""
        known = {entry.key: entry for entry in self.store.entries if entry.key}
        parts: dict[str, Part | None] = dict.fromkeys(self.sources)
        for name, source in self.sources.items() if known else ():
            sha256 = self.stamps.digest_or_read(os.fspath(source.path), MAX_BYTES)
            key = self._key(name, source, sha256 or b"")
            entry = known.get(key) or known.get(self._marked(key, name))
            if entry is not None and reuse.still_there(entry):
                parts[name] = Part(entry.key, entry.kept, None, entry)
        work = {name: self.sources[name] for name, part in parts.items() if part is None}
        jobs = parallel.jobs_for(self.options.jobs, len(work))
        made = parallel.compile_all(self.workshop, self.specs, list(work.values()), jobs,
                                    self._meanwhile)
        for (name, source), one in zip(work.items(), made, strict=True):
            self.stamps.remember(os.fspath(source.path), one.seen, one.sha256)
            key = self._marked(self._key(name, source, one.sha256), name)
            parts[name] = Part(key, one.unit.kept, one.unit, known.get(key))
        return [part for part in parts.values() if part is not None]

    def _frame_bytes(self) -> Iterator[bytes]:
        """Everything but the families that their units depend on."""
        for name, text in sorted(self.frame.catalogue.texts.items()):
            yield name.encode("utf-8", "surrogateescape")
            yield text.encode("utf-8", "surrogatepass")
        yield msgspec.msgpack.encode(self.frame.catalogue.facts)
        if self.profile is not None:
            language = self.profile.language
            yield msgspec.msgpack.encode([language.name, language.phrases, language.descriptions])
            for path in sorted(self.profile.folder.iterdir()):
                if path.is_file():
                    yield path.name.encode()
                    yield path.read_bytes()

    def _meanwhile(self) -> None:
        """What can be done while other processes compile families."""
        _ = self._engines
        if self.profile is not None:
            self.workshop.writer.prepare()

    @cached_property
    def _engines(self) -> list[Finding]:
        """What the rules on engines find, which the frame alone decides on."""
        fingerprint, findings = self.store.frame
        if fingerprint and fingerprint == self.workshop.fingerprint:
            return findings
        return check_engines(self.workshop.view)

    def _whole(self, parts: list[Part]) -> tuple[bytes, list[Finding]]:
        """What the rules on the whole catalogue find, and the SHA-256 of what decides on it."""
        keys = [part.key for part in parts]
        digest = cache.digest(self.workshop.fingerprint, *keys) if all(keys) else b""
        if digest and digest == self.store.whole[0]:
            return self.store.whole
        facts = facts_of(part.kept for part in parts)
        return digest, check_catalogue(self.workshop.view, facts)

    def _findings(self, parts: list[Part], engines: list[Finding]) -> list[Finding]:
        catalogue = self.frame.catalogue
        kept = [part.kept for part in parts]
        for unit in kept:
            if unit.card is None:
                catalogue.findings += unit.findings
                catalogue.families_complete = False
        self.frame.order({unit.card.name for unit in kept if unit.card})
        self.whole = self._whole(parts)
        found = [*catalogue.findings, *engines, *self.whole[1]]
        renamed: dict[str, str | None] = dict(unit.renamed for unit in kept if unit.card)
        comments = {}
        for (name, source), unit in zip(self.sources.items(), kept, strict=True):
            if unit.card is None:
                continue
            found += unit.findings
            if unit.linked and self.workshop.checks(name):
                found += self.workshop.check_linked(source, renamed)
            if unit.comments:
                comments[name] = unit.comments
        for document in catalogue.documents:
            if document.file in catalogue.checked:
                comments[document.file] = suppress.comments(document.text, document.root)
        catalogue.findings.sort(key=Finding.sort_key)
        return sorted(suppress.accept(found, comments), key=Finding.sort_key)
