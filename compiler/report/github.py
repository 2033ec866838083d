"""Findings as GitHub workflow commands, which annotate the lines of a pull request."""

from __future__ import annotations

from compiler.finding import Finding, Severity
from compiler.report.text import summary
from compiler.review import Review

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(review: Review, *, colour: bool = False) -> str:
    """One `::error file=…::message` a line, then the summary."""
    del colour
    return "".join(f"{_command(finding)}\n" for finding in review.findings) + summary(review) + "\n"


def _command(finding: Finding) -> str:
    span = finding.span
    facts = {"file": finding.file, "line": span.line, "endLine": span.end_line}
    if span.end_line == span.line:  # GitHub takes columns only within one line
        facts |= {"col": span.column, "endColumn": max(span.column, span.end_column - 1)}
    facts["title"] = finding.code
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in facts.items())
    text = finding.message
    if finding.hint:
        text += f"\nhelp: {finding.hint}"
    for related in finding.related:
        text += f"\n{related.file}:{related.span.line}:{related.span.column}: {related.message}"
    return f"::{_LEVELS[finding.severity]} {properties}::{_data(text)}"


def _data(text: str) -> str:
    """Escaped as the runner un-escapes it; spec text can start no command of its own."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
