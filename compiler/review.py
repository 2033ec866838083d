"""Everything that is found in a catalogue: reader, schemas, rules and suppressions together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import msgspec

from compiler import check, suppress
from compiler.catalogue import Catalogue, load
from compiler.check.registry import catalogue_codes
from compiler.discover import families_of
from compiler.finding import Finding, Severity
from compiler.pipeline import Compiled, Options, compile_specs


class Review(msgspec.Struct, frozen=True):
    """The outcome of a check.

    Attributes:
        findings: In order of file and position.
        checked: The files that were asked for.
        texts: File → its text, for excerpts; files that could not be decoded are left out.
        catalogue: What was read.
        strict: Whether warnings fail the check.
    """

    findings: list[Finding]
    checked: list[str]
    texts: dict[str, str]
    catalogue: Catalogue
    strict: bool = False

    def count(self, severity: Severity) -> int:
        """How many findings there are of a severity."""
        return sum(finding.severity is severity for finding in self.findings)

    def fails(self, finding: Finding) -> bool:
        """Whether a finding fails the check."""
        return finding.severity is Severity.ERROR or (
            self.strict and finding.severity is Severity.WARNING)

    @property
    def failed(self) -> bool:
        """Whether there is a finding that fails the check."""
        return any(map(self.fails, self.findings))


def review(specs: Path | None = None, paths: Sequence[str | Path] = (), *, strict: bool = False,
           info: bool = True, options: Options | None = None) -> Review:
    """Check a catalogue.

    Args:
        specs: The specs folder; see `compiler.catalogue.load`.
        paths: Files, folders or patterns to check; empty for the whole folder.
        strict: Let warnings fail the check.
        info: Keep findings that are only for information.
        options: How to compile a whole folder family by family; None to read it in one piece.

    Raises:
        MisuseError: Something named does not exist, or there is nothing to check.
    """
    if options is not None and not paths:
        compiled = compile_specs(specs or Path("specs"), options)
        if compiled is not None:
            compiled.keep()
            return of_compiled(compiled, strict=strict, info=info)
    if options is not None and (few := _of_few(specs, paths, options)):
        return msgspec.structs.replace(few, findings=_kept(few.findings, info), strict=strict)
    catalogue = load(specs, paths)
    files = set(catalogue.checked) if paths else None
    found = [*_read(catalogue), *check.run(catalogue, files)]
    # A clash is told to whoever checks either file, unless the other one accepts it.
    accepting = set(catalogue.checked) | {finding.file for finding in found}
    texts = {name: text for name, text in catalogue.texts.items() if name in accepting}
    trees = {document.file: document.root for document in catalogue.documents}
    found = [finding for finding in suppress.apply(found, texts, trees)
             if finding.file in catalogue.checked or finding.code not in suppress.SEVERITIES]
    return Review(sorted(_kept(found, info), key=Finding.sort_key), catalogue.checked,
                  catalogue.texts, catalogue, strict)


def of_compiled(compiled: Compiled, *, strict: bool = False, info: bool = True) -> Review:
    """The review of a catalogue that was compiled family by family."""
    kept = _kept(compiled.findings, info)
    return Review(kept, compiled.catalogue.checked, compiled.texts(kept), compiled.catalogue,
                  strict)


def _of_few(specs: Path | None, paths: Sequence[str | Path], options: Options) -> Review | None:
    """The review of a few families by what was kept of the others; None where that is not it.

    A family beside them that cannot be read is one whose neighbours may call it unknown, or not,
    for as much of it as can be read; only the catalogue in one piece tells.
    """
    if not paths or not options.cached or (few := families_of(paths, specs)) is None:
        return None
    root, names = few
    compiled = compile_specs(root, options, asked=frozenset(names))
    if compiled is None or not compiled.broken <= set(names):
        return None
    compiled.keep()
    read = [finding for finding in compiled.catalogue.findings
            if finding.file not in compiled.sources]
    about = [finding for finding in compiled.findings if _concerns(finding, names)]
    found = sorted([*about, *read], key=Finding.sort_key)
    return Review(found, names, compiled.texts(found), compiled.catalogue)


def _concerns(finding: Finding, names: Collection[str]) -> bool:
    """Whether a finding is about one of the files, or a clash of another with one of them."""
    return finding.file in names or (
        any(related.file in names for related in finding.related)
        and finding.code in catalogue_codes())


def _kept(findings: list[Finding], info: bool) -> list[Finding]:
    return [finding for finding in findings if info or finding.severity is not Severity.INFO]


def _read(catalogue: Catalogue) -> list[Finding]:
    """What reading found, but for families that were not asked for."""
    families = set(catalogue.neighbours)
    return [finding for finding in catalogue.findings if finding.file not in families]
