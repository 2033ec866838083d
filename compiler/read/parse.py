"""YAML to a tree of nodes with exact positions, in bounded time and memory.

The events of libyaml's parser (PyYAML's `CParser`) are turned into nodes directly. Measured on an
89 kB family with 9 000 events (CPython 3.11, best of 7): events 14 ms, `compose()` 32 ms,
`yaml.load` with the C loader 65 ms, with the pure-Python loader ten times that. Events also let the
reader stop at the depth limit before libyaml has looked at the rest. `tests/bench/bench_read.py`
repeats the measurement.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from compiler.finding import Finding, Related, Severity, Span
from compiler.read import codes, syntax
from compiler.read.nodes import Mapping, Node, Scalar, Sequence
from compiler.read.resolve import resolve
from compiler.read.text import decode, span_at

try:
    from yaml.cyaml import CParser as _Parser  # type: ignore[attr-defined]
except ImportError:  # a PyYAML built without libyaml: the same events, ten times slower
    from compiler.read.pure import PureParser as _Parser  # type: ignore[assignment]

#: Deepest nesting of lists and mappings.
MAX_DEPTH = 32
#: Most values and keys in one file.
MAX_NODES = 20_000
_MAX_FINDINGS = 100
_SHOWN = 40  # characters of a name in a message


def parse(data: bytes, file: str) -> tuple[Node | None, list[Finding]]:
    """Read one YAML file.

    Args:
        data: The file's bytes: UTF-8, with LF or CRLF line ends; a leading byte order mark is fine.
        file: What findings call the file.

    Returns:
        The document's tree, or None where it cannot be trusted to be what its author meant; and
        the findings in order of position. A tree can come with findings (a duplicate key keeps its
        first value), but a document without an error always has one.
    """
    text, findings = decode(data, file)
    if text is None:
        return None, sorted(findings, key=Finding.sort_key)
    if directive := syntax.directive(text, file):
        return None, sorted([*findings, directive], key=Finding.sort_key)
    reader = _Reader(text, file)
    tree = reader.read()
    bad_lines = {finding.span.line for finding in findings}
    # A tab in the indentation is reported as such; what the parser says about it adds nothing.
    findings += [finding for finding in reader.findings
                 if finding.code not in (codes.SYNTAX, codes.TAB)
                 or finding.span.line not in bad_lines]
    return tree, sorted(findings, key=Finding.sort_key)


_QUESTION = re.compile(r"(?m)(?:^|[\s,\[{])\?\s")
_COMMENT = re.compile("#[^\n]*")


class _Stop(Exception):  # noqa: N818 - leaves the reader, is no error
    """Reading on would say nothing more."""


class _Reader:
    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.findings: list[Finding] = []
        self.usable = True
        self.nodes = 0
        self.question_marks = "?" in text and _QUESTION.search(text) is not None
        self.before = self.at = 0  # where the last event but one ended, and the last one
        self.parser: Any = _Parser(text)
        self.next: Callable[[], Any] = (
            self.watched if self.question_marks else self.parser.get_event)

    def read(self) -> Node | None:
        try:
            tree = self.document()
        except _Stop:
            return None
        except yaml.MarkedYAMLError as error:
            self.findings.append(syntax.explain(error, self.text, self.file))
            return None
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            self.findings.append(Finding(self.file, Span(1, 1, 1, 1), Severity.ERROR, codes.SYNTAX,
                                         f"the YAML parser gave up: {error}"))
            return None
        return tree if self.usable else None

    def watched(self) -> Any:
        """The next event, where it matters what stands in front of it."""
        event = self.parser.get_event()
        self.before, self.at = self.at, event.end_mark.index
        return event

    def document(self) -> Node | None:
        self.next()  # stream start
        event = self.next()
        if isinstance(event, yaml.StreamEndEvent):
            self.findings.append(Finding(
                self.file, Span(1, 1, 1, 1), Severity.ERROR, codes.EMPTY,
                "the file holds only comments" if self.text.strip() else "the file is empty",
                "write the spec, or delete the file; `compiler new NAME` writes a skeleton"))
            return None
        begin = event.start_mark
        tree = self.node(self.next(), 1)
        if isinstance(tree, Scalar) and tree.raw == "" and tree.plain and self.usable:
            self.findings.append(Finding(
                self.file, self.span(begin, begin), Severity.ERROR, codes.EMPTY,
                "the document is empty",
                "write the spec, or delete the file"))
            self.usable = False
        self.next()  # document end
        event = self.next()
        if not isinstance(event, yaml.StreamEndEvent):
            mark = event.start_mark
            self.problem(self.span(mark, mark if mark.index >= len(self.text) else event.end_mark),
                         codes.SEVERAL_DOCUMENTS,
                         f"one family per file; a second document starts at line {mark.line + 1}",
                         "move it into a file of its own")
        return tree

    def node(self, event: Any, depth: int) -> Node:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self.problem(self.span(event.start_mark, event.start_mark), codes.TOO_LARGE,
                         f"the file holds more than {MAX_NODES} values",
                         "a spec is a few kilobytes of text")
            raise _Stop
        if type(event) is ScalarEvent:
            if event.anchor is not None or event.tag is not None:
                self.properties(event)
            return self.scalar(event)
        if isinstance(event, AliasEvent):
            name = str(event.anchor)[:_SHOWN]
            self.problem(
                self.span(event.start_mark, event.end_mark), codes.ANCHOR,
                f"the alias *{name} is not allowed",
                "write the value out, or quote it if text that begins with * is meant")
            return Scalar(None, "", True, self.span(event.start_mark, event.end_mark))
        if depth > MAX_DEPTH:
            self.problem(self.span(event.start_mark, event.start_mark), codes.TOO_DEEP,
                         f"values are nested more than {MAX_DEPTH} deep",
                         "close brackets that were left open, or quote the text that holds them")
            raise _Stop
        if event.anchor is not None or event.tag is not None:
            self.properties(event)
        if isinstance(event, SequenceStartEvent):
            return self.sequence(event, depth)
        return self.mapping(event, depth)

    def scalar(self, event: Any) -> Scalar:
        style = event.style
        start, end = event.start_mark, event.end_mark
        if style == "|" or style == ">":
            return Scalar(event.value, event.value, False, self.block_span(start, end))
        value = event.value
        span = Span(start.line + 1, start.column + 1, end.line + 1, end.column + 1)
        if not style:
            return Scalar(resolve(value), value, True, span)
        return Scalar(value, value, False, span)

    def sequence(self, start: SequenceStartEvent, depth: int) -> Sequence:
        items: list[Node] = []
        while type(event := self.next()) is not SequenceEndEvent:
            items.append(self.node(event, depth + 1))
        last = items[-1] if items else None
        return Sequence(items, self.collection_span(start, event, last, "]"))

    def mapping(self, start: MappingStartEvent, depth: int) -> Mapping:
        entries: dict[str, tuple[Scalar, Node]] = {}
        last: Node | None = None
        while type(event := self.next()) is not MappingEndEvent:
            key = self.key(event, depth)
            last = self.node(self.next(), depth + 1)
            if key is None:
                continue
            name = key.raw
            if name in entries:
                self.duplicate(key, entries[name][0])
            else:
                entries[name] = (key, last)
        return Mapping(entries, self.collection_span(start, event, last, "}"))

    def key(self, event: Any, depth: int) -> Scalar | None:
        """The key that begins with `event`; None where it cannot be one, which is reported."""
        marked = self.question_marks and self.after_question_mark(event.start_mark.index)
        node = self.node(event, depth + 1)
        if marked:
            self.problem(node.span, codes.COMPLEX_KEY, "a key is written without a question mark",
                         "write `key: value`")
            return None
        if not isinstance(node, Scalar):
            self.problem(node.span, codes.COMPLEX_KEY, "a list or mapping cannot be a key",
                         "if text that begins with a bracket is meant, put it in quotes")
            return None
        if isinstance(event, AliasEvent):
            return None
        if node.plain and node.raw == "<<":
            self.problem(node.span, codes.MERGE_KEY, "the merge key << is not allowed",
                         "write the keys out where they belong")
            return None
        if not isinstance(node.value, str):
            self.key_not_text(node)
            return None
        return node

    def after_question_mark(self, index: int) -> bool:
        """Whether a `?` stands between what was read last, which may end in one, and `index`."""
        return "?" in _COMMENT.sub("", self.text[self.before:index])

    def key_not_text(self, key: Scalar) -> None:
        if key.value is None and not key.raw:
            self.problem(key.span, codes.KEY_NOT_TEXT, "there is no key before the colon",
                         "name the key, or quote the whole value if it is text")
            return
        kind = ("null" if key.value is None else
                "a boolean" if isinstance(key.value, bool) else "a number")
        self.problem(key.span, codes.KEY_NOT_TEXT, f"key {key.raw[:_SHOWN]} is {kind}; quote it",
                     f'write "{key.raw[:_SHOWN]}":')

    def duplicate(self, key: Scalar, first: Scalar) -> None:
        at = f"{first.span.line}:{first.span.column}"
        # The tree stays usable: it keeps the first value, and the error stops the build anyway.
        self.report(Finding(
            self.file, key.span, Severity.ERROR, codes.DUPLICATE_KEY,
            f"duplicate key `{key.raw[:_SHOWN]}`, first at {at}",
            "merge the two, or delete one of them",
            related=(Related(self.file, first.span, f"`{key.raw[:_SHOWN]}` is first given here"),)))

    def properties(self, event: Any) -> None:
        """Report the anchor and the tag in front of a value, each at its own place."""
        begin = event.start_mark.index
        for word in syntax.properties(self.text, begin, event.end_mark.index):
            span = span_at(self.text, word.start(), len(word.group()))
            shown = word.group()[:_SHOWN]
            if shown[0] == "&":
                self.problem(span, codes.ANCHOR, f"the anchor {shown} is not allowed",
                             "write values out where they are used, or quote text that begins "
                             "with &")
            else:
                self.problem(span, codes.TAG, f"the tag {shown} is not allowed",
                             "quote the value if text is meant")

    def collection_span(self, start: Any, end: Any, last: Node | None, close: str) -> Span:
        """From the first character to the closing bracket or, in block style, the last value."""
        begin, mark = start.start_mark, end.end_mark
        if last is None or (start.flow_style and self.text[mark.index - 1:mark.index] == close):
            return Span(begin.line + 1, begin.column + 1, mark.line + 1, mark.column + 1)
        return Span(begin.line + 1, begin.column + 1, last.span.end_line, last.span.end_column)

    def block_span(self, start: Any, end: Any) -> Span:
        """A block scalar without the blank lines that libyaml counts as its end."""
        body = self.text[start.index:end.index].rstrip(" \r\n")
        lines = body.count("\n")
        column = (len(body) - body.rfind("\n") if lines else start.column + len(body) + 1)
        return Span(start.line + 1, start.column + 1, start.line + 1 + lines, column)

    def span(self, start: Any, end: Any) -> Span:
        return Span(start.line + 1, start.column + 1, end.line + 1, end.column + 1)

    def problem(self, span: Span, code: str, message: str, hint: str = "") -> None:
        """Report something that leaves the tree unlike what its author meant."""
        self.usable = False
        self.report(Finding(self.file, span, Severity.ERROR, code, message, hint))

    def report(self, finding: Finding) -> None:
        self.findings.append(finding)
        if len(self.findings) >= _MAX_FINDINGS:
            raise _Stop
