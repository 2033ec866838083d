"""Turns plain help texts and schema descriptions into safe reStructuredText."""

from __future__ import annotations

import re

_CODE = re.compile(r"`([^`]+)`")
_SPECIAL = re.compile(r"([\\`*_|<>:\[\]])")


def escape(text: str) -> str:
    """`text` with every character that could be markup made literal."""
    return _SPECIAL.sub(r"\\\1", text)


def code(text: str) -> str:
    """`text` as an inline literal, or escaped where a literal cannot hold it."""
    if not text.strip() or text != text.strip() or "`" in text or text.endswith("\\"):
        return escape(text)
    return f"``{text}``"


def prose(text: str) -> str:
    """Help text on one line, with its `code` as inline literals and all else literal."""
    parts = _CODE.split(" ".join(text.split()))
    # An empty escape on both sides lets a literal touch a letter, as in `org`s.
    return "".join(f"\\ {code(part)}\\ " if index % 2 else escape(part)
                   for index, part in enumerate(parts)).strip()
