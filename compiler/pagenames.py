"""Names that a family's page cannot have: the one list of the checks and of the page writer."""

from __future__ import annotations

import re

from runtime.files import unsafe_path_reason

_RESERVED = frozenset({"index", "genindex", "modindex", "py-modindex", "search", "self"})
_SUFFIX = re.compile(r"\.(rst|md|txt|ipynb)\Z", re.IGNORECASE)
#: Longest page name in bytes; file systems allow 255 with the suffixes that Sphinx adds.
_NAME_LIMIT = 200


def unusable_reason(page: str) -> str | None:
    """Why no page of a Sphinx site can be called `page` (without `.rst`); None if one can."""
    if page.lower() in _RESERVED:
        return "the site has a page of that name"
    if _SUFFIX.search(page):
        return "Sphinx would take its ending for that of a source file"
    if "/" in page:
        return "it holds '/'"
    if len(page.encode()) > _NAME_LIMIT:
        return f"it is longer than {_NAME_LIMIT} bytes"
    return unsafe_path_reason(page) or unsafe_path_reason(f"{page}.rst")
