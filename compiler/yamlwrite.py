"""Plain data to YAML text in the style in which specs are written by hand.

The reader gives back exactly what was written: `parse(write(data))` equals `data`, with the types
of its values. The style is that of `specs/families/`: no line over 100 columns where there is a
place to break it, short lists in brackets, prose folded, templates as literal blocks, quotes only
where they are needed, so that a person can go on editing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import yaml

from compiler.read.resolve import resolve

#: Longest line, where a line can be broken.
WIDTH = 100

_INDENT = 2
_SIZE_KEYS = frozenset({"size_in_billions", "activated_size_in_billions"})
# What grows by the line: a change to one entry should be a change to one line.
_BLOCK_KEYS = frozenset({"families", "hubs", "split_parts"})
_SIZE = re.compile(r"(0|[1-9][0-9]*)_[0-9]+\Z")
_PLAIN_START = re.compile(r"[^\s\-?:,\[\]{}#&*!|>'\"%@`=<]")
_PLAIN_NEVER = re.compile(r": | #|:\Z|\A\.\.\.|\A---")
_FLOW_NEVER = re.compile(r"[,\[\]{}:]")
_ESCAPES = {"\n": "\\n", "\t": "\\t", '"': '\\"', "\\": "\\\\", "\r": "\\r", "\0": "\\0"}
# A space at which a line can be broken and folded back: no other white space beside it.
_BREAK = re.compile(r"(?<=\S) (?=\S)")
# What other YAML readers may take for something else than text (`no`, `1_8`, `2024-01-01`).
_OTHER_READERS = yaml.SafeLoader.yaml_implicit_resolvers
_LONG_ITEM = 40

Data = Mapping[str, object]


def write(data: Data, *, header: str = "", spaced: Sequence[str] = ()) -> str:
    """One YAML document.

    Args:
        data: Text keys; values are text, integers, floats, booleans, None, lists and mappings.
        header: Comment lines to put first, each with its line end.
        spaced: Top-level keys that stand apart: a blank line comes before each, and between the
            items of a list of mappings.

    Raises:
        ValueError: A number cannot be written so that the reader reads it back, or a text holds a
            lone surrogate.
    """
    blocks: list[str] = []
    for key, value in data.items():
        lines = list(_entry(key, value, 0, spaced=key in spaced))
        blocks.append(("\n" if key in spaced and blocks else "") + "\n".join(lines) + "\n")
    text = header + "".join(blocks)
    text.encode("utf-8")  # a lone surrogate cannot be written
    return text


def _entry(key: str, value: object, indent: int, *, spaced: bool = False) -> Iterator[str]:
    """The lines of `key: value` at `indent`."""
    head = " " * indent + (key if _is_plain(key) else quoted(key)) + ":"
    if isinstance(value, str):
        yield from _text(head, value, indent, size=key in _SIZE_KEYS)
    elif isinstance(value, Mapping):
        flow = _flow_mapping(value, WIDTH - len(head) - 1)
        if flow and not (value and key in _BLOCK_KEYS):
            yield f"{head} {flow}"
        else:
            yield head
            yield from _block_mapping(value, indent + _INDENT)
    elif isinstance(value, list):
        if value and key in _BLOCK_KEYS:
            yield head
            yield from _block_list(value, indent + _INDENT)
        else:
            yield from _list(head, value, indent, spaced=spaced)
    else:
        yield f"{head} {_number(value)}"


def _block_mapping(value: Data, indent: int) -> Iterator[str]:
    for key, item in value.items():
        yield from _entry(key, item, indent)


def _list(head: str, items: list[object], indent: int, *, spaced: bool) -> Iterator[str]:
    flow = _flow_list(items)
    if not items or (flow is not None and len(head) + 1 + len(flow) <= WIDTH):
        yield f"{head} {flow}"
    elif flow is not None and all(len(_flow_scalar(item)) <= _LONG_ITEM for item in items):
        yield head
        yield from _wrapped_flow(items, indent + _INDENT)
    else:
        yield head
        yield from _block_list(items, indent + _INDENT, spaced=spaced)


def _block_list(items: Sequence[object], indent: int, *, spaced: bool = False) -> Iterator[str]:
    dash = " " * indent + "-"
    for number, item in enumerate(items):
        if spaced and number:
            yield ""
        if isinstance(item, str):
            yield from _text(dash, item, indent)
        elif isinstance(item, Mapping) and item:
            lines = _block_mapping(item, indent + _INDENT)
            yield f"{dash} {next(lines)[indent + _INDENT:]}"
            yield from lines
        elif isinstance(item, list):
            yield from _list(dash, item, indent, spaced=False)
        else:
            yield f"{dash} {'{}' if isinstance(item, Mapping) else _number(item)}"


def _flow_list(items: list[object]) -> str | None:
    """The list in brackets on one line; None where it reads better as a block."""
    if any(isinstance(item, (Mapping, list)) or (isinstance(item, str) and " " in item)
           for item in items):
        return None
    return "[" + ", ".join(map(_flow_scalar, items)) + "]"


def _wrapped_flow(items: list[object], indent: int) -> Iterator[str]:
    line = " " * indent + "["
    last = len(items) - 1
    for number, item in enumerate(items):
        word = _flow_scalar(item) + ("]" if number == last else ",")
        if number and len(line) + 1 + len(word) > WIDTH:
            yield line
            line = " " * (indent + 1) + word
        else:
            line += (" " if number else "") + word
    yield line


def _flow_mapping(value: Data, room: int) -> str | None:
    """A mapping of at most one short entry in braces; None where it reads better as a block."""
    if not value:
        return "{}"
    if len(value) > 1:
        return None
    (key, item), = value.items()
    if isinstance(item, list):
        inner = _flow_list(item)
    elif isinstance(item, Mapping):
        inner = "{}" if not item else None
    else:
        inner = _flow_scalar(item)
    if inner is None:
        return None
    flow = "{" + _flow_scalar(key) + ": " + inner + "}"
    return flow if len(flow) <= room else None


def _flow_scalar(value: object) -> str:
    if not isinstance(value, str):
        return _number(value)
    if _is_plain(value) and not _FLOW_NEVER.search(value):
        return value
    return quoted(value)


def _number(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        text = str(value) if isinstance(value, int) else format(Decimal(repr(value)), "f")
        if isinstance(value, float) and "." not in text:
            text += ".0"
        read = resolve(text)
        if type(read) is type(value) and read == value:
            return text
    raise ValueError(f"a spec cannot hold the number {value!r}")


def _text(head: str, text: str, indent: int, *, size: bool = False) -> Iterator[str]:
    """The lines of a text after `head` (a key with its colon, or a dash)."""
    if "\n" in text and _is_literal(text):
        yield from _literal(head, text, indent)
        return
    plain = _is_plain(text) or (size and bool(_SIZE.match(text)))
    line = text if plain else quoted(text)
    if len(head) + 1 + len(line) <= WIDTH or " " not in line:
        yield f"{head} {line}"
    elif _is_foldable(text):
        yield f"{head} >-"
        yield from _fill(text, indent + _INDENT, indent + _INDENT)
    else:
        first, *rest = _fill(quoted(text, double=True), len(head) + 1, indent + _INDENT)
        yield f"{head} {first.lstrip(' ')}"
        yield from rest


def _literal(head: str, text: str, indent: int) -> Iterator[str]:
    # Where the text itself begins with white space, the indentation must be told.
    told = str(_INDENT) if text[0] in " \n" else ""
    chomp = "" if text.endswith("\n") else "-"
    yield f"{head} |{told}{chomp}"
    margin = " " * (indent + _INDENT)
    for line in text.removesuffix("\n").split("\n"):
        yield margin + line if line else ""


def _fill(text: str, first: int, rest: int) -> Iterator[str]:
    """`text` broken at single spaces into lines, indented by `first` and then by `rest`."""
    start = last = 0
    margin = first
    for match in [*_BREAK.finditer(text), None]:
        end = match.start() if match else len(text)
        if margin + end - start > WIDTH and last > start:
            yield " " * margin + text[start:last]
            start, margin = last + 1, rest
        last = end
    yield " " * margin + text[start:]


def _is_literal(text: str) -> bool:
    """Whether a literal block keeps the text exactly."""
    body = text.removesuffix("\n")
    return (not body.endswith("\n") and body.strip() != ""
            and all(line.isprintable() for line in body.split("\n"))
            and body.rsplit("\n", 1)[-1].strip(" ") != "")


def _is_foldable(text: str) -> bool:
    """Whether a folded block keeps the text of one line exactly."""
    return text.isprintable() and text == text.strip()


def _is_plain(text: str) -> bool:
    """Whether the text needs no quotes in a block, for our reader and for others."""
    return bool(
        _PLAIN_START.match(text) and not _PLAIN_NEVER.search(text) and text.isprintable()
        and text == text.strip() and isinstance(resolve(text), str)
        and not any(pattern.match(text) for _, pattern in _OTHER_READERS.get(text[0], ()))
    )


def quoted(text: str, *, double: bool = False) -> str:
    """The text in quotes: single ones where that saves escapes, unless `double` is asked for."""
    if not double and "'" not in text and ('"' in text or "\\" in text) and text.isprintable():
        return f"'{text}'"
    return '"' + "".join(map(_escape, text)) + '"'


def _escape(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    if 0xD800 <= code <= 0xDFFF:
        raise ValueError(f"a text holds the lone surrogate U+{code:04X}")
    return f"\\x{code:02x}" if code < 0x100 else (
        f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
