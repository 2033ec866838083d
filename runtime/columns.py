"""Tables for people: one row a line, cut to the width of the terminal.

Where the output is no terminal nothing is cut, so that `| grep` finds what is there.
"""

from __future__ import annotations

import shutil
import sys
import unicodedata
from collections.abc import Sequence

#: The values of one cell; where there is no room for all, the last ones are counted instead.
Cell = Sequence[str]
_GAP = "  "
#: No column but one that needs less is made narrower.
_LEAST = 10


def fitted(heads: Sequence[str], rows: Sequence[Sequence[Cell]],
           width: int | None = None) -> tuple[list[str], bool]:
    """The lines of a table, and whether something was cut.

    Args:
        heads: What stands above each column.
        rows: The first column is cut last.
        width: In characters; None for that of the terminal, without a limit where there is none.
    """
    if width is None and sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
    texts = [[", ".join(cell) for cell in row] for row in rows]
    natural = [max(map(display_width, column)) for column in zip(heads, *texts, strict=True)]
    widths = natural if width is None else _narrowed(
        natural, [max(_LEAST, display_width(head)) for head in heads],
        width - len(_GAP) * (len(heads) - 1))
    shown = [[_shortened(cell, room) for cell, room in zip(row, widths, strict=True)]
             for row in rows]
    widths = [max(map(display_width, column)) for column in zip(heads, *shown, strict=True)]
    lines = [_GAP.join(_padded(text, room) for text, room in zip(row, widths, strict=True)).rstrip()
             for row in [list(heads), *shown]]
    return lines, shown != texts


def display_width(text: str) -> int:
    """Columns that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _narrowed(natural: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Column widths that fit: the widest give first, the first column last."""
    widths = list(natural)
    for columns in (range(1, len(widths)), range(1)):
        while (over := sum(widths) - room) > 0:
            able = [i for i in columns if widths[i] > least[i]]
            if not able:
                break
            widest = max(able, key=lambda i: (widths[i], i))
            rest = sorted((widths[i] for i in able if i != widest), reverse=True)
            target = max(least[widest], widths[widest] - over, (rest[0] - 1) if rest else 0)
            widths[widest] = min(target, widths[widest] - 1)
    return widths


def _shortened(cell: Cell, room: int) -> str:
    for count in range(len(cell), 0, -1):
        left = len(cell) - count
        text = ", ".join(cell[:count]) + (f" +{left}" if left else "")
        if display_width(text) <= room:
            return text
    if not cell:
        return ""
    tail = "…" + (f" +{len(cell) - 1}" if len(cell) > 1 else "")
    text = cell[0]
    while text and display_width(text + tail) > room:
        text = text[:-1]
    return text + tail


def _padded(text: str, room: int) -> str:
    return text + " " * (room - display_width(text))
