"""One source line with an underline that fits under it on a terminal."""

from __future__ import annotations

import unicodedata

from compiler.finding import Span

#: Widest excerpt, in terminal cells.
WIDTH = 100
_LEAD = 30  # cells kept before the caret of a line that is cut
_CUT = "…"
_TAB = "    "


def excerpt(text: str, span: Span) -> tuple[str, str] | None:
    """The line that a span begins on and its underline; None where there is nothing to show.

    Wide characters take two cells, combining ones none; tabs are shown as spaces and characters
    that do not print as U+FFFD. A long line is cut around the span.
    """
    lines = text.split("\n")
    if span.line > len(lines) or not text:
        return None
    line = lines[span.line - 1].rstrip("\r")
    start = min(span.column - 1, len(line))
    end = len(line) if span.end_line > span.line else min(span.end_column - 1, len(line))
    # Only what can be seen is looked at, however long the line is.
    first = 0
    before = line[max(0, start - WIDTH):start]
    if width(before) > WIDTH - _LEAD or start > WIDTH:
        first = start
        while first > 0 and width(line[first - 1:start]) <= _LEAD:
            first -= 1
    last, cells = first, 0
    while last < len(line) and cells + width(line[last]) <= WIDTH:
        cells += width(line[last])
        last += 1
    head, tail = (_CUT if first else ""), (_CUT if last < len(line) else "")
    shown = head + "".join(map(_cell, line[first:last])) + tail
    indent = width(head + line[first:start])
    length = max(1, width(line[start:min(end, last)]))
    return shown.rstrip(), " " * indent + "^" + "~" * (length - 1)


def width(text: str) -> int:
    """How many terminal cells a text takes."""
    return sum(_width(char) for char in text)


def _width(char: str) -> int:
    if char == "\t":
        return len(_TAB)
    if " " <= char < "\x7f":
        return 1
    if not char.isprintable() and char != "\u3000":
        return 1
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _cell(char: str) -> str:
    if char == "\t":
        return _TAB
    return char if char.isprintable() or char == "\u3000" else "\ufffd"
