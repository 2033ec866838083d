"""Reporters of findings, one a module, by name.

A reporter is a function from a review to the text to print.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compiler.review import Review

#: Format → its module here.
_FORMATS = {"text": "text", "json": "as_json", "github": "github", "sarif": "sarif",
            "junit": "junit"}


def names() -> tuple[str, ...]:
    """The formats that there are."""
    return tuple(_FORMATS)


def render(name: str, review: Review, *, colour: bool = False) -> str:
    """The report of a review.

    Args:
        name: One of `names()`.
        review: What was found.
        colour: Whether the text format may use terminal colours.
    """
    module = importlib.import_module(f"compiler.report.{_FORMATS[name]}")
    text: str = module.render(review, colour=colour)
    return text


def plural(count: int, word: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
