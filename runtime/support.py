"""Whether an engine loads a combination, and why not: the one judge of compiler and runtime."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache

import msgspec

from runtime.facts import version_key
from runtime.manifest import Engine, Loads, Provider, Refuses

_PINNED = re.compile(r"\s*([A-Za-z0-9._-]+)\s*(?:\[[^]]*\])?\s*==\s*([0-9][0-9A-Za-z.+-]*)")


class Verdict(msgspec.Struct, frozen=True):
    """What the engine facts say of one quantization on one engine.

    Attributes:
        supported: Whether it is expected to load.
        code: Rule code of the refusal (`MB301` no loader for the format, `MB302` quantization not
            loaded, `MB303` architecture unknown to the engine, `MB304` refused for a stated
            reason); empty when supported.
        reason: One sentence; empty when supported.
        requires: Further distributions that must be installed in the engine's environment.
    """

    supported: bool
    code: str = ""
    reason: str = ""
    requires: tuple[str, ...] = ()

    @property
    def never(self) -> bool:
        """True where no version or environment can change the refusal: there is no loader."""
        return self.code == "MB301"


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether `name` matches one of the shell-style `patterns`; case counts."""
    return _matches(name, tuple(patterns))


@lru_cache(maxsize=1 << 14)
def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def judge(
    engine: Engine, *, model_format: str, quantization: str, architectures: Sequence[str],
    split: bool, remote_code: bool = False,
) -> Verdict:
    """Judge one quantization of a spec against an engine's facts.

    Args:
        engine: The engine's facts.
        model_format: The spec's format.
        quantization: The quantization's name.
        architectures: The family's architectures; empty means that they are not stated, and then
            they refuse nothing.
        split: Whether the weights are in several files on every hub that has them.
        remote_code: Whether the repository's own code may run.
    """
    rules = [rule for rule in engine.loads if rule.format == model_format]
    if not rules:
        loads = ", ".join(dict.fromkeys(rule.format for rule in engine.loads))
        return Verdict(False, "MB301",
                       f"{engine.name} has no loader for {model_format}; it loads {loads}")
    fitting = [r for r in rules if not r.quantizations or matches(quantization, r.quantizations)]
    if not fitting:
        allowed = ", ".join(pattern for rule in rules for pattern in rule.quantizations)
        return Verdict(False, "MB302",
                       f"{engine.name} loads {model_format} quantizations {allowed}; "
                       f"{quantization} is not among them")
    fitting = [rule for rule in fitting if not engine.providers or _concerned(engine, rule)]
    if not fitting:
        return Verdict(False, "MB302", _out_of_range(engine.name, rules, engine.providers))
    if engine.architectures and architectures and not (engine.runs_remote_code and remote_code):
        unknown = [name for name in architectures if name not in engine.architectures]
        if len(unknown) == len(architectures):
            return Verdict(False, "MB303", f"{engine.name} has no {', '.join(unknown)}")
    applying = [refusal for refusal in engine.refuses if not refusal.without_cpu_flags
                and _applies(refusal, model_format, quantization, split)]
    everywhere = {provider.name for provider in engine.providers}
    refusing: set[str] = set()
    for refusal in applying:
        concerned = _concerned(engine, refusal)
        if concerned == everywhere:
            return Verdict(False, "MB304", refusal.reason)
        refusing |= concerned
    if applying and refusing >= everywhere:
        return Verdict(False, "MB304", applying[0].reason)
    return Verdict(True, requires=tuple(fitting[0].requires))


def provider_refusal(
    engine: Engine, provider: str, *, model_format: str, quantization: str, split: bool,
    lacks_flags: Callable[[Sequence[str]], bool],
) -> str:
    """Why one provider of an engine does not load a quantization here; empty where it does.

    Args:
        engine: The engine's facts.
        provider: Name of the provider.
        model_format: The spec's format.
        quantization: The quantization's name.
        split: Whether the weights are in several files.
        lacks_flags: Whether the processor lacks one of some instruction sets.
    """
    rules = [rule for rule in engine.loads if rule.format == model_format and (
        not rule.quantizations or matches(quantization, rule.quantizations))]
    if rules and not any(provider in _concerned(engine, rule) for rule in rules):
        mine = [each for each in engine.providers if each.name == provider]
        return _out_of_range(engine.name, rules, mine)
    return next((refusal.reason for refusal in refusals_of(engine, provider, lacks_flags)
                 if _applies(refusal, model_format, quantization, split)), "")


def refusals_of(engine: Engine, provider: str, lacks_flags: Callable[[Sequence[str]], bool],
                ) -> list[Refuses]:
    """The refusals that concern one provider here, but not the engine everywhere.

    A refusal names providers in full; only quantizations are patterns.

    Args:
        engine: The engine's facts.
        provider: Name of the provider.
        lacks_flags: Whether the processor lacks one of some instruction sets.
    """
    return [refusal for refusal in engine.refuses
            if _partial(engine, refusal)
            and provider in _concerned(engine, refusal)
            and (not refusal.without_cpu_flags or lacks_flags(refusal.without_cpu_flags))]


def partial_refusals(engine: Engine, *, model_format: str, quantization: str, split: bool,
                     ) -> list[Refuses]:
    """The refusals of a quantization that concern some providers or processors alone."""
    return [refusal for refusal in engine.refuses
            if _partial(engine, refusal) and _applies(refusal, model_format, quantization, split)]


def _partial(engine: Engine, refusal: Refuses) -> bool:
    """Whether it concerns some providers or processors alone."""
    if refusal.without_cpu_flags:
        return True
    if not (refusal.providers or refusal.since or refusal.until):
        return False
    concerned = _concerned(engine, refusal)
    return bool(concerned) and concerned != {provider.name for provider in engine.providers}


def _concerned(engine: Engine, rule: Loads | Refuses) -> set[str]:
    """Names of the providers that a rule is of: those that it names, whose release is in its range.

    A provider that pins no release is whatever a machine has; every range concerns it.
    """
    named = rule.providers if isinstance(rule, Refuses) and rule.providers else None
    return {provider.name for provider in engine.providers
            if (named is None or provider.name in named) and _in_range(rule, provider)}


def _in_range(rule: Loads | Refuses, provider: Provider) -> bool:
    if rule.since is None and rule.until is None:
        return True
    release = _release(provider)
    if release is None:
        return True
    at = version_key(release)
    return ((rule.since is None or version_key(rule.since) <= at)
            and (rule.until is None or at < version_key(rule.until)))


def _release(provider: Provider) -> str | None:
    """The engine's version that a provider's requirements pin; None where they pin none."""
    wanted = _plain(provider.version_of or "")
    for line in provider.requirements:
        if (match := _PINNED.match(line)) and _plain(match[1]) == wanted:
            return match[2]
    return None


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _out_of_range(name: str, rules: Sequence[Loads], providers: Sequence[Provider]) -> str:
    ranges = " or ".join(filter(None, (
        " ".join(filter(None, (rule.since and f"since {rule.since}",
                               rule.until and f"until {rule.until}"))) for rule in rules)))
    has = ", ".join(f"{each.name} {_release(each)}" for each in providers)
    are = "is" if len(providers) == 1 else "are"
    return f"{name} loads {rules[0].format} {ranges}; {has} {are} out of that range"


def _applies(refusal: Refuses, model_format: str, quantization: str, split: bool) -> bool:
    if refusal.format != model_format:
        return False
    if refusal.quantizations and not matches(quantization, refusal.quantizations):
        return False
    return refusal.split_files is None or refusal.split_files == split
