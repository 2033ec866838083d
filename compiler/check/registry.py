"""The rules: found in their folder, each described by its module.

A rule is a module of `compiler.check.rules` with

- `CODE`, `NAME` (kebab-case), `SEVERITY`, `SCOPE`;
- a docstring that is its documentation page: the summary in the first line, then the sections
  "Why", "Wrong" and "Right", the latter two with a YAML example that a test runs;
- `check(...)`, a generator of problems. A family or engine rule is called with one family or
  engine at a time and sees nothing of the other families, so that what it says can be kept until
  the file changes.
- A catalogue rule has two steps: `gather(family)` yields what the rule needs to know of one family
  as records of its class `Fact`, and `check(facts, catalogue)` compares those of all families.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import textwrap
from collections.abc import Callable, Collection, Iterable, Iterator
from enum import Enum
from functools import cache

import msgspec

from compiler.check import rules as rules_package
from compiler.check.view import CatalogueFact, CatalogueView, FamilyView, Problem
from compiler.finding import Finding, Severity
from runtime.errors import UserError

_HEADING = re.compile(r"^(Why|Wrong|Right)\n-+\n", re.MULTILINE)


class Scope(Enum):
    """What a rule is called with."""

    FAMILY = "family"
    ENGINE = "engine"
    CATALOGUE = "catalogue"


class Rule(msgspec.Struct, frozen=True):
    """One rule.

    Attributes:
        code: Stable code, such as `MB201`.
        name: Kebab-case name.
        severity: Of every finding of this rule.
        scope: What it is called with.
        docstring: Of its module, as it stands there.
        check: The generator.
        gather: Of a catalogue rule that looks at families: what it keeps of one.
        fact: The class of what it keeps.
    """

    code: str
    name: str
    severity: Severity
    scope: Scope
    docstring: str
    check: Callable[..., Iterator[Problem]]
    gather: Callable[[FamilyView], Iterator[CatalogueFact]] | None = None
    fact: type[CatalogueFact] = CatalogueFact

    @property
    def text(self) -> str:
        """The docstring without its indentation."""
        import inspect  # for pages only: a check has a hundred rules and reads none of them

        return inspect.cleandoc(self.docstring)

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
    if not values["__doc__"]:
        raise UserError("Python was told to leave out docstrings, which are what the rules say",
                        code="no-docstrings", hint="run without -OO, and unset PYTHONOPTIMIZE")
    return Rule(values["CODE"], values["NAME"], values["SEVERITY"], values["SCOPE"],
                values["__doc__"], values["check"], values.get("gather"),
                values.get("Fact", CatalogueFact))


#: Rule code → what the rule keeps of the families.
Facts = dict[str, list[CatalogueFact]]


def run_rules(view: CatalogueView, files: Collection[str] | None = None) -> list[Finding]:
    """The findings of every rule, each once, in the order of their places.

    Args:
        view: The whole catalogue, which rules may look into.
        files: What to report on; None for everything. Rules on single families and engines are
            not run for the others, so that checking one file of a large catalogue is quick.
    """
    facts: Facts = {}
    for family in view.families:
        for code, kept in gather(family).items():
            facts.setdefault(code, []).extend(kept)
    found = [*check_engines(view, files), *check_catalogue(view, facts, files)]
    for family in view.families:
        if files is None or family.file in files:
            found += check_family(family)
    return sorted(found, key=Finding.sort_key)


def gather(family: FamilyView) -> Facts:
    """What the catalogue rules keep of a family."""
    facts = {rule.code: list(rule.gather(family)) for rule in all_rules() if rule.gather}
    return {code: found for code, found in facts.items() if found}


def check_family(family: FamilyView) -> list[Finding]:
    """The findings of the rules on single families."""
    return _findings((rule, rule.check(family)) for rule in _family_rules())


@cache
def _family_rules() -> tuple[Rule, ...]:
    return tuple(rule for rule in all_rules() if rule.scope is Scope.FAMILY)


def check_engines(view: CatalogueView, files: Collection[str] | None = None) -> list[Finding]:
    """The findings of the rules on engines; `files` as in `run_rules`."""
    engines = [engine for engine in view.engines if files is None or engine.file in files]
    return _findings((rule, rule.check(engine)) for rule in all_rules()
                     if rule.scope is Scope.ENGINE for engine in engines)


def check_catalogue(view: CatalogueView, facts: Facts,
                    files: Collection[str] | None = None) -> list[Finding]:
    """The findings of the rules on the catalogue as a whole.

    Args:
        view: The catalogue; its families are not looked at.
        facts: What `gather` gives of all families, in the order of their files.
        files: What to report on; None for everything.
    """
    # A clash of two files is told to whoever checks either of them.
    return _findings(
        (rule, (problem for problem in rule.check(facts.get(rule.code, []), view)
                if files is None or not _files(problem).isdisjoint(files)))
        for rule in all_rules() if rule.scope is Scope.CATALOGUE)


@cache
def catalogue_codes() -> frozenset[str]:
    """The codes of the rules on the catalogue as a whole."""
    return frozenset(rule.code for rule in all_rules() if rule.scope is Scope.CATALOGUE)


def _findings(problems: Iterable[tuple[Rule, Iterable[Problem]]]) -> list[Finding]:
    """Problems as findings, each once."""
    found: dict[tuple[object, ...], Finding] = {}
    for rule, some in problems:
        for problem in some:
            finding = Finding(problem.file, problem.span, rule.severity, rule.code,
                              problem.message, problem.hint, problem.path, problem.related)
            # A value that several hubs inherit is one mistake, whichever hub it was met on.
            found.setdefault((finding.file, finding.span, finding.code, finding.message), finding)
    return list(found.values())


def _files(problem: Problem) -> set[str]:
    return {problem.file, *(related.file for related in problem.related)}
