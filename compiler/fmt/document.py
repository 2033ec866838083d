"""Format one spec, and prove that nothing but its layout changed."""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeAlias

from compiler.finding import Finding, Severity
from compiler.fmt import layout, modeline
from compiler.fmt.layout import Block, UnsupportedError
from compiler.fmt.write import ORDER_HAS_MEANING, write
from compiler.read.file import read_bytes
from compiler.read.nodes import Mapping, Node, Scalar, Sequence
from compiler.read.parse import parse

#: From the schema that a file's modeline names to the one that it is to name; None: no modeline.
Choose: TypeAlias = Callable[[str | None], str | None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What formatting one file came to.

    Attributes:
        file: As the user would type it.
        before: The file's bytes.
        after: The formatted bytes; `before` where it was left as it is.
        findings: Reader errors, for which the file was left as it is.
        left: Why else it was left as it is; empty if it was not.
    """

    file: str
    before: bytes
    after: bytes
    findings: list[Finding] = field(default_factory=list)
    left: str = ""

    @property
    def changed(self) -> bool:
        """Whether formatting changes the file."""
        return self.before != self.after


def kind_of(path: Path) -> str:
    """The kind of spec by where it lies: `family`, `engine`, `formats` or `catalogue`."""
    if path.name in ("formats.yaml", "catalogue.yaml"):
        return path.stem
    return "engine" if path.resolve().parent.name == "engines" else "family"


def format_file(path: Path, *, schema: str | None = None) -> Outcome:
    """Format the file at `path` in memory; nothing is written.

    Args:
        path: A spec.
        schema: Path or URL for its modeline; see `compiler.fmt.modeline.choose`.
    """
    # Without a link out of its folder: whoever sends specs in could have other files rewritten.
    folder = path.absolute().parent
    root = folder.parent if folder.name in ("families", "engines") else folder
    data, problem = read_bytes(path, root)
    if data is None:
        return Outcome(str(path), b"", b"", [problem] if problem else [])
    kind = kind_of(path)

    def choose(existing: str | None) -> str | None:
        return modeline.choose(path, kind, existing, schema)

    return format_bytes(data, str(path), kind=kind, choose=choose)


def format_bytes(data: bytes, file: str, *, kind: str = "family",
                 choose: Choose = lambda existing: existing) -> Outcome:
    """Format one spec.

    Args:
        data: The spec's bytes.
        file: What findings call it.
        kind: `family`, `engine`, `formats` or `catalogue`: whose schema gives the order of keys.
        choose: See `Choose`.
    """
    tree, findings = parse(data, file)
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors or tree is None:
        return Outcome(file, data, data, errors)
    try:
        after = _format(data, tree, kind, choose)
        if _format(after, _parsed(after), kind, choose) != after:
            raise UnsupportedError("formatting it twice would change it again")
    except UnsupportedError as reason:
        return Outcome(file, data, data, left=str(reason))
    return Outcome(file, data, after)


def _format(data: bytes, tree: Node, kind: str, choose: Choose) -> bytes:
    if not isinstance(tree, Mapping | Sequence):
        raise UnsupportedError("it is a single value")
    text = data.decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n")
    root = layout.read(text, tree)
    existing = _take_modeline(root)
    wanted = choose(existing)
    first = None if wanted is None else modeline.line(wanted)
    after = write(root, _schema(kind), first).encode("utf-8")
    _prove(text, tree, after)
    return after


def _prove(text: str, tree: Node, after: bytes) -> None:
    """Refuse a result that does not hold the same data and the same comments."""
    again = _parsed(after)
    if not _same(tree, again):
        raise UnsupportedError("formatting would change what it says")
    if _comments(text, tree) != _comments(after.decode("utf-8"), again):
        raise UnsupportedError("formatting would lose or change a comment")


def _parsed(data: bytes) -> Node:
    tree, findings = parse(data, "formatted")
    if tree is None or any(finding.severity is Severity.ERROR for finding in findings):
        raise UnsupportedError("formatting would break it")
    return tree


def _comments(text: str, tree: Node) -> Counter[str]:
    return Counter(comment for comment in layout.comments_of(text, tree)
                   if modeline.target(comment) is None)


def _same(one: Node, other: Node, *, ordered: bool = False) -> bool:
    if isinstance(one, Scalar) and isinstance(other, Scalar):
        return (type(one.value) is type(other.value)
                and (one.value, one.raw, one.plain) == (other.value, other.raw, other.plain))
    if isinstance(one, Sequence) and isinstance(other, Sequence):
        return len(one.items) == len(other.items) and all(
            _same(a, b) for a, b in zip(one.items, other.items, strict=True))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        names, others = list(one.entries), list(other.entries)
        if (names != others) if ordered else (set(names) != set(others)):
            return False
        return all(_same(value, other.entries[name][1], ordered=name in ORDER_HAS_MEANING)
                   for name, (_, value) in one.entries.items())
    return False


def _take_modeline(root: Block) -> str | None:
    """Remove modelines above the first key; the schema that the first of them names."""
    if not root.entries:
        return None
    first = root.entries[0]
    targets = [found for comment in first.before if (found := modeline.target(comment))]
    first.before = [comment for comment in first.before if modeline.target(comment) is None]
    while first.before[:1] == [""]:
        del first.before[0]
    return targets[0] if targets else None


@functools.cache
def _schema(kind: str) -> dict[str, Any]:
    path = files("compiler") / "schema" / f"{kind}.schema.json"
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema
