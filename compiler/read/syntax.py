"""What libyaml's errors mean for somebody who does not know YAML's grammar."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec

from compiler.finding import Finding, Severity
from compiler.read import codes
from compiler.read.text import span_at

if TYPE_CHECKING:
    import yaml

_DIRECTIVE = re.compile(r"(?:[ ]*+(?:#[^\n]*+)?\r?\n)*+(%[^\r\n]*)")
_PROPERTY = re.compile(r"[&!][^\s,\[\]{}]*")
_NO_SPACE = re.compile(r"\s*(?:- +)*([A-Za-z_][\w.-]*):([^\s/].*)")
_KEY_AND_VALUE = re.compile(r"\s*(?:- +)*[^\s#:'\"\[{][^:#]*:[ ]+(?=\S)")
_KEY_LINE = re.compile(r"\s*(?:- +)*[\w.-]+:(?:\s|\Z)")
_CONFLICT = re.compile(r"(?:<{7}|={7}|>{7}|\|{7})(?: |\r?\Z)")
#: Spaces that look like one and that YAML does not take for one.
_WIDE_SPACE = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_CLOSING = {"[": "]", "{": "}"}


def directive(text: str, file: str) -> Finding | None:
    """The finding for a `%` directive at the head of a file, if there is one."""
    match = _DIRECTIVE.match(text)
    if match is None:
        return None
    return Finding(file, span_at(text, match.start(1), len(match.group(1))), Severity.ERROR,
                   codes.DIRECTIVE, "a YAML directive is not allowed", "delete the line")


def properties(text: str, start: int, end: int) -> Iterator[re.Match[str]]:
    """The anchor and the tag that stand in front of a value which begins at `start`."""
    position = start
    for _ in range(2):
        match = _PROPERTY.match(text, position)
        if match is None:
            return
        yield match
        position = match.end()
        while text[position:position + 1] in (" ", "\r", "\n") and position < end:
            position += 1


class _Meaning(msgspec.Struct, frozen=True):
    """What to say, and about which stretch of the text."""

    start: int
    length: int
    message: str
    hint: str
    code: str = codes.SYNTAX


class _Place(msgspec.Struct, frozen=True):
    """Where the parser stopped, and what it was reading since where."""

    text: str
    at: int
    since: int

    @property
    def char(self) -> str:
        return self.text[self.at:self.at + 1]

    @property
    def line_start(self) -> int:
        return self.text.rfind("\n", 0, self.at) + 1

    @property
    def line(self) -> str:
        return line_at(self.text, self.at)

    @property
    def before(self) -> str:
        """The line up to the place."""
        return self.text[self.line_start:self.at]

    @property
    def first(self) -> bool:
        """Whether nothing but spaces (and `- `) stands before the place on its line."""
        return not self.before.strip(" -")

    def above(self) -> tuple[int, str] | None:
        """Start and text of the nearest line above that holds more than a comment."""
        end = self.line_start - 1
        for _ in range(1000):
            if end < 0:
                return None
            start = self.text.rfind("\n", 0, end) + 1
            line = self.text[start:end].rstrip("\r")
            if line.strip() and not line.lstrip().startswith("#"):
                return start, line
            end = start - 1
        return None


def line_at(text: str, index: int) -> str:
    """The line that holds the character at `index`."""
    start = text.rfind("\n", 0, index) + 1
    end = text.find("\n", index)
    return text[start:len(text) if end < 0 else end].rstrip("\r")


def explain(error: yaml.MarkedYAMLError, text: str, file: str) -> Finding:
    """A parser's error as a sentence with a fix, at the place that needs the change."""
    mark = error.problem_mark or error.context_mark
    at = mark.index if mark is not None else 0
    since = error.context_mark.index if error.context_mark is not None else at
    problem, context = str(error.problem or ""), str(error.context or "")
    place = _Place(text, min(at, len(text)), min(since, len(text)))
    meaning = None
    for word, find in _MEANINGS:
        if word in problem or word in context:
            meaning = find(place)
            break
    if meaning is None:
        meaning = _Meaning(place.at, 1, f"this is not YAML: {problem}",
                           "put the value in quotes if text is meant")
    start, length = _inside(text, meaning.start, meaning.length)
    return Finding(file, span_at(text, start, length), Severity.ERROR, meaning.code,
                   meaning.message, meaning.hint)


def _inside(text: str, start: int, length: int) -> tuple[int, int]:
    """Keep a stretch on one line that holds something, so that there is something to show."""
    if start >= len(text.rstrip()):
        start = len(text.rstrip())
        return max(0, start - 1), 1 if start else 0
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    if text[end - 1:end] == "\r":
        end -= 1
    return min(start, end), max(0, min(length, end - start))


