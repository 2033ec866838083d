"""What a value without quotes means: YAML 1.2's core schema, narrowed to what a spec needs.

YAML 1.1 reads `no` as false, `1_8` as 18 and `12:30:45` as a number; the spec language is full of
such texts. Only the canonical spellings below are anything but text, so that what a person typed
and what the compiler reads are the same.
"""

from __future__ import annotations

import re

_INT = re.compile(r"-?(?:0|[1-9][0-9]{0,17})\Z")
_FLOAT = re.compile(r"[-+]?[0-9]{1,30}\.[0-9]{1,30}\Z")
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}
_NUMBER_START = frozenset("0123456789-+")


def resolve(text: str) -> str | int | float | bool | None:
    """The value of a plain (unquoted) scalar.

    Null is nothing, `~` or `null`; a boolean is `true` or `false`; the words also capitalised or
    in upper case. A whole number is decimal without leading zeros or separators, of at most 18
    digits; a number with a point has digits on both sides. Everything else is text.
    """
    if text[:1] in _NUMBER_START and text:
        if _INT.match(text):
            return int(text)
        if _FLOAT.match(text):
            return float(text)
        return text
    return _WORDS.get(text, text)
