"""Names that a family's page cannot have: the one list of the checks and of the page writer."""

from __future__ import annotations

import re

from runtime.files import unsafe_path_reason
from runtime.naming import slug

_RESERVED = frozenset({"index", "genindex", "modindex", "py-modindex", "search", "self"})
_SUFFIX = re.compile(r"\.(rst|md|txt|ipynb)\Z", re.IGNORECASE)
#: Longest page name in bytes; file systems allow 255 with the suffixes that Sphinx adds.
_NAME_LIMIT = 200


def name_reason(name: str) -> str | None:
    """Why no family can be called `name`; None if one can."""
    page = slug(name)
    if not page:
        return "no page name can be made of it"
    if "/" in name or "~" in name:
        return "a slash or tilde has its own meaning in combination ids"
    if page.startswith(("_", ".")):
        return "the site keeps names with this beginning for itself"
    return unsafe_path_reason(name) or unusable_reason(name) or unusable_reason(page)


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
