"""Findings as a JUnit report: one test case a file, failed where there is an error."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from compiler.finding import Finding
from compiler.review import Review

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(review: Review, *, colour: bool = False) -> str:
    """The XML document."""
    del colour
    by_file: dict[str, list[Finding]] = {name: [] for name in review.checked}
    for finding in review.findings:
        by_file.setdefault(finding.file, []).append(finding)
    failed = sum(any(map(review.fails, found)) for found in by_file.values())
    lines = ['<?xml version="1.0" encoding="UTF-8"?>',
             f'<testsuites name="modelbook" tests="{len(by_file)}" failures="{failed}">',
             f'  <testsuite name="compiler check" tests="{len(by_file)}" failures="{failed}" '
             'errors="0" skipped="0">']
    for file, found in by_file.items():
        lines.append(f"    <testcase classname=\"modelbook\" name={_attribute(file)}>")
        lines += [_failure(finding) for finding in found if review.fails(finding)]
        others = [_line(finding) for finding in found if not review.fails(finding)]
        if others:
            body = _text("\n".join(others))
            lines.append(f"      <system-out>{body}</system-out>")
        lines.append("    </testcase>")
    lines += ["  </testsuite>", "</testsuites>"]
    return "\n".join(lines) + "\n"


def _failure(finding: Finding) -> str:
    return (f"      <failure type={_attribute(finding.code)} "
            f"message={_attribute(finding.message)}>{_text(_line(finding))}</failure>")


def _line(finding: Finding) -> str:
    text = (f"{finding.file}:{finding.span.line}:{finding.span.column}: "
            f"{finding.severity.label}[{finding.code}]: {finding.message}")
    return f"{text}\nhelp: {finding.hint}" if finding.hint else text


def _attribute(text: str) -> str:
    return quoteattr(_NOT_XML.sub("\ufffd", text), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text))
