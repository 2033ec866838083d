"""Sources name no fixed revision.

Why
---
Without a revision, or with the name of a branch, a repository's owner can change what readers
download and run, and a problem report cannot say which weights it is about. A fixed revision is a
commit of 40 hexadecimal digits. A source that is in the family's lock is fixed as well: its locked
commit is downloaded. There is one finding a family, at the first source that is neither.

Wrong
-----
.. code-block:: yaml

    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-7B
        hubs:
          huggingface: {revision: main}

Right
-----
.. code-block:: yaml

    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-7B
        hubs:
          huggingface: {revision: 0123456789abcdef0123456789abcdef01234567}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.commits import is_commit
from compiler.check.locked import locked_uses
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from compiler.resolve import text

CODE = "MB219"
NAME = "revision-not-fixed"
SEVERITY = Severity.INFO
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Count the sources whose revision can move."""
    sources = [hub for _, hub in family.sources() if hub.hub != "pypi"]
    unlocked = {id(use.hub) for use in locked_uses(family, found=False) if not use.source}
    moving = [hub for hub in sources if not is_commit(text(hub.revision))
              and (family.lock is None or id(hub) in unlocked)]
    if moving:
        first = moving[0]
        yield family.problem(
            first.revision or first.key,
            f"{len(moving)} of {len(sources)} sources name no commit, so their files can change",
            f"run `compiler lock {family.name}`, or add `revision:` with the commit's 40 "
            "hexadecimal digits")
