"""A whole catalogue, family by family: from the cache where nothing changed, else in parallel.

The outcome is what `compiler.review.review`, `compiler.plan.plan` and `compiler.emit.outputs` make
of the catalogue in one piece, to the byte. Where a family has an error that keeps it from being
compiled by itself, or two would share a page, `compile_specs` says nothing and the caller reads the
catalogue in one piece, which finds the words for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from compiler import cache, parallel, suppress, verification
from compiler.assembly import Assembly, Outputs, Reuse
from compiler.catalogue import Catalogue, Frame, Source, decoded, frame, read_bytes, source_name
from compiler.check.registry import check_catalogue, check_engines
from compiler.emit.profiles import Profile
from compiler.finding import Finding, Severity
from compiler.unit import Broken, Kept, Unit, Workshop, facts_of
from runtime import lockfile


@dataclass(frozen=True, slots=True)
class Options:
    """How to compile.

    Attributes:
        jobs: Number of processes; None for as many as there are cores.
        cached: Whether to use, and keep, what an earlier run made.
    """

    jobs: int | None = None
    cached: bool = True


@dataclass(slots=True)
class Compiled:
    """A compiled catalogue.

    Attributes:
        findings: Everything that was found, suppressions applied, sorted.
        catalogue: The catalogue without its families.
        families: How many there are.
        outputs: What to write; None where only findings were wanted.
    """

    findings: list[Finding]
    catalogue: Catalogue
    families: int
    outputs: Outputs | None = None
    _content: dict[str, bytes] = field(default_factory=dict, repr=False)
    _store: tuple[Path, cache.Store] | None = field(default=None, repr=False)

    def texts(self, findings: Iterable[Finding]) -> dict[str, str]:
        """File → text, of the files that some findings point to."""
        texts = dict(self.catalogue.texts)
        for finding in findings:
            for name in (finding.file, *(related.file for related in finding.related)):
                if name not in texts and name in self._content:
                    texts[name] = decoded(self._content[name])
        return texts

    def keep(self) -> None:
        """Put what was made into the cache, once what was built is in its place."""
        if self._store is not None:
            cache.write(*self._store)


@contextmanager
def collector_off() -> Iterator[None]:
    """Without the garbage collector, whose passes over so many records find nothing to free."""
    import gc

    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def compile_specs(specs: Path, options: Options, profile: Profile | None = None,
                  out: Path | None = None) -> Compiled | None:
    """Compile a specs folder.

    Args:
        specs: The folder.
        options: How.
        profile: What pages look like; None where only findings are wanted.
        out: The output folder, whose files are used again where they are still right.

    Returns:
        None where the catalogue has to be read in one piece.
    """
    with collector_off():
        made = frame(specs)
        if made is None or not made.catalogue.complete or _failed(made.catalogue.findings):
            return None
        try:
            return _Run(specs, options, profile, out, made).compile()
        except Broken:
            return None


def _failed(findings: Sequence[Finding]) -> bool:
    return any(finding.severity is Severity.ERROR for finding in findings)


class _Run:
    """One run over a catalogue."""

    def __init__(self, specs: Path, options: Options, profile: Profile | None, out: Path | None,
                 made: Frame) -> None:
        self.specs, self.options, self.profile, self.out = specs, options, profile, out
        self.frame = made
        self.records = verification.read(specs) if profile and profile.verification else []
        tried = {record.combination.partition("/")[0] for record in self.records}
        self.workshop = Workshop(made, profile, tried)
        self.content: dict[str, bytes] = {}

    def compile(self) -> Compiled:
        for source in self.frame.families:
            content, _ = read_bytes(source.path, source.root)
            if content is None:
                raise Broken
            self.content[source_name(source.path)] = content
        path, store = self._stored()
        keys = self._keys()
        known = {entry.key: entry for entry in store.entries}
        reuse = Reuse(self.out, self.workshop, store)
        units: list[Unit | None] = [
            reuse.unit(entry) if (entry := known.get(key)) is not None else None for key in keys]
        del known
        self._compile_missing(units)
        done = [unit for unit in units if unit is not None]
        del units  # of their bytes, the manifest soon holds another copy
        engines = self._engines(store)
        findings = self._findings([unit.kept for unit in done], engines)
        result = Compiled(findings, self.frame.catalogue, len(done), _content=self.content)
        fresh = cache.Store([cache.Entry(key, unit.kept)
                             for key, unit in zip(keys, done, strict=True)])
        if self.profile is not None:
            assembly = Assembly(self.workshop, self.records, reuse)
            result.outputs, fresh = assembly.make(done, keys)
        if path is not None:
            fresh = msgspec.structs.replace(
                fresh, frame=(self.workshop.fingerprint, engines))
            result._store = (path, fresh)
        return result

    def _stored(self) -> tuple[Path | None, cache.Store]:
        if not self.options.cached:
            return None, cache.Store()
        out = self.out.absolute() if self.out else ""
        path = cache.path_for(self.specs.absolute(), self.specs, out,
                              self.profile.name if self.profile else "",
                              self.profile.language.name if self.profile else "")
        return path, cache.read(path)

    def _keys(self) -> list[bytes]:
        """For each family what stands for everything that decides on its unit."""
        frame = self.workshop.fingerprint = cache.digest(cache.code(), *self._frame_bytes())
        locks = self.specs / lockfile.FOLDER
        locked = {path.name: path.read_bytes() for path in locks.glob(lockfile.file_name("*"))}
        return [cache.digest(
            frame, name.encode("utf-8", "surrogateescape"), source.relative.encode(
                "utf-8", "surrogateescape"),
            locked.get(lockfile.file_name(source.path.stem), b""), self.content[name])
            for source, name in self._named()]

    def _named(self) -> Iterator[tuple[Source, str]]:
        return ((source, source_name(source.path)) for source in self.frame.families)

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

    def _compile_missing(self, units: list[Unit | None]) -> None:
        missing = [number for number, unit in enumerate(units) if unit is None]
        work = [(self.frame.families[number],
                 self.content[source_name(self.frame.families[number].path)])
                for number in missing]
        jobs = parallel.jobs_for(self.options.jobs, len(work))
        made = parallel.compile_all(self.workshop, self.specs, work, jobs)
        for number, unit in zip(missing, made, strict=True):
            units[number] = unit

    def _engines(self, store: cache.Store) -> list[Finding]:
        """What the rules on engines find, which the frame alone decides on."""
        fingerprint, findings = store.frame
        if fingerprint == self.workshop.fingerprint:
            return findings
        return check_engines(self.workshop.view)

    def _findings(self, kept: list[Kept], engines: list[Finding]) -> list[Finding]:
        catalogue = self.frame.catalogue
        self.frame.order({unit.card.name for unit in kept})
        if _failed(catalogue.findings):
            raise Broken
        found = [*catalogue.findings, *engines,
                 *check_catalogue(self.workshop.view, facts_of(kept))]
        renamed: dict[str, str | None] = dict(unit.renamed for unit in kept)
        comments = {}
        for (source, name), unit in zip(self._named(), kept, strict=True):
            found += unit.findings
            if unit.linked:
                found += self.workshop.check_linked(source, self.content[name], renamed)
            if unit.comments:
                comments[name] = unit.comments
        for document in catalogue.documents:
            if document.file in catalogue.checked:
                comments[document.file] = suppress.comments(document.text, document.root)
        return sorted(suppress.accept(found, comments), key=Finding.sort_key)
