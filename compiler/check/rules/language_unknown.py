"""A language code does not exist.

Why
---
Languages are given by their ISO 639 codes (two letters, or three where there are no two), so that
pages can be filtered by them. Codes of countries are often taken for codes of languages: Chinese
is `zh`, Japanese `ja`, Korean `ko`. A script or region may follow: `zh-Hant`, `pt-BR`.

Wrong
-----
.. code-block:: yaml

    languages: [en, cn]

Right
-----
.. code-block:: yaml

    languages: [en, zh, pt-BR]
"""

from __future__ import annotations

from collections.abc import Iterator

from compiler.check.languages import is_language, suggestion
from compiler.check.registry import Scope
from compiler.check.view import FamilyView, Problem
from compiler.finding import Severity
from compiler.resolve import text

CODE = "MB250"
NAME = "language-unknown"
SEVERITY = Severity.ERROR
SCOPE = Scope.FAMILY


def check(family: FamilyView) -> Iterator[Problem]:
    """Look every code up."""
    for node in family.items("languages"):
        code = text(node) or ""
        if not is_language(code) and code != "TODO":  # that is MB270
            near = suggestion(code)
            yield family.problem(node, f"{code!r} is no ISO 639 language code",
                                 f"did you mean {near}?" if near else
                                 "use the language's two-letter code, or its three-letter code")
