"""What every code that the compiler prints means: rules, the reader and the schema alike."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cache

from compiler.check.registry import all_rules

#: Modules of the compiler that print codes of their own, with `EXPLANATIONS` (code → text, the
#: summary in its first line) and, where they are needed, `NAMES` (code → kebab-case name) and
#: `SEVERITIES` (code → `warning` and the like; left out: `error`).
_SOURCES = ("compiler.read.codes", "compiler.schema.codes", "compiler.suppress")


@dataclass(frozen=True, slots=True)
class Explanation:
    """The explanation of one code.

    Attributes:
        code: Such as `MB201`.
        name: Kebab-case name; empty where a code has none.
        severity: `error`, `warning` or `info`.
        summary: One sentence.
        why: What goes wrong otherwise, and what to do.
        wrong: An example that is reported; may be empty.
        right: The example put right; may be empty.
    """

    code: str
    name: str
    severity: str
    summary: str
    why: str
    wrong: str = ""
    right: str = ""


@cache
def explanations() -> dict[str, Explanation]:
    """Every code, in order."""
    found = {rule.code: Explanation(rule.code, rule.name, rule.severity.label, rule.summary,
                                    rule.why, rule.wrong, rule.right)
             for rule in all_rules()}
    for source in _SOURCES:
        module = importlib.import_module(source)
        names: dict[str, str] = getattr(module, "NAMES", {})
        severities: dict[str, str] = getattr(module, "SEVERITIES", {})
        for code, text in module.EXPLANATIONS.items():
            summary, _, why = text.strip().partition("\n")
            found[code] = Explanation(code, names.get(code, ""), severities.get(code, "error"),
                                      summary, why.strip())
    return dict(sorted(found.items()))


def find(word: str) -> Explanation | None:
    """The explanation of a code or name, without regard to case."""
    wanted = word.strip().lower()
    for explanation in explanations().values():
        if wanted in (explanation.code.lower(), explanation.name):
            return explanation
    return None
