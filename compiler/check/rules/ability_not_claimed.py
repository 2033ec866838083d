"""A name says what the model can do, but the family does not claim it.

Why
---
`VL` and `Vision` in a name stand for images, `Audio` for sound, `Omni` for both. Either the
ability was forgotten, and readers who look for it do not find the family, or the id is that of
another model.

Wrong
-----
.. code-block:: yaml

    abilities: [chat]
    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-VL-7B
        hubs: {huggingface: {}}

Right
-----
.. code-block:: yaml

    abilities: [chat, vision]
    specs:
      - format: pytorch
        size_in_billions: 7
        quantizations: [none]
        repo_id: example/demo-VL-7B
        hubs: {huggingface: {}}
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.ids import base_name, model_words
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from compiler.resolve import text

CODE = "MB257"
NAME = "ability-not-claimed"
SEVERITY = Severity.WARNING
SCOPE = Scope.FAMILY


_WORDS = {"vl": {"vision", "omni"}, "vision": {"vision", "omni"}, "audio": {"audio", "omni"},
          "omni": {"omni", "vision", "audio"}}


def check(family: FamilyView) -> Iterator[Problem]:
    """Look for such words in the ids; each is reported once."""
    told: set[str] = set()
    for _, hub in family.sources():
        for word in sorted(model_words(base_name(text(hub.repo_id) or "")) & _WORDS.keys() - told):
            if hub.repo_id is not None and not _WORDS[word] & family.abilities.keys():
                told.add(word)
                wanted = "omni" if word == "omni" else "vision" if word != "audio" else "audio"
                yield family.problem(
                    hub.repo_id, f"the name says {word}, but the family does not claim {wanted}",
                    f"add {wanted} to the abilities, or correct the id")
