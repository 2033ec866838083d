"""A family without the ability `chat` names weights that were made for chat.

Why
---
Repositories with `Chat`, `Instruct` or `-it` in their name hold models that were tuned for
conversations. Among the specs of a base family they are mostly a wrong id, and give readers other
weights than the page says.

Wrong
-----
.. code-block:: yaml

    abilities: [generate]
    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-7B-chat
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    abilities: [generate]
    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-7B
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.ids import base_name, model_words
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from compiler.resolve import text

CODE = "MB255"
NAME = "base-ships-chat"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY


_CHAT = {"chat", "instruct", "it"}


def check(family: FamilyView) -> Iterator[Problem]:
    """Look for words of chat models in ids and file names."""
    if "chat" in family.abilities or _CHAT & model_words(family.name):
        return
    for _, hub in family.sources():
        for node in (hub.repo_id, hub.file_template, hub.split_file_template):
            words = sorted(_CHAT & model_words(base_name(text(node) or "")))
            if node is not None and words:
                yield family.problem(
                    node, f"the name says {words[0]}, but the family has no ability chat",
                    "correct the name, or the abilities of the family")
                break
