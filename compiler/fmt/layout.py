"""A document as blocks, entries and the comments that belong to them.

Values that stand in brackets or quotes, or run over several lines, are leaves: their text is kept
as typed. Only block mappings and block sequences are laid out anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from compiler.finding import Span
from compiler.read.nodes import Mapping, Node, Scalar, Sequence


class UnsupportedError(Exception):
    """The document is laid out in a way that is not understood; it must be left as it is."""


@dataclass(slots=True)
class Leaf:
    """A value whose text is kept.

    Attributes:
        lines: As typed; the first begins at the value's first character.
        column: Where the first line begins, from 0.
        base: Column of the key or dash that it belongs to.
        own_line: It begins on a line below its key or dash.
        literal: It is a block scalar (`|` or `>`).
        quoted: It is a quoted scalar.
    """

    lines: list[str]
    column: int
    base: int
    own_line: bool
    literal: bool
    quoted: bool


@dataclass(slots=True)
class Entry:
    """A key with its value, or an item.

    Attributes:
        name: The key's text; empty for an item.
        key: The key as typed; empty for an item.
        before: Comment lines above, `""` for a blank line.
        value: See `Leaf` and `Block`.
        head: Comment on the key's line when the value is a block, with the space before it.
        tail: Comment behind a leaf, with the space before it.
    """

    name: str
    key: str
    before: list[str]
    value: Leaf | Block
    head: str = ""
    tail: str = ""


@dataclass(slots=True)
class Block:
    """A block mapping or block sequence.

    Attributes:
        column: Where its keys or dashes stand, from 0.
        is_sequence: A list rather than a mapping.
        entries: In the order typed.
        footer: Comment lines that belong to it below its last entry.
    """

    column: int
    is_sequence: bool
    entries: list[Entry] = field(default_factory=list)
    footer: list[str] = field(default_factory=list)

    def last_blocks(self) -> list[Block]:
        """The blocks that end where the last entry ends, outermost first."""
        out: list[Block] = []
        value = self.entries[-1].value if self.entries else None
        while isinstance(value, Block):
            out.append(value)
            value = value.entries[-1].value if value.entries else None
        return out


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment between two values.

    Attributes:
        text: From `#` to the last character that is not a space.
        column: Of the `#`, from 0.
        space: The white space before it on its line.
        fresh: A line ended between the value before and it.
        blank: A blank line is above it.
        after_mark: A dash or colon is before it.
    """

    text: str
    column: int
    space: str
    fresh: bool
    blank: bool
    after_mark: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """What stands between two values: comments, line ends, and the marks of block style."""

    comments: list[Comment]
    marks: str
    newline: bool
    blank: bool  # a blank line is between the last comment and the next value


def scan(text: str, start: int, end: int) -> Gap:
    """Take apart the stretch between two values."""
    comments: list[Comment] = []
    marks, newlines, fresh, position = "", 0, False, start
    while position < end:
        char = text[position]
        if char == "\n":
            newlines += 1
            fresh = True
        elif char == "#" and (position == 0 or text[position - 1] in " \n"):
            line_end = min(_line_end(text, position), end)
            line_start = text.rfind("\n", 0, position) + 1
            lead = text[line_start:position]
            comments.append(Comment(
                text[position:line_end].rstrip(), position - line_start,
                lead[len(lead.rstrip(" ")):], fresh,
                newlines > 1, bool(marks)))
            position, newlines = line_end, 0
            continue
        elif char != " ":
            marks += char
        position += 1
    return Gap(comments, marks, fresh, newlines > 1)


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end


