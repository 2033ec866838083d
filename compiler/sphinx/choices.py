"""What of a family can be launched, where each combination stands, and why the others cannot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from compiler.emit import hubs as hub_pages
from compiler.emit.language import Language
from compiler.emit.view import default_quantization
from compiler.sphinx import words
from compiler.sphinx.records import Site, Tried
from compiler.sphinx.translation import _
from runtime.combination import Combination, all_combinations, hubs_with
from runtime.fit import context_for, usual_engine
from runtime.hubs import available
from runtime.manifest import Family, Hub, Spec
from runtime.memory import Estimate, estimate
from runtime.support import provider_refusal

#: What a badge may say, from the best to the worst; the style sheet has a look for each.
KINDS = ("passed", "untried", "stale", "undecided", "failed", "refused", "refuted")


@dataclass(frozen=True, slots=True)
class Badge:
    """How far a combination was verified, in a few words.

    Attributes:
        kind: One of `KINDS`.
        text: For people.
    """

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One quantization of a spec on one engine.

    Attributes:
        combination: Which.
        reason: Why it cannot be launched; empty where it can.
        code: Rule code of the refusal, if a rule refuses it.
        badge: How far it was verified.
        tried: The records behind the badge.
        providers: Provider → why it does not load it; those that may are left out.
        estimate: What it takes on this engine; None where it cannot be launched or no hub has it.
    """

    combination: Combination
    reason: str
    code: str
    badge: Badge
    tried: Tried | None
    providers: dict[str, str]
    estimate: Estimate | None

    @property
    def possible(self) -> bool:
        """Whether `runtime launch` accepts it."""
        return not self.reason


@dataclass(frozen=True, slots=True)
class Quantization:
    """One quantization of a spec.

    Attributes:
        name: As the spec writes it.
        hubs: Those that have it, in order of preference.
        choices: Engine → what becomes of it there; every engine of the manifest.
        estimate: What it takes on `engine`; None where no hub has it.
        engine: That which loads most of the spec; empty where none is promised.
    """

    name: str
    hubs: list[Hub]
    choices: dict[str, Choice]
    estimate: Estimate | None
    engine: str

    @property
    def first(self) -> Choice | None:
        """The engine that comes first of those that load it."""
        return next((choice for choice in self.choices.values() if choice.possible), None)


@dataclass(frozen=True, slots=True)
class SpecChoices:
    """One spec with its quantizations, in page order."""

    spec: Spec
    quantizations: list[Quantization]

    @property
    def engines(self) -> list[str]:
        """The engines that the page names for it."""
        return [claim.engine for claim in self.spec.engines]

    @property
    def order(self) -> list[str]:
        """Every engine, those that the page names for the spec first."""
        return list(self.quantizations[0].choices) if self.quantizations else []

    @property
    def usual(self) -> Quantization | None:
        """The quantization to begin with; None where nothing of it can be launched."""
        possible = [item.name for item in self.quantizations if item.first]
        name = default_quantization(self.spec, possible)
        return next((item for item in self.quantizations if item.name == name and item.first),
                    None)


def choices(site: Site, family: Family) -> list[SpecChoices]:
    """Everything of a family, spec by spec."""
    by_spec: dict[int, dict[str, dict[str, Choice]]] = {}
    for combination in all_combinations(site.manifest, family):
        quantizations = by_spec.setdefault(id(combination.spec), {})
        quantizations.setdefault(combination.quantization, {})[combination.engine.name] = (
            _choice(site, combination))
    return [SpecChoices(spec, [
        _quantization(family, spec, name, found)
        for name, found in by_spec.get(id(spec), {}).items()]) for spec in family.specs]


def _quantization(family: Family, spec: Spec, name: str, found: dict[str, Choice],
                  ) -> Quantization:
    engine = usual_engine(spec, name)
    return Quantization(name, hubs_with(spec, name), found,
                        _estimate(family, spec, name, engine), engine)


def _estimate(family: Family, spec: Spec, quantization: str, engine: str) -> Estimate | None:
    hub = next(iter(hubs_with(spec, quantization)), None)
    return estimate(spec, hub, quantization, engine=engine,
                    context_length=context_for(family, None)) if hub else None


def _choice(site: Site, combination: Combination) -> Choice:
    code, reason = _refusal(site.language, combination)
    tried = site.tried.get(combination.id)
    return Choice(combination, reason, code, badge(combination, reason, tried), tried,
                  {} if reason else _providers(site.language, combination),
                  None if reason else _estimate(combination.family, combination.spec,
                                                combination.quantization, combination.engine.name))


def _refusal(language: Language, combination: Combination) -> tuple[str, str]:
    """Rule code and reason, in the order in which `runtime launch` looks."""
    engine, verdict = combination.engine.name, combination.verdict
    if not verdict.supported:
        return verdict.code, words.reason(language, verdict.reason, verdict.code)
    if not combination.engine.launchable:
        return "", _("Modelbook does not start %s.") % engine
    if not combination.promised:
        return "", _("The catalogue does not name %s for it.") % engine
    hubs = hubs_with(combination.spec, combination.quantization)
    if not any(available(hub.hub) for hub in hubs):
        names = ", ".join(hub_pages.title(hub.hub) for hub in hubs)
        return "", _("Modelbook cannot download from %s.") % names if names else (
            _("No hub has it."))
    return "", ""


def _providers(language: Language, combination: Combination) -> dict[str, str]:
    spec, name = combination.spec, combination.quantization
    refusal = partial(
        provider_refusal, combination.engine, model_format=spec.format, quantization=name,
        split=combination.split, lacks_flags=lambda flags: False)
    return {each.name: words.of_engine(language, reason) for each in combination.engine.providers
            if (reason := refusal(each.name))}


def badge(combination: Combination, reason: str, tried: Tried | None) -> Badge:
    """What the records and the engine's facts say of a combination, in a few words."""
    claimed = _claimed(combination)
    if tried is not None and tried.outcome == "passed":
        return Badge("passed", _passed(tried))
    if reason and combination.verdict.code:
        return Badge("refuted", _("refuted")) if claimed else Badge("refused", _("not loaded"))
    if tried is None and reason:
        return Badge("refused", _("not started") if not combination.engine.launchable
                     else _("not offered"))
    if tried is None:
        return Badge("untried", _("not verified"))
    if tried.outcome == "stale":
        return Badge("stale", _("out of date"))
    if tried.outcome == "failed":
        return Badge("failed", _("failed"))
    return Badge("undecided", _("not decided"))


def _passed(tried: Tried) -> str:
    weights = _("real weights") if tried.weights == "real" else _("twin")
    return f"{level(tried.level)} · {weights}"


def level(name: str) -> str:
    """A level of verification, for people."""
    known = {"plan": _("planned"), "hub": _("files checked"), "load": _("loads"),
             "chat": _("answers"), "abilities": _("abilities shown")}
    return str(known.get(name, name))


def _claimed(combination: Combination) -> bool:
    """Whether the YAML itself promises it."""
    spec = combination.spec
    return spec.engines_stated and any(
        claim.engine == combination.engine.name
        and (combination.quantization in claim.refuted
             or combination.quantization in claim.quantizations) for claim in spec.engines)


def usual(found: Iterable[SpecChoices]) -> Choice | None:
    """The combination to begin with: of the first spec of which anything can be launched."""
    return next((each.usual.first for each in found if each.usual), None)