def _colon(place: _Place) -> _Meaning:
    """`: ` where no mapping can begin."""
    inner = _KEY_AND_VALUE.match(place.before)
    if inner:
        start = place.line_start + inner.end()
        return _Meaning(start, len(place.line) - inner.end(),
                        "a value that holds `: ` needs quotes", _quoted(place.line[inner.end():]))
    above = place.above()
    if above:
        start, line = above
        if missing := _NO_SPACE.match(line):
            return _missing_space(start, line, missing)
        indent = len(place.line) - len(place.line.lstrip(" "))
        if _KEY_LINE.match(line) and indent > len(line) - len(line.lstrip(" ")):
            return _Meaning(place.line_start + indent, len(place.line) - indent,
                            "this line is indented deeper than the line above, which has a value",
                            "align it with the keys that it belongs to")
        if ":" not in line:
            return _no_colon(start, line)
    return _Meaning(place.at, 1, "a colon cannot stand here",
                    "quote the text that holds it, or check the indentation")


def _missing_space(start: int, line: str, match: re.Match[str]) -> _Meaning:
    key, value = match.groups()
    return _Meaning(start + match.start(1), len(line) - match.start(1),
                    f"there is no space after the colon of `{key[:40]}`",
                    f"write {key[:40]}: {value[:40]}")


def _no_colon(start: int, line: str) -> _Meaning:
    text = line.strip()
    if _CONFLICT.match(line):
        return _Meaning(start, len(text), "a merge conflict of git is not resolved here",
                        "keep one of the two sides, and delete the lines with the markers")
    if space := _WIDE_SPACE.search(line):
        return _Meaning(start + space.start(), 1,
                        f"the space U+{ord(space.group()):04X} is not a plain space",
                        "delete it and type a space; such ones come with text copied from a page")
    return _Meaning(start + len(line) - len(line.lstrip()), len(text),
                    "a key with a colon is expected here",
                    "write `key: value`; indent the line if it goes on with the text above")


def _key_without_colon(place: _Place) -> _Meaning:
    start = place.text.rfind("\n", 0, place.since) + 1
    line = line_at(place.text, place.since)
    if missing := _NO_SPACE.match(line):
        return _missing_space(start, line, missing)
    return _no_colon(start, line)


def _expected_key(place: _Place) -> _Meaning:
    """Something that is not a key where the next key of a mapping would be."""
    if place.char == ":":
        return _Meaning(place.at, 1, "there is no key before the colon", "name the key")
    if not place.before.strip():
        if place.text[place.at:place.at + 2] in ("- ", "-\n", "-\r"):
            return _Meaning(place.at, 1, "a list entry stands where a key is expected",
                            "indent it like the other entries of its list, or under its key")
        return _Meaning(place.at, _word(place), "the indentation fits no line above",
                        "align it with the keys that it belongs to")
    return _after_value(place)


def _after_value(place: _Place) -> _Meaning:
    """More text on the line after a value that was complete: quotes or brackets are the reason."""
    head = re.match(r"\s*(?:- +)*(?:[^\s'\"\[{][^:]*:[ ]+)?", place.line)
    begin = head.end() if head else 0
    value = place.line[begin:]
    start = place.line_start + begin
    if place.char in ("]", "}"):
        return _Meaning(place.at, 1, f"there is one `{place.char}` too many", "delete it")
    if value[:1] in ("[", "{"):
        return _Meaning(start, len(value), f"text that begins with `{value[0]}` needs quotes",
                        _quoted(value))
    if value[:1] == "'":
        return _Meaning(start, len(value), "the quoted text ends before the line does",
                        "write an apostrophe inside single quotes twice (''), or use double quotes")
    if value[:1] == '"':
        return _Meaning(start, len(value), "the quoted text ends before the line does",
                        'write \\" for a quote inside double quotes, or quote the whole value')
    return _Meaning(place.at, _word(place), "this does not belong to the value before it",
                    "begin a new line, or put the whole value in quotes")


def _expected_dash(place: _Place) -> _Meaning:
    if not place.before.strip():
        return _Meaning(place.at, _word(place), "a list entry is expected here",
                        "begin it with `- `, or check the indentation")
    return _after_value(place)


def _flow(place: _Place) -> _Meaning:
    """A list or mapping in brackets that is neither closed nor goes on after a comma."""
    opening = place.text[place.since:place.since + 1]
    closing = _CLOSING.get(opening)
    if closing is None:
        return _Meaning(place.at, 1, "a comma or a closing bracket is missing here",
                        "separate entries by commas and close every bracket")
    between = place.text[place.since:place.at]
    if place.at >= len(place.text.rstrip()) or ("\n" in between and _KEY_LINE.match(place.line)):
        return _Meaning(place.since, 1, f"this `{opening}` is never closed",
                        f"add `{closing}`, or quote the value if text is meant")
    return _Meaning(place.at, _word(place), f"a comma or `{closing}` is missing before this place",
                    "separate entries by commas; quote text that holds `: ` or brackets")


