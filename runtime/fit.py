"""Which combinations fit into an amount of memory, the best first. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

import msgspec

from runtime import naming
from runtime.combination import Combination, combinations
from runtime.errors import MisuseError
from runtime.manifest import Family, Manifest
from runtime.memory import USUAL_CONTEXT, Estimate, bits_per_weight, estimate, human

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12,
          "ki": 1 << 10, "mi": 1 << 20, "gi": 1 << 30, "ti": 1 << 40}
_AMOUNT = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)\s*(?P<unit>[kmgt]?i?)b?", re.IGNORECASE)


class Wanted(msgspec.Struct, frozen=True):
    """What must fit.

    Attributes:
        memory: Bytes.
        context_length: Tokens; None: the usual, or what the family has if that is less.
        abilities: All of these.
        engine: Only this one, any case.
        model_format: Only this one, any case.
    """

    memory: int
    context_length: int | None = None
    abilities: Collection[str] = ()
    engine: str | None = None
    model_format: str | None = None


class Fitting(msgspec.Struct, frozen=True):
    """A combination that fits.

    Attributes:
        combination: The combination.
        estimate: What it is estimated to take.
    """

    combination: Combination
    estimate: Estimate


def parse_amount(text: str) -> int:
    """Bytes of an amount such as `24GiB`, `16G` or `800 MB`.

    Raises:
        MisuseError: It is none, or has no unit.
    """
    text = text.strip()
    match = _AMOUNT.fullmatch(text)
    if match and text[-1].isdigit():
        raise MisuseError(f"{text!r} has no unit: an amount of memory needs one",
                          hint=f"write it as {text}GiB, {text}GB or {text}MB")
    unit = _UNITS.get(match["unit"].lower()) if match else None
    if match is None or unit is None or not (amount := int(float(match["number"]) * unit)):
        raise MisuseError(f"{text!r} is not an amount of memory",
                          hint="write it as 24GiB, 16G or 800MB")
    return amount


def in_words(text: str) -> str:
    """An amount as it was written, and in the unit of the estimates where that is another one.

    Args:
        text: What `parse_amount` takes.
    """
    text = text.strip()
    return f"{text} ({human(parse_amount(text))})" if "i" in text.lower() else text


def context_for(family: Family, wanted: int | None) -> int:
    """The tokens that are planned for."""
    return wanted if wanted is not None else min(USUAL_CONTEXT, family.context_length)


def estimate_for(combination: Combination, context_length: int | None = None) -> Estimate:
    """What a combination takes."""
    return estimate(combination.spec, combination.hub, combination.quantization,
                    engine=combination.engine.name,
                    context_length=context_for(combination.family, context_length))


def fitting(manifest: Manifest, wanted: Wanted) -> list[Fitting]:
    """The best combination of each spec that fits, the largest model first.

    Best is the quantization with the most bits a weight; engines come in the order of the page.
    """
    found = [best for family in manifest.families if _suits(family, wanted)
             for best in _of_family(combinations(manifest, family), wanted)]
    return sorted(found, key=_rank)


def _suits(family: Family, wanted: Wanted) -> bool:
    return (set(wanted.abilities) <= set(family.abilities) and family.deprecated is None
            and (wanted.context_length or 0) <= family.context_length)


def _of_family(some: Iterable[Combination], wanted: Wanted) -> Iterable[Fitting]:
    best: dict[tuple[str, str], Fitting] = {}
    for combination in some:
        spec = combination.spec
        if (not combination.verdict.supported
                or combination.quantization in spec.deprecated_quantizations
                or not _named(wanted.engine, combination.engine.name)
                or not _named(wanted.model_format, spec.format)):
            continue
        made = Fitting(combination, estimate_for(combination, wanted.context_length))
        total = made.estimate.total
        if total is None or total > wanted.memory:
            continue
        key = (naming.spec_key(spec.size_in_billions, spec.variant), spec.format)
        known = best.get(key)
        if known is None or _bits(made) > _bits(known):
            best[key] = made
    return best.values()


def _named(wanted: str | None, name: str) -> bool:
    return wanted is None or wanted.lower() == name.lower()


def _bits(made: Fitting) -> float:
    spec = made.combination.spec
    return bits_per_weight(spec.format, made.combination.quantization) or 0.0


def _rank(made: Fitting) -> tuple[float, float, str]:
    size = naming.parse_size(made.combination.spec.size_in_billions)
    return (-float(size), -_bits(made), made.combination.id)
