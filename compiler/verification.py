"""What the verification records say of a manifest's combinations; nothing more than they say.

`specs/records/*.jsonl` hold one record a line. Of the records of one setup (weights, provider, kind
of machine) the latest counts. One that decided nothing counts only where none did, and one that
passed only where no earlier one went for a higher level: of that it says nothing. A record whose
fingerprints are not those of the manifest is stale and counts for nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from runtime import records
from runtime.combination import Combination, all_combinations
from runtime.manifest import Family, Manifest, Spec
from runtime.records import DECIDED, LEVELS, Record

FORMAT = "modelbook.verification"
FORMAT_VERSION = 1
#: From the best to the worst.
_OUTCOMES = ("passed", "failed", "environment", "skipped")
_WORDS = {"environment": "not decided for the machine's sake"}
_WEIGHTS = {"real": "real weights", "twin": "twins"}


class Tried(msgspec.Struct, frozen=True):
    """A combination that was tried.

    Attributes:
        combination: Which.
        fresh: The latest record of each setup, those that count, the most telling first.
        stale: How many records no longer count.
    """

    combination: Combination
    fresh: list[Record]
    stale: int

    @property
    def best(self) -> Record | None:
        """The record that the combination is judged by; None where all are stale."""
        return self.fresh[0] if self.fresh else None


class Cell(msgspec.Struct, frozen=True):
    """The combinations of one engine and format.

    Attributes:
        promised: How many pages promise.
        outcomes: Outcome → how many of those that were tried, promised or not.
    """

    promised: int
    outcomes: dict[str, int]

    @property
    def text(self) -> str:
        """For a table."""
        if not self.outcomes:
            return f"none of {self.promised} tried" if self.promised else "–"
        told = ", ".join(f"{count} {name}" for name, count in self.outcomes.items())
        return f"{told}; {self.promised} promised"


class Verification(msgspec.Struct, frozen=True):
    """All that is known.

    Attributes:
        tried: Combination id → what became of it, in page order.
        cells: (engine, format) → counts, in alphabetical order.
    """

    tried: dict[str, Tried] = {}
    cells: dict[tuple[str, str], Cell] = {}


def read(specs: Path) -> list[Record]:
    """The records of a specs folder, file by file."""
    return [record for path in sorted((specs / "records").glob("*.jsonl"))
            for record in records.read(path)]


def merge(manifest: Manifest, found: Sequence[Record],
          promised: Mapping[tuple[str, str], int] | None = None) -> Verification:
    """Hold the records against the combinations of a manifest.

    Args:
        manifest: Where the combinations are; families without records may be left out.
        found: The records.
        promised: Engine, format → how many quantizations pages promise, if not to be counted here.
    """
    by_id: dict[str, list[Record]] = {}
    for record in found:
        by_id.setdefault(record.combination, []).append(record)
    families = {name.split("/")[0] for name in by_id}
    result = Verification()
    for family in manifest.families:
        if family.name not in families:
            continue
        for combination in all_combinations(manifest, family):
            if combination.id in by_id:
                result.tried[combination.id] = _tried(combination, by_id[combination.id])
    if result.tried:
        _count(result, promised if promised is not None else _promised(manifest))
    return result


def _tried(combination: Combination, found: Iterable[Record]) -> Tried:
    latest: dict[tuple[object, ...], Record] = {}
    stale = 0
    for record in sorted(found, key=lambda record: (record.outcome in DECIDED, record.date)):
        if not records.is_fresh(record, combination):
            stale += 1
        elif (before := latest.get(setup := _setup(record))) is None or _outdoes(record, before):
            latest[setup] = record
    return Tried(combination, sorted(latest.values(), key=_rank), stale)


def _outdoes(record: Record, before: Record) -> bool:
    """Whether a later record counts in place of an earlier one of its setup."""
    return (record.outcome != "passed" or before.outcome not in DECIDED
            or _level(record.wanted) >= _level(before.wanted))


def _setup(record: Record) -> tuple[object, ...]:
    machine = record.machine
    return (record.weights, record.engine.provider, str(machine.get("system")),
            str(machine.get("processor")), str(machine.get("accelerators")),
            str(machine.get("gpus")), record.tensor_parallel_size)


def _rank(record: Record) -> tuple[object, ...]:
    """Passed before failed, real weights before twins, higher levels before lower ones."""
    outcome = _OUTCOMES.index(record.outcome) if record.outcome in _OUTCOMES else len(_OUTCOMES)
    return (outcome, record.weights != "real", -_level(record.level), _setup(record))


def _level(name: str) -> int:
    return LEVELS.index(name) if name in LEVELS else -1


def _promised(manifest: Manifest) -> Mapping[tuple[str, str], int]:
    promised: dict[tuple[str, str], int] = {}
    for family in manifest.families:
        for spec in family.specs:
            for claim in spec.engines:
                usable = [name for name in claim.quantizations if name not in claim.refuted]
                key = (claim.engine, spec.format)
                promised[key] = promised.get(key, 0) + len(usable)
    return promised


def _count(result: Verification, promised: Mapping[tuple[str, str], int]) -> None:
    outcomes: dict[tuple[str, str], dict[str, int]] = {}
    for tried in result.tried.values():
        key = (tried.combination.engine.name, tried.combination.spec.format)
        word = tried.best.outcome if tried.best else "stale"
        counts = outcomes.setdefault(key, {})
        counts[word] = counts.get(word, 0) + 1
    for key in sorted({*promised, *outcomes}, key=lambda key: (key[0].casefold(), key[1])):
        counts = outcomes.get(key, {})
        ordered = {name: counts[name] for name in (*_OUTCOMES, "stale") if name in counts}
        result.cells[key] = Cell(promised.get(key, 0), ordered)


def badge(verification: Verification, family: Family, spec: Spec) -> str:
    """What a spec's page says of its combinations, in one line without a full stop.

    Only promised combinations count; `not verified` where no record says anything of one.
    """
    promised = [name for claim in spec.engines for name in _ids(family, spec, claim.engine, [
        each for each in claim.quantizations if each not in claim.refuted])]
    tried = [verification.tried[name] for name in promised if name in verification.tried]
    best = [each.best for each in tried if each.best is not None]
    if not best:
        return "not verified since the spec or the engine's facts changed" if tried else (
            "not verified")
    passed: dict[tuple[str, str], int] = {}
    for record in sorted(best, key=lambda record: (-_level(record.level), record.weights)):
        if record.outcome == "passed":
            key = (record.level, record.weights)
            passed[key] = passed.get(key, 0) + 1
    whole = len(promised)
    of = f"of {whole} combination{'s' if whole != 1 else ''} passed"
    how = [f"at level {level} on {_WEIGHTS.get(weights, weights)}" for level, weights in passed]
    counts = list(passed.values())
    told = f"none {of}" if not passed else f"{counts[0]} {of} {how[0]}" + "".join(
        f", {count} {text}" for count, text in zip(counts[1:], how[1:], strict=True))
    dates = sorted({record.date[:10] for record in best})
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    rest = [f"{count} {_WORDS.get(name, name)}" for name in _OUTCOMES[1:]
            if (count := sum(record.outcome == name for record in best))]
    if untried := whole - len(best):
        rest.append(f"{untried} not tried")
    return f"{told} ({when})" + (f"; {', '.join(rest)}" if rest else "")


def _ids(family: Family, spec: Spec, engine: str, quantizations: Iterable[str]) -> list[str]:
    from runtime.naming import combination_id

    return [combination_id(family.name, spec.size_in_billions, spec.variant, spec.format, name,
                           engine) for name in quantizations]


def encode(verification: Verification) -> bytes:
    """The bytes of `verification.json`."""
    known: Mapping[str, object] = {name: {
        "outcome": tried.best.outcome if tried.best else "stale",
        "level": tried.best.level if tried.best else "",
        "weights": tried.best.weights if tried.best else "",
        "promised": tried.combination.promised,
        "stale": tried.stale,
        "records": msgspec.to_builtins(tried.fresh),
    } for name, tried in verification.tried.items()}
    body = {"format": FORMAT, "format_version": FORMAT_VERSION, "combinations": known}
    return json.dumps(body, indent=2, sort_keys=True, ensure_ascii=False).encode() + b"\n"
