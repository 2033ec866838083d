"""Which revisions can never move."""

from __future__ import annotations

import re

_COMMIT = re.compile(r"[0-9a-f]{40}\Z")


def is_commit(revision: str | None) -> bool:
    """Whether `revision` is a full commit id, as opposed to a branch, a tag or nothing."""
    return revision is not None and _COMMIT.match(revision) is not None