def read(text: str, tree: Mapping | Sequence) -> Block:
    """The layout of a document.

    Args:
        text: With LF line ends and no byte order mark.
        tree: What the reader made of exactly this text, without an error.

    Raises:
        UnsupportedError: The layout is not understood.
    """
    return _Reader(text).document(tree)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0]
        for index, char in enumerate(text):
            if char == "\n":
                self.starts.append(index + 1)
        self.position = 0
        self.last: Entry | None = None

    def document(self, tree: Mapping | Sequence) -> Block:
        start = self.offset(tree.span.line, tree.span.column)
        if self.text[start] in "{[":
            raise UnsupportedError("the whole document stands in brackets")
        gap = scan(self.text, 0, start)
        if gap.marks not in ("", "---"):
            raise UnsupportedError(f"unexpected {gap.marks!r} before the first value")
        self.position = start
        root = self.block(tree, _lines(gap.comments, gap.blank))
        gap = scan(self.text, self.position, len(self.text))
        if gap.marks not in ("", "..."):
            raise UnsupportedError(f"unexpected {gap.marks!r} after the last value")
        rest = self.take_tail(gap.comments)
        self.footers(rest, [root, *root.last_blocks()])
        return root

    def block(self, node: Mapping | Sequence, before: list[str]) -> Block:
        """Read a block whose first character is at `self.position`."""
        block = Block(self.column(self.position), isinstance(node, Sequence))
        for key, value in _children(node):
            start = self.begin(value) if key is None else self.offset(key.span.line,
                                                                      key.span.column)
            gap = scan(self.text, self.position, start)
            if gap.marks != ("-" if key is None else ""):
                raise UnsupportedError(f"unexpected {gap.marks!r} before line {self.line(start)}")
            comments = self.take_tail(gap.comments)
            inside = [comment for comment in comments if comment.after_mark]
            above = [comment for comment in comments if not comment.after_mark]
            if block.entries:
                above = self.footers(above, block.last_blocks(), block.column)
                before = _lines(above, gap.blank and not inside)
            self.position = start
            if key is None:
                self.item(block, value, before, gap, inside)
            else:
                self.pair(block, key, value, before)
            before = []
        return block

    def item(self, block: Block, value: Node, before: list[str], gap: Gap,
             inside: list[Comment]) -> None:
        entry = Entry("", "", before, Block(0, True))
        if isinstance(value, Mapping | Sequence) and self.is_block(value):
            # Comments between the dash and the first key belong to that key.
            entry.value = self.block(value, _lines(inside, gap.blank))
        else:
            entry.before += _lines(inside, False)
            dash_line_end = self.text.rfind("\n", 0, self.position)
            dash = self.text.rfind("-", 0, self.position)
            entry.value = self.leaf(value, block.column, own_line=dash < dash_line_end)
            self.last = entry
        block.entries.append(entry)

    def pair(self, block: Block, key: Scalar, value: Node, before: list[str]) -> None:
        key_end = self.offset(key.span.end_line, key.span.end_column)
        if key.span.end_line != key.span.line:
            raise UnsupportedError(f"the key on line {key.span.line} runs over several lines")
        entry = Entry(key.raw, self.text[self.position:key_end], before, Block(0, False))
        start = self.begin(value)
        gap = scan(self.text, key_end, start)
        if gap.marks != ":":
            raise UnsupportedError(f"unexpected {gap.marks!r} behind the key on line "
                                   f"{key.span.line}")
        self.position = start
        if isinstance(value, Mapping | Sequence) and self.is_block(value):
            comments = gap.comments
            if comments and not comments[0].fresh:
                entry.head = comments[0].space + comments[0].text
                comments = comments[1:]
            entry.value = self.block(value, _lines(comments, gap.blank))
        else:
            entry.before += _lines(gap.comments, False)
            entry.value = self.leaf(value, block.column, own_line=gap.newline)
            self.last = entry
            if len(entry.value.lines) > 1 and any("modelbook:" in c.text for c in gap.comments):
                # It is about the line below it, which above the key would be another.
                raise UnsupportedError(f"a comment for the compiler stands below the key on line "
                                       f"{key.span.line}")
        block.entries.append(entry)

    def leaf(self, value: Node, base: int, *, own_line: bool) -> Leaf:
        start = self.position
        end = self.offset(value.span.end_line, value.span.end_column)
        first = self.text[start:start + 1]
        scalar = isinstance(value, Scalar)
        literal = isinstance(value, Scalar) and not value.plain and first in ("|", ">")
        if literal:
            # Trailing spaces of the last line are part of the value.
            end = _line_end(self.text, end)
        self.position = end
        return Leaf(self.text[start:end].split("\n"), self.column(start), base, own_line, literal,
                    scalar and not literal and first in ("'", '"'))

    def take_tail(self, comments: list[Comment]) -> list[Comment]:
        """Give a comment that stands behind the last leaf to it; return the others."""
        if comments and not comments[0].fresh and not comments[0].after_mark and self.last:
            self.last.tail = comments[0].space + comments[0].text
            return comments[1:]
        return comments

    def footers(self, comments: list[Comment], blocks: list[Block],
                next_column: int = -1) -> list[Comment]:
        """Give comments that are indented deeper than what follows to the blocks that end here.

        Each goes to the innermost block that is not indented deeper than it; so an entry that was
        commented out stays where it was. The others are returned.
        """
        for index, comment in enumerate(comments):
            if comment.column <= next_column or not blocks:
                return comments[index:]
            fitting = [block for block in blocks if block.column <= comment.column]
            home = max(fitting, key=lambda block: block.column) if fitting else blocks[0]
            home.footer += _lines([comment], False)
        return []

    def is_block(self, value: Mapping | Sequence) -> bool:
        return self.text[self.begin(value)] not in "{["

    def begin(self, value: Node) -> int:
        return self.offset(value.span.line, value.span.column)

    def offset(self, line: int, column: int) -> int:
        return self.starts[line - 1] + column - 1

    def column(self, position: int) -> int:
        return position - (self.text.rfind("\n", 0, position) + 1)

    def line(self, position: int) -> int:
        return self.text.count("\n", 0, position) + 1


def _children(node: Mapping | Sequence) -> Iterator[tuple[Scalar | None, Node]]:
    if isinstance(node, Mapping):
        yield from node.items()
    else:
        for item in node.items:
            yield None, item


def _lines(comments: list[Comment], blank_after: bool) -> list[str]:
    """Comments as lines, with one blank line where there was any."""
    out: list[str] = []
    for comment in comments:
        if comment.blank:
            out.append("")
        out.append(comment.text)
    return [*out, ""] if blank_after else out


def comments_of(text: str, tree: Node) -> list[str]:
    """Every comment of a document, those inside brackets and on the first line of `|` included."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    position, out = 0, []
    for scalar in _scalars(tree):
        begin, end = _offsets(starts, scalar.span)
        out += [comment.text for comment in scan(text, position, begin).comments]
        if text[begin:begin + 1] in ("|", ">") and not scalar.plain:
            header = text[begin:_line_end(text, begin)]
            if " #" in header:
                out.append(header[header.index(" #") + 1:].rstrip())
            end = max(end, begin + len(header))
            end = _line_end(text, end)
        position = max(position, end)
    return out + [comment.text for comment in scan(text, position, len(text)).comments]


def _scalars(node: Node) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _scalars(item)
    else:
        for key, value in node.items():
            yield key
            yield from _scalars(value)


def _offsets(starts: list[int], span: Span) -> tuple[int, int]:
    return (starts[span.line - 1] + span.column - 1,
            starts[span.end_line - 1] + span.end_column - 1)
