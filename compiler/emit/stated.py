"""Text printed as stated: for profiles whose pages must equal another launcher's byte for byte.

Such a page cannot escape, so text that would act instead of being read is refused.
"""

from __future__ import annotations

import re

from runtime.errors import UserError

_SMUGGLED = (
    (re.compile(r"\.\.[ \t]+\S[^\n]*?::"), "a directive"),
    (re.compile(r"^[ \t]*\.\.(?=\s|$)", re.MULTILINE), "explicit markup"),
    (re.compile(r"\.\.[ \t]+[_|\[]"), "a target, substitution or footnote"),
    (re.compile(r":[A-Za-z][A-Za-z0-9:+._-]*:`|`:[A-Za-z][A-Za-z0-9:+._-]*:"), "a role"),
    (re.compile(r"`[^`]*<(?!\s*(?:https?://|mailto:))[^`>]*>`_"), "a link to no web address"),
    (re.compile(r"\b(?:javascript|vbscript|data):\S", re.IGNORECASE), "a script address"),
    (re.compile(r"^[ \t]*__(?=\s|$)", re.MULTILINE), "an anonymous target"),
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
