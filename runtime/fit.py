"""Which combinations fit into an amount of memory, the best first. Pure functions."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator

import msgspec

from runtime import naming
from runtime.combination import Combination, combinations
from runtime.errors import MisuseError
from runtime.manifest import Family, Manifest, Spec
from runtime.memory import USUAL_CONTEXT, Estimate, bits_per_weight, estimate, human

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12,
          "ki": 1 << 10, "mi": 1 << 20, "gi": 1 << 30, "ti": 1 << 40}
_AMOUNT = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)\s*(?P<unit>[kmgt]?i?)b?", re.IGNORECASE)


#: Fewer bits a weight than this cost so much quality that another choice is shown first.
GOOD_BITS = 4.0
#: More bits a weight than this change answers hardly: of such, what takes less memory is better.
ENOUGH_BITS = 8.0


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


def usual_engine(spec: Spec, quantization: str) -> str:
    """The engine that an estimate for a whole spec is told for; empty where none is promised.

    It is the one that loads most of its quantizations, so that few of them need another.
    """
    loaded = {claim.engine: [name for name in claim.quantizations if name not in claim.refuted]
              for claim in spec.engines}
    able = [engine for engine, names in loaded.items() if quantization in names]
    return max(able, key=lambda engine: len(loaded[engine]), default="")


def estimate_for(combination: Combination, context_length: int | None = None) -> Estimate:
    """What a combination takes."""
    return estimate(combination.spec, combination.hub, combination.quantization,
                    engine=combination.engine.name,
                    context_length=context_for(combination.family, context_length))


def longest_context(combination: Combination, memory: int) -> int | None:
    """The most tokens of context with which a combination fits; None where its cache is not known.

    It is the model's own length at the most; 0 where not one token fits.
    """
    def fits(tokens: int) -> bool:
        total = estimate_for(combination, tokens).total
        return total is not None and total <= memory

    if estimate_for(combination).cache is None:
        return None
    return bisect_right(range(1, combination.family.context_length + 1), False,
                        key=lambda tokens: not fits(tokens))


def fitting(manifest: Manifest, wanted: Wanted) -> list[Fitting]:
    """The best combination of each spec that fits; those of one family and size stand together.

    The largest model comes first, but none with fewer than `GOOD_BITS` bits a weight before one
    with more; of one size a model that chats comes first, then the more exact one, then the one
    that takes less memory.
    """
    best: dict[tuple[str, str, str | None, str], Fitting] = {}
    for made in _suiting(manifest, wanted):
        if (made.estimate.total or 0) <= wanted.memory:
            spec = made.combination.spec
            key = (*group(made), spec.variant, spec.format)
            known = best.get(key)
            if known is None or _choice(made) < _choice(known):
                best[key] = made
    found: dict[tuple[str, str], list[Fitting]] = {}
    for made in best.values():
        found.setdefault(group(made), []).append(made)
    groups = sorted((sorted(some, key=_rank) for some in found.values()),
                    key=lambda some: _rank(some[0]))
    return [made for some in groups for made in some]


def group(made: Fitting) -> tuple[str, str]:
    """What stands together: the family and the size, whatever the variant and the format."""
    combination = made.combination
    return combination.family.name, naming.normalize_size(combination.spec.size_in_billions)


def least(manifest: Manifest, wanted: Wanted) -> Fitting | None:
    """What takes the least memory of all that has what is wanted, whether it fits or not."""
    return min(_suiting(manifest, wanted), key=lambda made: made.estimate.total or 0, default=None)


def _suiting(manifest: Manifest, wanted: Wanted) -> Iterator[Fitting]:
    """What has what is wanted, and a known estimate."""
    for family in manifest.families:
        if (not set(wanted.abilities) <= set(family.abilities) or family.deprecated is not None
                or (wanted.context_length or 0) > family.context_length):
            continue
        for combination in combinations(manifest, family):
            spec = combination.spec
            if (combination.verdict.supported
                    and combination.quantization not in spec.deprecated_quantizations
                    and _named(wanted.engine, combination.engine.name)
                    and _named(wanted.model_format, spec.format)):
                made = Fitting(combination, estimate_for(combination, wanted.context_length))
                if made.estimate.total is not None:
                    yield made


def _named(wanted: str | None, name: str) -> bool:
    return wanted is None or wanted.lower() == name.lower()


def _bits(made: Fitting) -> float:
    spec = made.combination.spec
    return min(bits_per_weight(spec.format, made.combination.quantization) or 0.0, ENOUGH_BITS)


def _choice(made: Fitting) -> tuple[float, bool, int]:
    """Orders quantizations and engines of a spec; of equal ones, the first of the page stays."""
    return -_bits(made), bool(made.combination.verdict.requires), made.estimate.weights or 0


def _rank(made: Fitting) -> tuple[bool, float, bool, float, int, str]:
    combination = made.combination
    size = naming.parse_size(combination.spec.size_in_billions)
    return (_bits(made) < GOOD_BITS, -float(size), "chat" not in combination.family.abilities,
            -_bits(made), made.estimate.total or 0, combination.id)
