"""Text from specs as reStructuredText that shows exactly that text.

Spec text is data. `escape` makes it literal wherever a page puts a single line of text: in a list
item, a table cell, a title or the title of a reference. `block` does the same for text of several
lines. Nothing in the text can become markup: no directive, role, substitution, target or link.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote

from runtime.errors import UserError

# Always markup, or the beginning of it: the escape character, emphasis and strong emphasis,
# literals and interpreted text, substitutions.
_ALWAYS = re.compile(r"[\\*`|]")
# An underscore ends a reference unless a letter or digit follows (`seed_oss` is plain).
_REFERENCE = re.compile(r"_(?![^\W_])")
# docutils makes links of `scheme:rest` and `user@host`, and reads `::` at the end of a paragraph.
_LINK = re.compile(r"[:@](?=\S)")
# At the start of a line any punctuation may open a block (list, field, comment, title, table …).
_OPENS_BLOCK = re.compile(r"""[!-/:-@\[-`{-~\s•‣⁃]""")
_ENUMERATOR = re.compile(r"(?:[0-9]+|[A-Za-z]+|\#)[.)](?:\s|$)")
# docutils ends lines at all of these, and no page can hold them inside one.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_URL_SAFE = ":/?#=&%+,;@~.-"
#: What `quote` leaves alone.
_PLAIN_URL = re.compile(r"[A-Za-z0-9_:/?=.-]*\Z")
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ,/()+-]*\Z")


class Rst(str):
    """reStructuredText source, as opposed to text that must be escaped."""

    __slots__ = ()


@lru_cache(maxsize=1 << 14)
def escape(text: str) -> Rst:
    """One line of text as source that shows exactly this text, at any place in a line.

    Characters that a line of a page cannot hold (line ends, other control characters) are shown by
    their code point, as in `U+2028`; a tab is shown as a space. Space at the end is kept only where
    the source line goes on.
    """
    if _PLAIN.match(text) and not text.endswith(" ") and not _ENUMERATOR.match(text):
        return Rst(text)
    text = _UNPRINTABLE.sub(_code_point, text.replace("\t", " "))
    out = _ALWAYS.sub(r"\\\g<0>", text)
    out = _REFERENCE.sub(r"\\_", out)
    out = _LINK.sub(r"\\\g<0>", out)
    already = out[:1] == "\\" and text[0] != "\\"
    if not already and (_OPENS_BLOCK.match(text) or _ENUMERATOR.match(text)):
        # A backslash before a space vanishes together with it, and leaves nothing to open a block.
        out = "\\ " + out
    if out[-1:].isspace():
        out += "\\"  # a space at the end would be stripped
    return Rst(out)


def _code_point(match: re.Match[str]) -> str:
    return f"U+{ord(match.group()):04X}"


def block(text: str, indent: int) -> Rst:
    """Text of several lines as a line block, each line literal, for a place indented by `indent`.

    The line block begins on a line of its own; blank lines and leading spaces are kept. Lines that
    are source already stay so.
    """
    pad = " " * indent
    source = str if isinstance(text, Rst) else escape
    return Rst("\n".join(f"{pad}| {source(line)}".rstrip() if line else f"{pad}|"
                         for line in text.split("\n")))


def join(items: Iterable[str], separator: str = ", ") -> Rst:
    """The items in a row, each escaped unless it is source already."""
    return Rst(separator.join(item if isinstance(item, Rst) else escape(item) for item in items))


def code(text: str) -> Rst:
    """One line of a literal block or the inside of a literal: printed as it is.

    Raises:
        UserError: The text would not stay on its line.
    """
    if match := _UNPRINTABLE.search(text):
        raise UserError(f"{text!r} cannot be printed on a page: it holds {_code_point(match)}",
                        code="unprintable", why="it would end the line of the command",
                        hint="take the character out of the name")
    return Rst(text)


def width(text: str) -> int:
    """Columns that `text` takes, East Asian wide characters counting two; never less than needed.

    docutils wants title rules at least this wide.
    """
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def literal(text: str) -> Rst:
    """A short name as an inline literal; as plain text where a literal could not hold it."""
    if text and "`" not in text and "\\" not in text and text.strip() == text:
        return Rst(f"``{code(text)}``")
    return escape(text)


def inside(text: str, role: str) -> Rst:
    """Each line of a text as interpreted text of a role."""
    lines = [line.strip() for line in text.split("\n")]
    return Rst("\n".join(f":{role}:`{escape(line)}`" if line else "" for line in lines))


def link(title: str, url: str) -> Rst:
    """A link whose address is not a named target, so that equal titles never clash."""
    if not _PLAIN_URL.match(url):
        url = quote(url, safe=_URL_SAFE)
    return Rst(f"`{escape(title)} <{url}>`__")


def reference(title: str, label: str) -> Rst:
    """A cross-reference to `label`, shown as `title`."""
    shown = escape(title).replace("<", "\\<")  # an angle bracket would begin the label
    return Rst(f":ref:`{shown} <{label}>`")


def rows(cells: Iterable[Iterable[str]]) -> Rst:
    """The rows of a list table that is not indented."""
    return Rst("\n".join("   * - " + "\n     - ".join(map(escape, row)) for row in cells))


def rule(title: str, char: str, least: int = 40) -> Rst:
    """The line under (or over) a title."""
    return Rst(char * max(least, width(title)))
