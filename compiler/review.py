"""Everything that is found in a catalogue: reader, schemas, rules and suppressions together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from compiler import check, suppress
from compiler.catalogue import Catalogue, load
from compiler.finding import Finding, Severity
from compiler.pipeline import Compiled, Options, compile_specs


@dataclass(frozen=True, slots=True)
class Review:
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
    texts: dict[str, str] = field(repr=False)
    catalogue: Catalogue = field(repr=False)
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
    catalogue = load(specs, paths)
    files = set(catalogue.checked) if paths else None
    found = [*_read(catalogue), *check.run(catalogue, files)]
    asked = {name: text for name, text in catalogue.texts.items() if name in catalogue.checked}
    trees = {document.file: document.root for document in catalogue.documents}
    found = suppress.apply(found, asked, trees)
    return Review(sorted(_kept(found, info), key=Finding.sort_key), catalogue.checked,
                  catalogue.texts, catalogue, strict)


def of_compiled(compiled: Compiled, *, strict: bool = False, info: bool = True) -> Review:
    """The review of a catalogue that was compiled family by family."""
    kept = _kept(compiled.findings, info)
    return Review(kept, compiled.catalogue.checked, compiled.texts(kept), compiled.catalogue,
                  strict)


def _kept(findings: list[Finding], info: bool) -> list[Finding]:
    return [finding for finding in findings if info or finding.severity is not Severity.INFO]


def _read(catalogue: Catalogue) -> list[Finding]:
    """What reading found, but for families that were not asked for."""
    families = set(catalogue.neighbours)
    return [finding for finding in catalogue.findings if finding.file not in families]