def _no_content(place: _Place) -> _Meaning:
    if place.char == ",":
        return _Meaning(place.at, 1, "there is no value before this comma",
                        "delete the comma, or quote the text that begins with it")
    if place.char == ":":
        return _Meaning(place.at, 1, "there is no key before the colon", "name the key")
    if place.char in ("]", "}"):
        return _Meaning(place.at, 1, f"this `{place.char}` closes nothing",
                        "delete it, or quote the text that begins with it")
    return _Meaning(place.at, _word(place), "a value cannot begin like this",
                    "put it in quotes if text is meant")


def _quote(place: _Place) -> _Meaning:
    quote = place.text[place.since:place.since + 1]
    return _Meaning(place.since, 1, f"the quote {quote} opened here is never closed",
                    f"close it with {quote}, or put text that holds one in the other quotes")


def _escape(place: _Place) -> _Meaning:
    start = place.text.rfind("\\", place.since, place.at + 1)
    start = place.at if start < 0 else start
    shown = place.text[start:start + 2].strip()
    return _Meaning(start, 2, f"{shown} is not an escape that double quotes know",
                    "write \\\\ for a backslash, or use single quotes")


def _bad_start(place: _Place) -> _Meaning:
    if place.char == "\t":
        return _Meaning(place.at, 1, "a tab in the indentation", "indent with spaces", codes.TAB)
    value = place.text[place.at:place.line_start + len(place.line)]
    return _Meaning(place.at, len(value), f"text that begins with {place.char} needs quotes",
                    _quoted(value))


def _block(place: _Place) -> _Meaning:
    sign = place.text[place.since:place.since + 1]
    value = line_at(place.text, place.since)[
        place.since - place.text.rfind("\n", 0, place.since) - 1:]
    return _Meaning(place.since, len(value),
                    f"text after `{sign}` begins on the next line, indented",
                    f"begin a new line, or quote the text that begins with `{sign}`")


def _alias(place: _Place) -> _Meaning:
    return _needs_quotes(place, codes.ANCHOR)


def _tag(place: _Place) -> _Meaning:
    return _needs_quotes(place, codes.TAG)


def _needs_quotes(place: _Place, code: str) -> _Meaning:
    line = line_at(place.text, place.since)
    value = line[place.since - place.text.rfind("\n", 0, place.since) - 1:]
    return _Meaning(place.since, len(value), f"text that begins with `{value[:1]}` needs quotes",
                    _quoted(value), code)


def _list_in_line(place: _Place) -> _Meaning:
    return _Meaning(place.at, len(place.line) - len(place.before),
                    "a list in dashes begins on a line of its own",
                    "begin a new line, write it as [a, b], or quote text that begins with a dash")


def _question(place: _Place) -> _Meaning:
    return _Meaning(place.at, 1, "text that begins with `? ` needs quotes", "put it in quotes")


def _ended(place: _Place) -> _Meaning:
    return _Meaning(place.at, _word(place), "the document ends before this place",
                    "a file is one mapping: keys at the start of the line, without brackets around")


def _deep(place: _Place) -> _Meaning:
    return _Meaning(place.at, 1, "brackets are nested far too deep",
                    "close brackets that were left open, or quote the text that holds them",
                    codes.TOO_DEEP)


def _tab(place: _Place) -> _Meaning:
    return _Meaning(place.at, 1, "a tab in the indentation", "indent with spaces", codes.TAB)


def _word(place: _Place) -> int:
    """Length of what stands at the place, up to the end of its line."""
    return max(1, len(place.line.rstrip()) - len(place.before))


def _quoted(value: str) -> str:
    """The hint that shows a value in quotes."""
    text = value.strip()
    if len(text) > 60 or '"' in text or "\\" in text or "#" in text:
        return "put the whole value in quotes"
    return f'write "{text}"'


# The first whose words occur in the parser's problem or context decides.
_MEANINGS: tuple[tuple[str, Callable[[_Place], _Meaning]], ...] = (
    ("mapping values are not allowed", _colon),
    ("could not find expected ':'", _key_without_colon),
    ("found a tab character", _tab),
    ("cannot start any token", _bad_start),
    ("unexpected end of stream", _quote),
    ("unexpected document indicator", _quote),
    ("unknown escape character", _escape),
    ("hexdecimal number", _escape),
    ("invalid Unicode character escape", _escape),
    ("scanning a block scalar", _block),
    ("scanning an alias", _alias),
    ("scanning an anchor", _alias),
    ("scanning a tag", _tag),
    ("parsing a tag", _tag),
    ("undefined tag handle", _tag),
    ("block sequence entries are not allowed", _list_in_line),
    ("mapping keys are not allowed", _question),
    ("maximum nesting", _deep),
    ("expected ',' or", _flow),
    ("did not find expected key", _expected_key),
    ("expected '-' indicator", _expected_dash),
    ("expected node content", _no_content),
    ("<document start>", _ended),
)
