"""How rules word lists and suggestions."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: Longer words are no typing mistakes; comparing them takes time that grows with their square.
_LONGEST = 100
#: What the skeleton writes where only the author knows the value.
TODO = re.compile(r"(?<![A-Za-z0-9])TODO(?![A-Za-z0-9])")


def listing(names: Iterable[str], limit: int = 6) -> str:
    """`a, b and c`; a long list ends in a count."""
    items = list(names)
    if len(items) > limit:
        return f"{', '.join(items[:limit])} and {len(items) - limit} more"
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """The choice that `word` was probably meant to be, case aside; None where none is near."""
    if len(word) > _LONGEST:
        return None
    from difflib import get_close_matches  # specs without a mistake need none

    folded: dict[str, str] = {}
    for choice in choices:
        if len(choice) <= _LONGEST:
            folded.setdefault(choice.lower(), choice)
    near = get_close_matches(word.lower(), folded, n=1, cutoff=0.6)
    return folded[near[0]] if near else None


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """`did you mean X?`, or the choices themselves where none is near."""
    options = list(choices)
    if near := nearest(word, options):
        return f"did you mean {near}?"
    return f"known are {listing(options, 12)}" if options else ""
