"""Text printed as stated: for profiles whose pages must equal another launcher's byte for byte.

Such a page cannot escape, so text that would act instead of being read is refused.
"""

from __future__ import annotations

import re

from runtime.errors import UserError

# Where a block of markup can begin: at the start of a line, or of a list item, field or line in it.
_START = r"^[ \t]*(?:(?:[-*+\u2022\u2023\u2043|]|\(?(?:\w+|\#)[.)]|:[^:\n]+:)[ \t]+)*"
_SMUGGLED = (
    (re.compile(r"\.\.[ \t]+(?:\|[^|\n]+\|[ \t]*)?[\w.+:-]*\w[ \t]?::(?=\s|$)"), "a directive"),
    (re.compile(_START + r"\.\.(?=\s|$)", re.MULTILINE), "explicit markup"),
    (re.compile(_START + r"__(?=\s|$)", re.MULTILINE), "an anonymous target"),
    (re.compile(r":[A-Za-z][\w:+.-]*:`|`:[A-Za-z][\w:+.-]*:"), "a role"),
    (re.compile(r"`[^`]*<(?!\s*(?:https?://|mailto:))[^`>]*>`_"), "a link to no web address"),
    (re.compile(r"\b(?:javascript|vbscript):\S|\bdata:\w+/\w", re.IGNORECASE), "a script address"),
    (re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]"), "a control character"),
)


def stated(text: str, place: str) -> str:
    """`text` unchanged.

    Args:
        text: Text of a spec.
        place: Where it comes from, for the error.

    Raises:
        UserError: It holds a directive, an include, a role, a target or the like.
    """
    for pattern, what in _SMUGGLED:
        if match := pattern.search(text):
            raise UserError(
                f"{place}: the text holds {what}: {match.group()!r}", code="markup-refused",
                why="this profile prints text as it is stated, so it would act on the page",
                hint="reword the text, or build the `modelbook` profile, which shows it literally")
    return text
