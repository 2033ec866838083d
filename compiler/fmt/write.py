"""A layout as text: two columns a level, keys in the schema's order, blank lines between specs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from compiler.fmt.layout import Block, Entry, Leaf, UnsupportedError

Schema: TypeAlias = "dict[str, Any]"

#: A value that stands below its key is joined to it where the line stays within this width.
WIDTH = 100
#: Mappings whose order says something, so that it is the author's: hubs by preference.
ORDER_HAS_MEANING = frozenset({"hubs"})
#: Keys of the document that stand apart, and whose items do.
SPACED = frozenset({"specs", "chat_template", "extensions"})


def write(root: Block, schema: Schema, modeline: str | None) -> str:
    """The document's text.

    Args:
        root: The document, without its modeline.
        schema: Gives the order of keys; `{}` keeps them as they are.
        modeline: The first line, or None.
    """
    lines = [] if modeline is None else [modeline]
    header: list[str] = []
    if root.entries:
        before = root.entries[0].before
        # What a blank line sets off from the first key is about the file, not about that key.
        if "" in before:
            cut = len(before) - before[::-1].index("")
            header, before = before[:cut], before[cut:]
        root.entries[0].before = before
    first, body = _block(root, 0, schema, spaced=False, top=True)
    header = _squeeze([*header, *first])
    return "\n".join([*lines, *header, *body]) + "\n"


def _block(
    block: Block, indent: int, schema: Schema, *, spaced: bool, top: bool = False,
) -> tuple[list[str], list[str]]:
    """The comments above a block's first entry, not indented, and all its further lines."""
    first: list[str] = []
    out: list[str] = []
    for number, entry in enumerate(_ordered(block, schema)):
        wants_blank = number > 0 and (spaced or (top and entry.name in SPACED))
        below = _child(schema, block, entry)
        spread = top and entry.name in SPACED
        above, lines = (_item(entry, indent, below) if block.is_sequence else
                        _pair(entry, indent, below, spaced=spread))
        comments = _squeeze([*entry.before, *above])
        if number == 0:
            first = comments[1:] if comments[:1] == [""] else comments
        else:
            if wants_blank and comments[:1] != [""]:
                comments.insert(0, "")
            out += _indented(comments, indent)
        out += lines
    footer = _squeeze(block.footer)
    out += _indented(footer, indent)
    return first, out


def _pair(
    entry: Entry, indent: int, schema: Schema, *, spaced: bool,
) -> tuple[list[str], list[str]]:
    start = " " * indent + entry.key + ":"
    if isinstance(entry.value, Block):
        first, lines = _block(entry.value, indent + 2, schema, spaced=spaced)
        return [], [start + entry.head, *_indented(first, indent + 2), *lines]
    leaf = entry.value
    if leaf.lines == [""]:
        return [], [start + entry.tail]
    joined = f"{start} {leaf.lines[0]}"
    apart = leaf.own_line and (len(leaf.lines) > 1 or len(joined + entry.tail) > WIDTH)
    if apart and not leaf.literal:
        lines = _leaf(leaf, indent, indent + 2)
        return [], [start, *_closed(" " * (indent + 2) + lines[0], lines[1:], entry.tail)]
    lines = _leaf(leaf, indent, len(start) + 1)
    return [], _closed(f"{start} {lines[0]}", lines[1:], entry.tail)


def _item(entry: Entry, indent: int, schema: Schema) -> tuple[list[str], list[str]]:
    dash = " " * indent + "-"
    if isinstance(entry.value, Block):
        first, lines = _block(entry.value, indent + 2, schema, spaced=False)
        # A comment cannot stand between the dash and its first key, so it goes above both.
        return first, [f"{dash} {lines[0][indent + 2:]}", *lines[1:]]
    if entry.value.lines == [""]:
        return [], [dash + entry.tail]
    lines = _leaf(entry.value, indent, indent + 2)
    return [], _closed(f"{dash} {lines[0]}", lines[1:], entry.tail)


def _closed(first: str, rest: list[str], tail: str) -> list[str]:
    lines = [first, *rest]
    lines[-1] += tail
    return lines


def _leaf(leaf: Leaf, indent: int, column: int) -> list[str]:
    """A leaf's lines; all but the first are indented.

    Args:
        leaf: The leaf.
        indent: New column of the key or dash that it belongs to.
        column: New column of its first character.
    """
    if leaf.literal:
        return _literal(leaf, indent)
    first, rest = leaf.lines[0], leaf.lines[1:]
    if not rest:
        return [first]
    if not leaf.quoted:
        first = first.rstrip(" ")
        rest = [*(line.rstrip(" ") for line in rest[:-1]), rest[-1]]
    widths = [_width(line) for line in rest if line.strip(" ")]
    aligned = leaf.own_line or min(widths, default=0) >= leaf.column
    shift = column - leaf.column if aligned else indent - leaf.base
    return [first, *(_shifted(line, shift, indent) for line in rest)]


def _shifted(line: str, shift: int, indent: int) -> str:
    body = line.lstrip(" ")
    if not body:
        return ""
    least = indent if body[0] in "]}" else indent + 2
    return " " * max(_width(line) + shift, least) + body


def _literal(leaf: Leaf, indent: int) -> list[str]:
    """A block scalar: its lines keep their indentation relative to each other."""
    header, content = leaf.lines[0], leaf.lines[1:]
    style = header.split(" #", 1)[0]
    stated = [int(char) for char in style if char.isdigit()]
    widths = [_width(line) for line in content if line.strip(" ")]
    if "+" in style:
        raise UnsupportedError("it holds a block of text that keeps its final blank lines (`+`)")
    if not widths:
        return [header.rstrip(" ")]
    old = leaf.base + stated[0] if stated else widths[0]
    new = indent + stated[0] if stated else indent + 2
    if min(widths) < old:
        raise UnsupportedError("it holds a block of text that is indented unevenly")
    out = [header.rstrip(" ")]
    for line in content:
        blank_within = not line.strip(" ") and len(line) <= old
        out.append("" if blank_within else " " * new + line[old:])
    return out


def _ordered(block: Block, schema: Schema) -> list[Entry]:
    """Entries as the schema orders them; an unknown key stays behind the one that it followed."""
    known = list(schema.get("properties", ()))
    if block.is_sequence or not known:
        return block.entries
    rank, ranked = -1, []
    for entry in block.entries:
        rank = known.index(entry.name) if entry.name in known else rank
        ranked.append((rank, entry))
    return [entry for _, entry in sorted(ranked, key=lambda pair: pair[0])]


def _child(schema: Schema, block: Block, entry: Entry) -> Schema:
    """The schema of an entry's value; `hubs` loses its own order but not that of each hub."""
    if block.is_sequence:
        found: Schema = schema.get("items", {})
        return found
    properties: Schema = schema.get("properties") or schema.get("unordered") or {}
    below = properties.get(entry.name, schema.get("additionalProperties", {}))
    if not isinstance(below, dict):
        return {}
    if entry.name in ORDER_HAS_MEANING and "properties" in below:
        return {"unordered": below["properties"]}
    return below


def _indented(lines: Iterable[str], indent: int) -> list[str]:
    return [" " * indent + line if line else "" for line in lines]


def _squeeze(lines: list[str]) -> list[str]:
    """No two blank lines in a row."""
    return [line for index, line in enumerate(lines)
            if line or index == 0 or lines[index - 1]]


def _width(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
