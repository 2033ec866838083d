"""Names of quantizations: their bits, their spelling, and examples of a format's patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, product

from compiler.check.view import CatalogueView
from runtime.support import matches

_BITS = re.compile(r"(?i)(?:int|^)([2-8])(?=$|[^0-9a-z]|-?bits?|mix)|([2-8])-?bits?|^w([248])a")
_KINDS = re.compile(r"(?i)(?:i?q[1-8]|tq[12])_")
_PREFIX = re.compile(r"(?:UD|i1)-")
_CLASS = re.compile(r"\[([^\]]+)\]")
#: Ten times what a format has; forty classes of letters in a row would have more than memory holds.
_MOST = 1000


def bits(name: str) -> list[int]:
    """The numbers of bits that a quantization's name states; empty where it states none."""
    return sorted({int(a or b or c) for a, b, c in _BITS.findall(name)})


def style(name: str) -> str | None:
    """`upper` or `lower` for names such as `Q4_K_M`; None where the case tells nothing."""
    name = _PREFIX.sub("", name)
    if not _KINDS.match(name):
        return None
    return "lower" if name == name.lower() else "upper"


def examples(catalogue: CatalogueView, model_format: str) -> list[str]:
    """Names that a format's patterns allow, for suggestions; not more than can be looked at."""
    known = catalogue.formats.get(model_format)
    return list(islice((name for pattern in (known.quantizations if known else [])
                        for name in _expand(pattern)), _MOST))


def _expand(pattern: str) -> Iterator[str]:
    """Names that `pattern` matches; none where it holds a wildcard."""
    if "*" in pattern or "?" in pattern:
        return
    pieces = _CLASS.split(pattern)
    choices = [[piece] if index % 2 == 0 else _members(piece) for index, piece in enumerate(pieces)]
    for letters in product(*choices):
        yield "".join(letters)


def _members(inside: str) -> list[str]:
    if span := re.fullmatch(r"([0-9])-([0-9])", inside):
        return [str(digit) for digit in range(int(span[1]), int(span[2]) + 1)]
    # `[Qq]` is one letter in two cases; the upper case is the usual one.
    return [inside[0]] if inside.lower() == inside[0].lower() * 2 else list(inside)


def home_formats(catalogue: CatalogueView, name: str) -> list[str]:
    """The formats that have a quantization of this name."""
    return [known.name for known in catalogue.formats.values()
            if matches(name, known.quantizations)]
