"""No word of the family's name is in a repository id.

Why
---
An id that shares no word with the family was mostly copied from another family, and downloads
another model. Common words such as `chat` do not count, nor do names without a word of three
letters.

Wrong
-----
.. code-block:: yaml

    # file: specs/families/codedemo.yaml
    name: codedemo
    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/sample-7B-v0.1
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    # file: specs/families/codedemo.yaml
    name: codedemo
    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/CodeDemo-7B-v0.1
        hubs: {huggingface: {}}
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from compiler.resolve import text

CODE = "MB207"
NAME = "id-unlike-family"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY


_COMMON = frozenset({"base", "chat", "code", "coder", "distill", "instruct", "large", "mini",
                     "model", "pro", "small", "the", "thinking"})
_LETTERS = re.compile(r"[^a-z]+")


def check(family: FamilyView) -> Iterator[Problem]:
    """Compare the letters of the names."""
    words = {word for word in _LETTERS.split(family.name.lower())
             if len(word) >= 3 and word not in _COMMON}
    for _, hub in family.sources() if words else ():
        repo_id = text(hub.repo_id) or ""
        lower = repo_id.lower()
        if any(word in lower for word in words):
            continue
        # A malformed id is MB211 or MB223.
        if hub.repo_id is None or repo_id.count("/") != 1 or repo_id.startswith("-"):
            continue
        letters = _LETTERS.sub("", lower)
        if not any(word in letters for word in words):
            yield family.problem(
                hub.repo_id, f"nothing in {repo_id} resembles the family's name, {family.name}",
                "correct the id if it was copied from another family")
