"""Findings as one JSON object, for programs."""

from __future__ import annotations

import json
from typing import Any

from compiler.finding import Finding, Severity, Span
from compiler.review import Review


def render(review: Review, *, colour: bool = False) -> str:
    """`{"findings": […], "files": N, "errors": N, "warnings": N}`, indented."""
    del colour
    return json.dumps({
        "findings": [_finding(finding) for finding in review.findings],
        "files": len(review.checked), "checked": review.checked,
        "errors": review.count(Severity.ERROR), "warnings": review.count(Severity.WARNING),
        "notes": review.count(Severity.INFO), "failed": review.failed,
    }, indent=2, ensure_ascii=False) + "\n"


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "file": finding.file, **_span(finding.span), "severity": finding.severity.label,
        "code": finding.code, "message": finding.message, "hint": finding.hint,
        "path": finding.path,
        "related": [{"file": related.file, **_span(related.span), "message": related.message}
                    for related in finding.related],
    }


def _span(span: Span) -> dict[str, int]:
    return {"line": span.line, "column": span.column, "end_line": span.end_line,
            "end_column": span.end_column}
