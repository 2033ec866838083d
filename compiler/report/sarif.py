"""Findings as SARIF 2.1.0, for code-scanning views."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any
from urllib.parse import quote

from compiler.check.codes import explanations
from compiler.finding import Finding, Severity, Span
from compiler.review import Review
from runtime import __version__

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render(review: Review, *, colour: bool = False) -> str:
    """The SARIF document, with a rule for each code that occurs."""
    del colour
    used = sorted({finding.code for finding in review.findings})
    index = {code: number for number, code in enumerate(used)}
    seen: dict[str, int] = {}
    run = {
        "tool": {"driver": {
            "name": "Modelbook", "semanticVersion": __version__, "rules": list(map(_rule, used)),
        }},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, index, review.texts, seen) for finding in review.findings],
    }
    return json.dumps({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
        "runs": [run],
    }, indent=2, ensure_ascii=False) + "\n"


def _rule(code: str) -> dict[str, Any]:
    known = explanations().get(code)
    if known is None:
        return {"id": code}
    rule: dict[str, Any] = {"id": code, "shortDescription": {"text": known.summary}}
    if known.name:
        rule["name"] = "".join(word.capitalize() for word in known.name.split("-"))
    if known.why:
        rule["help"] = {"text": known.why}
    return rule


def _result(finding: Finding, index: dict[str, int], texts: dict[str, str],
            seen: dict[str, int]) -> dict[str, Any]:
    text = finding.message + (f"\n{finding.hint}" if finding.hint else "")
    result: dict[str, Any] = {
        "ruleId": finding.code, "ruleIndex": index[finding.code],
        "level": _LEVELS[finding.severity], "message": {"text": text},
        "locations": [_location(finding.file, finding.span)],
        "partialFingerprints": {"primaryLocationLineHash": _fingerprint(finding, texts, seen)},
    }
    if finding.related:
        result["relatedLocations"] = [
            {"id": number, **_location(related.file, related.span),
             "message": {"text": related.message}}
            for number, related in enumerate(finding.related, start=1)]
    return result


def _location(file: str, span: Span) -> dict[str, Any]:
    return {"physicalLocation": {
        "artifactLocation": {"uri": quote(os.fsencode(file))},
        "region": {"startLine": span.line, "startColumn": span.column,
                   "endLine": span.end_line, "endColumn": span.end_column},
    }}


def _fingerprint(finding: Finding, texts: dict[str, str], seen: dict[str, int]) -> str:
    """The same for the same line of the same file, wherever the line moves to."""
    lines = texts.get(finding.file, "").split("\n")
    line = lines[finding.span.line - 1].strip() if finding.span.line <= len(lines) else ""
    about = f"{finding.code}\0{finding.file}\0{line}".encode("utf-8", "surrogatepass")
    digest = hashlib.sha256(about).hexdigest()[:16]
    seen[digest] = seen.get(digest, 0) + 1
    return f"{digest}:{seen[digest]}"
