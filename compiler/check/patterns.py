"""Whether two shell-style patterns can match the same name."""

from __future__ import annotations

import re
from functools import cache

_ALPHABET = frozenset(chr(code) for code in range(0x20, 0x7F))
_TOKEN = re.compile(r"\[!?\]?[^\]]*\]|.", re.DOTALL)


def overlap(first: str, second: str) -> bool:
    """Whether some name matches both patterns (as `fnmatch.fnmatchcase` reads them)."""
    one, two = _tokens(first), _tokens(second)

    @cache
    def meets(i: int, j: int) -> bool:
        if i == len(one) and j == len(two):
            return True
        star_one = i < len(one) and one[i] is None
        star_two = j < len(two) and two[j] is None
        if star_one and (meets(i + 1, j) or (j < len(two) and meets(i, j + 1))):
            return True
        if star_two and (meets(i, j + 1) or (i < len(one) and meets(i + 1, j))):
            return True
        if star_one or star_two or i == len(one) or j == len(two):
            return False
        left, right = one[i], two[j]
        return bool(left and right and left & right) and meets(i + 1, j + 1)

    return meets(0, 0)


def _tokens(pattern: str) -> list[frozenset[str] | None]:
    """The letters that each place of a pattern allows; None for `*`."""
    return [_letters(piece) for piece in _TOKEN.findall(pattern)]


def _letters(piece: str) -> frozenset[str] | None:
    if piece == "*":
        return None
    if piece == "?":
        return _ALPHABET
    if len(piece) < 3 or not piece.startswith("["):
        return frozenset(piece)
    inside = piece[1:-1]
    negated = inside.startswith("!")
    inside = inside.removeprefix("!")
    letters: set[str] = set()
    index = 0
    while index < len(inside):
        if inside[index + 1:index + 2] == "-" and index + 2 < len(inside):
            letters.update(map(chr, range(ord(inside[index]), ord(inside[index + 2]) + 1)))
            index += 3
        else:
            letters.add(inside[index])
            index += 1
    return _ALPHABET - letters if negated else frozenset(letters)
