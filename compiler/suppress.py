"""Findings that a comment accepts: `# modelbook: ignore[MB203] reason`.

The comment stands on the line of the finding, or alone on the line above it. It needs a reason, so
that a reviewer sees why; one that accepts nothing is reported, so that none outlives its cause.
What the reader and the schemas say cannot be accepted, since nothing sound can be compiled from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

from compiler.finding import Finding, Severity, Span
from compiler.read.nodes import Mapping as MappingNode
from compiler.read.nodes import Node, Scalar, Sequence

BAD_COMMENT = "MB501"
UNUSED = "MB502"

EXPLANATIONS: dict[str, str] = {
    BAD_COMMENT: """A suppression comment cannot be used as it is written.

It reads `# modelbook: ignore[MB203] reason`, with one or more codes between the brackets, separated
by commas, and a reason. Errors of the reader (MB0xx), of the schema (MB1xx) and of suppression
itself (MB501, MB502) cannot be suppressed.
""",
    UNUSED: """A suppression comment accepts nothing.

There is no finding of that code on its line or, for a comment that stands alone, on the next line
that holds anything. Delete the comment, or move it to the line of the finding.
""",
}
SEVERITIES = {BAD_COMMENT: "error", UNUSED: "warning"}

_MARKER = re.compile(r"#[ \t]*modelbook[ \t]*:", re.IGNORECASE)
_COMMENT = re.compile(r"#\s*modelbook:\s*ignore\[(?P<codes>[^\]]*)\](?P<reason>.*)\Z")
_CODE = re.compile(r"MB[0-9]{3}\Z")
_FIXED = re.compile(r"MB(?:[01][0-9]{2}|50[12])\Z")


class Comment(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One suppression comment of a file.

    Attributes:
        span: Where it stands.
        target: The line that it is about.
        codes: The codes that it accepts.
        problem: Why it cannot be used; empty where it can.
    """

    span: Span
    target: int
    codes: list[str]
    problem: str = ""


def apply(findings: list[Finding], texts: Mapping[str, str],
          trees: Mapping[str, Node]) -> list[Finding]:
    """The findings that no comment accepts, and those about the comments themselves.

    Args:
        findings: Everything that was found.
        texts: File → text, of the files whose comments count.
        trees: File → document, of those files that could be read; a `#` inside one of its values
            is no comment.
    """
    return accept(findings, {file: comments(text, trees[file]) for file, text in texts.items()
                             if file in trees})


def comments(text: str, tree: Node) -> list[Comment]:
    """The suppression comments of a file that could be read."""
    return list(_comments(text, tree)) if "modelbook" in text.lower() else []


def accept(findings: list[Finding], comments: Mapping[str, list[Comment]]) -> list[Finding]:
    """The findings that no comment accepts, and those about the comments themselves.

    Args:
        findings: Everything that was found.
        comments: File → its comments.
    """
    kept: list[Finding] = []
    used: set[tuple[str, Span, str]] = set()
    for finding in findings:
        if finding.file not in comments:
            kept.append(finding)
            continue
        accepted = [comment for comment in comments[finding.file]
                    if comment.target == finding.span.line and finding.code in comment.codes
                    and not comment.problem]
        used.update((finding.file, comment.span, finding.code) for comment in accepted)
        if not accepted:
            kept.append(finding)
    for file, found in comments.items():
        for comment in found:
            kept += _about(comment, file, used)
    return kept


def _about(comment: Comment, file: str, used: set[tuple[str, Span, str]]) -> Iterator[Finding]:
    if comment.problem:
        yield Finding(file, comment.span, Severity.ERROR, BAD_COMMENT, comment.problem,
                      "write `# modelbook: ignore[MB203] reason`")
        return
    for code in comment.codes:
        if (file, comment.span, code) not in used:
            yield Finding(file, comment.span, Severity.WARNING, UNUSED,
                          f"nothing to suppress: there is no {code} on line {comment.target}",
                          "delete the comment, or move it to the line of the finding")


def _comments(text: str, tree: Node) -> Iterator[Comment]:
    lines = [line.rstrip("\r") for line in text.split("\n")]
    values = _Values(tree, lines)
    for number, line in enumerate(lines, start=1):
        for match in _MARKER.finditer(line):
            column = match.start() + 1
            before = line[:match.start()]
            if before and not before.endswith((" ", "\t")):
                continue  # YAML needs a space before a comment
            if values.cover(number, column):
                continue
            span = Span(number, column, number, len(line) + 1)
            yield _parsed(line[match.start():], span, _target(lines, number, before))
            break


def _target(lines: list[str], number: int, before: str) -> int:
    """The line that a comment is about: its own, or below a comment that stands alone."""
    if before.strip():
        return number
    for below in range(number, len(lines)):
        content = lines[below].strip()
        if content and not content.startswith("#"):
            return below + 1
    return number


def _parsed(comment: str, span: Span, target: int) -> Comment:
    match = _COMMENT.match(comment)
    if match is None:
        return Comment(span, target, [], "this comment is not a suppression that can be read")
    codes = [code.strip() for code in match["codes"].split(",") if code.strip()]
    if not codes:
        return Comment(span, target, [], "the suppression names no code")
    for code in codes:
        if not _CODE.match(code):
            return Comment(span, target, codes, f"{code[:40]!r} is not a code such as MB203")
        if _FIXED.match(code):
            return Comment(span, target, codes, f"{code} cannot be suppressed")
    if not match["reason"].strip(" \t:-–—#"):
        return Comment(span, target, codes, "the suppression gives no reason")
    return Comment(span, target, list(dict.fromkeys(codes)))


class _Values:
    """Where values and keys stand, to tell a comment from a `#` inside one."""

    def __init__(self, tree: Node, lines: list[str]) -> None:
        self.by_line: dict[int, list[Span]] = {}
        for scalar in _scalars(tree):
            span = scalar.span
            # The line of a block's `|` or `>` holds no text of it, but may hold a comment.
            block = not scalar.plain and lines[span.line - 1][span.column - 1] in "|>"
            for line in range(span.line + block, span.end_line + 1):
                self.by_line.setdefault(line, []).append(span)

    def cover(self, line: int, column: int) -> bool:
        """Whether a value's text is at that place."""
        return any((span.line, span.column) <= (line, column) < (span.end_line, span.end_column)
                   for span in self.by_line.get(line, ()))


def _scalars(node: Node) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _scalars(item)
    elif isinstance(node, MappingNode):
        for key, value in node.items():
            yield key
            yield from _scalars(value)
