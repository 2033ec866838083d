"""Findings for a terminal: place, message, the source line with a caret, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from compiler.finding import Finding, Related, Severity, Span
from compiler.report import plural
from compiler.report.excerpt import excerpt
from compiler.review import Review

_LONGEST = 600  # characters of a message
_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}


def render(review: Review, *, colour: bool = False) -> str:
    """The report; each finding begins with `file:line:column:`, which editors and CI recognise."""
    found = listing(review.findings, review.texts, colour=colour)
    return f"{found}{summary(review)}\n"


def listing(findings: Iterable[Finding], texts: Mapping[str, str], *,
            colour: bool = False) -> str:
    """The findings alone, each with its excerpt and a blank line after it."""
    lines: list[str] = []
    for finding in findings:
        lines += [*_finding(finding, texts, colour), ""]
    return "".join(f"{line}\n" for line in lines)


def summary(review: Review) -> str:
    """`3 files checked, 1 error, 2 warnings`, and the number of notes if there are any."""
    parts = [f"{plural(len(review.checked), 'file')} checked",
             plural(review.count(Severity.ERROR), "error"),
             plural(review.count(Severity.WARNING), "warning")]
    if notes := review.count(Severity.INFO):
        parts.append(plural(notes, "note"))
    if skipped := review.catalogue.skipped:
        parts.append(f"{plural(len(skipped), 'YAML file')} outside of the specs skipped "
                     f"({printable(skipped[0])}{', …' if len(skipped) > 1 else ''})")
    return ", ".join(parts)


def _finding(finding: Finding, texts: Mapping[str, str], colour: bool) -> Iterator[str]:
    label = f"{finding.severity.label}[{finding.code}]"
    if colour:
        label = f"\x1b[1;{_COLOURS[finding.severity]}m{label}\x1b[0m"
    yield f"{_place(finding.file, finding.span)}: {label}: {printable(finding.message)}"
    yield from _source(finding.file, finding.span, texts, colour)
    if finding.hint:
        yield f"   = help: {printable(finding.hint)}"
    for related in finding.related:
        yield from _related(related, texts, colour)


def _related(related: Related, texts: Mapping[str, str], colour: bool) -> Iterator[str]:
    yield f"   = {_place(related.file, related.span)}: {printable(related.message)}"
    yield from _source(related.file, related.span, texts, colour)


def _source(file: str, span: Span, texts: Mapping[str, str], colour: bool) -> Iterator[str]:
    found = excerpt(texts.get(file, ""), span)
    if found is None:
        return
    line, underline = found
    number = str(span.line)
    if colour:
        underline = f"\x1b[1m{underline}\x1b[0m"
    yield f" {number} | {line}"
    yield f" {' ' * len(number)} | {underline}"


def _place(file: str, span: Span) -> str:
    return f"{printable(file)}:{span.line}:{span.column}"


def printable(text: str) -> str:
    """`text` on one line of bearable length, with no character that could steer the terminal."""
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}…"
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)
