"""The description seems to hold markup, which is shown literally.

Why
---
Descriptions are plain text: links, bold text and directives of Markdown, HTML or reStructuredText
appear on the page as they were typed.

Wrong
-----
.. code-block:: yaml

    description: A small model, see [its page](https://example.com/demo).

Right
-----
.. code-block:: yaml

    description: A small model for 2*3 questions, see https://example.com/demo.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity

CODE = "MB262"
NAME = "description-markup"
SEVERITY = Severity.INFO
SCOPE = Scope.FAMILY


_MARKUP = re.compile(
    r"\[[^\]\n]{1,200}\]\(https?://"  # Markdown link
    r"|`[^`\n]{1,200} <[^>\n`]{1,200}>`__?"  # reStructuredText link
    r"|(?<![*\w])\*\*[^\s*][^*\n]{0,200}[^\s*]\*\*(?![*\w])"  # bold
    r"|</?(?:a|b|i|p|br|em|strong|code|img|script|div|span)(?:\s[^>\n]{0,200})?/?>"  # HTML
    r"|^\.\. [a-z-]+::|^#{1,6} \S|^```", re.MULTILINE | re.IGNORECASE)

#: One of these is in all markup, and rarely in plain text.
_SIGNS = ("[", "`", "*", "<", "#", ".. ")


def check(family: FamilyView) -> Iterator[Problem]:
    """Look for the commonest constructs."""
    node = family.root.get("description")
    text = family.text("description") or ""
    found = _MARKUP.search(text) if any(sign in text for sign in _SIGNS) else None
    if node is not None and found:
        yield family.problem(node, f"the description holds markup, {found.group()[:40]!r}, "
                             "which is shown literally", "write plain text")
