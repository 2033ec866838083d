"""The rules: found in their folder, each described by its module.

A rule is a module of `compiler.check.rules` with

- `CODE`, `NAME` (kebab-case), `SEVERITY`, `SCOPE`;
- a docstring that is its documentation page: the summary in the first line, then the sections
  "Why", "Wrong" and "Right", the latter two with a YAML example that a test runs;
- `check(...)`, a generator of problems. A family or engine rule is called with one family or
  engine at a time, a catalogue rule once with the whole catalogue.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache

from compiler.check import rules as rules_package
from compiler.check.view import CatalogueView, Problem
from compiler.finding import Finding, Severity

_HEADING = re.compile(r"^(Why|Wrong|Right)\n-+\n", re.MULTILINE)


class Scope(Enum):
    """What a rule is called with."""

    FAMILY = "family"
    ENGINE = "engine"
    CATALOGUE = "catalogue"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        code: Stable code, such as `MB201`.
        name: Kebab-case name.
        severity: Of every finding of this rule.
        scope: What it is called with.
        text: The docstring.
        check: The generator.
    """

    code: str
    name: str
    severity: Severity
    scope: Scope
    text: str
    check: Callable[..., Iterator[Problem]]

    @property
    def summary(self) -> str:
        """The docstring's first line."""
        return self.text.split("\n", 1)[0]

    @property
    def why(self) -> str:
        """The section "Why": what goes wrong otherwise."""
        return self._sections["Why"]

    @property
    def wrong(self) -> str:
        """The YAML of the section "Wrong", which this rule and no other reports."""
        return _block(self._sections["Wrong"])

    @property
    def right(self) -> str:
        """The YAML of the section "Right", which no rule reports."""
        return _block(self._sections["Right"])

    @property
    def _sections(self) -> dict[str, str]:
        pieces = _HEADING.split(self.text)
        return dict(zip(pieces[1::2], (piece.strip("\n") for piece in pieces[2::2]), strict=True))


def _block(section: str) -> str:
    """The literal block of a section, without its indentation."""
    lines = section.split("\n")
    return textwrap.dedent("\n".join(line for line in lines if not line.startswith(".. "))).strip(
        "\n") + "\n"


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, sorted by code."""
    found = [
        _rule(importlib.import_module(f"{rules_package.__name__}.{module.name}"))
        for module in pkgutil.iter_modules(rules_package.__path__)
    ]
    return tuple(sorted(found, key=lambda rule: rule.code))


def _rule(module: object) -> Rule:
    values = vars(module)
    return Rule(values["CODE"], values["NAME"], values["SEVERITY"], values["SCOPE"],
                inspect.cleandoc(values["__doc__"]), values["check"])


def run_rules(view: CatalogueView, files: Collection[str] | None = None) -> list[Finding]:
    """The findings of every rule, each once, in the order of their places.

    Args:
        view: The whole catalogue, which rules may look into.
        files: What to report on; None for everything. Rules on single families and engines are
            not run for the others, so that checking one file of a large catalogue is quick.
    """
    found: dict[tuple[object, ...], Finding] = {}
    for rule in all_rules():
        for problem in _problems(rule, view, files):
            # A clash of two files is told to whoever checks either of them.
            if files is not None and _files(problem).isdisjoint(files):
                continue
            finding = Finding(problem.file, problem.span, rule.severity, rule.code,
                              problem.message, problem.hint, problem.path, problem.related)
            # A value that several hubs inherit is one mistake, whichever hub it was met on.
            found.setdefault((finding.file, finding.span, finding.code, finding.message), finding)
    return sorted(found.values(), key=Finding.sort_key)


def _files(problem: Problem) -> set[str]:
    return {problem.file, *(related.file for related in problem.related)}


def _problems(rule: Rule, view: CatalogueView,
              files: Collection[str] | None) -> Iterator[Problem]:
    if rule.scope is Scope.CATALOGUE:
        yield from rule.check(view)
        return
    members = view.families if rule.scope is Scope.FAMILY else view.engines
    for member in members:
        if files is None or member.file in files:
            yield from rule.check(member)
