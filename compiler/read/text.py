"""From bytes to text: encoding, size and characters, each problem with its position."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from itertools import islice

from compiler.finding import Finding, Severity, Span
from compiler.read import codes

#: Largest file that is read, in bytes.
MAX_BYTES = 1024 * 1024

# Everything that libyaml would refuse or that would end a line in some programs only, and the
# characters that reorder text on screen, by which a reviewer sees something else than the compiler.
_REFUSED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff]"
    "|\r(?!\n)")
#: The ASCII characters that need a look: control characters but line feeds.
_SUSPECT = bytes({*range(0x20), 0x7F} - {0x0A})
_TAB = re.compile(r"\t+")
_BOM = "\ufeff"
_MAX_PER_KIND = 20
_OTHER_ENCODINGS = (
    (codecs.BOM_UTF32_LE, "UTF-32"), (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"), (codecs.BOM_UTF16_BE, "UTF-16"),
)
_START = Span(1, 1, 1, 1)


def decode(data: bytes, file: str) -> tuple[str | None, list[Finding]]:
    """The text of a file, without a leading byte order mark, and what is wrong with its characters.

    The text is None where it must not be handed to a YAML parser. Lines of the text end in LF or
    CRLF and nothing else does, so that all programs count them alike.
    """
    if len(data) > MAX_BYTES:
        return None, [Finding(
            file, _START, Severity.ERROR, codes.TOO_LARGE,
            f"the file is larger than {MAX_BYTES // 1024} KiB",
            "a spec is a few kilobytes of text")]
    for mark, name in _OTHER_ENCODINGS:
        if data.startswith(mark):
            return None, [Finding(file, _START, Severity.ERROR, codes.ENCODING,
                                  f"the file is {name}, not UTF-8", "save it as UTF-8")]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[:error.start].decode("utf-8").removeprefix(_BOM)
        looks_16 = b"\x00" in data[:4]
        what = ("the file looks like UTF-16, not UTF-8" if looks_16 else
                f"byte 0x{data[error.start]:02X} (number {error.start + 1} of the file) "
                "is not UTF-8")
        return None, [Finding(file, span_at(before, len(before), 0), Severity.ERROR, codes.ENCODING,
                              what, "save the file as UTF-8")]
    if data.isascii() and len(data.translate(None, _SUSPECT)) == len(data):
        return text, []  # nearly always
    text = text.removeprefix(_BOM)
    findings = _marks(text, file) + _refused(text, file)
    fatal = bool(findings)
    findings += _tabs(text, file)
    return (None if fatal else text), findings


def span_at(text: str, start: int, length: int) -> Span:
    """The span of `length` characters on one line from offset `start`."""
    line = text.count("\n", 0, start) + 1
    column = start - (text.rfind("\n", 0, start) + 1) + 1
    return Span(line, column, line, column + length)


def _marks(text: str, file: str) -> list[Finding]:
    return [
        Finding(file, span_at(text, match.start(), 1), Severity.ERROR, codes.BYTE_ORDER_MARK,
                "U+FEFF (byte order mark) inside the file",
                "delete the invisible character; it is allowed at the very start only")
        for match in _first(re.finditer(_BOM, text))
    ]


def _refused(text: str, file: str) -> list[Finding]:
    if text[1:2] == "\x00" or text[:1] == "\x00":
        return [Finding(file, _START, Severity.ERROR, codes.ENCODING,
                        "the file holds NUL characters; it looks like UTF-16, not UTF-8",
                        "save it as UTF-8")]
    found = []
    for match in _first(_REFUSED.finditer(text)):
        char = match.group()
        what = ("a carriage return without a line feed" if char == "\r" else
                f"the invisible character U+{ord(char):04X}")
        hint = ("end lines with LF or CRLF" if char == "\r" else
                f'delete it, or write "\\u{ord(char):04X}" in double quotes if it is meant')
        found.append(Finding(file, span_at(text, match.start(), 1), Severity.ERROR,
                             codes.CHARACTER, what, hint))
    return found


def _tabs(text: str, file: str) -> list[Finding]:
    found = []
    for match in _first(_TAB.finditer(text)):
        span = span_at(text, match.start(), len(match.group()))
        line_start = text.rfind("\n", 0, match.start()) + 1
        indents = not text[line_start:match.start()].strip(" ")
        found.append(Finding(
            file, span, Severity.ERROR, codes.TAB,
            "a tab in the indentation" if indents else "a tab",
            "indent with spaces" if indents else
            'use spaces; inside text write \\t in double quotes'))
    return found


def _first(matches: Iterator[re.Match[str]]) -> list[re.Match[str]]:
    """At most `_MAX_PER_KIND` of the matches: the rest of a damaged file says nothing new."""
    return list(islice(matches, _MAX_PER_KIND))
