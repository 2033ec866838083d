"""Which combination a wish comes to on a machine, and why each other one is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from runtime import naming
from runtime.combination import Combination, all_combinations, hubs_with
from runtime.engines import MODULES
from runtime.fit import estimate_for
from runtime.hubs import TITLES, available
from runtime.machine import Machine
from runtime.manifest import Family, Manifest, Provider
from runtime.memory import Estimate
from runtime.room import Room, Rooms, unlimited

#: How ready a provider is, from its name: lower is better.
Readiness = Callable[[Combination, Provider], int]
READY, INSTALLABLE, MISSING = range(3)


class Question(msgspec.Struct, frozen=True):
    """What is asked for; None where it is left open.

    Attributes:
        engine: Engine name, any case.
        size: As `--size-in-billions` takes it.
        model_format: Format name, any case.
        quantization: Quantization name, any case.
        abilities: All of them are wanted.
        room: What it may take by estimate, from its provider.
        context_length: Tokens that are planned for then; None for what `runtime fit` takes.
        machine: The machine to explain for.
        here: Whether that is this machine, so that what is installed counts.
    """

    machine: Machine
    engine: str | None = None
    size: str | None = None
    model_format: str | None = None
    quantization: str | None = None
    abilities: tuple[str, ...] = ()
    room: Rooms = unlimited
    context_length: int | None = None
    here: bool = True


class Considered(msgspec.Struct, frozen=True):
    """One combination, judged.

    Attributes:
        combination: Which.
        code: Why it is refused: a rule's code, or `not-promised`, `ability`, `not-asked`,
            `platform`, `provider-missing`, `hub-unavailable`, `engine-unknown`, `memory`;
            empty where it could be launched.
        reason: One sentence; empty where it could be launched.
        provider: The provider that would serve it.
        readiness: `READY`, `INSTALLABLE` or `MISSING`.
        estimate: What it takes; None where that was not asked.
        room: What it may take; None where there is no limit.
    """

    combination: Combination
    code: str = ""
    reason: str = ""
    provider: str = ""
    readiness: int = MISSING
    estimate: Estimate | None = None
    room: Room | None = None

    @property
    def memory(self) -> int | None:
        """Bytes that it takes by estimate; None where that was not asked, or is not known."""
        return None if self.estimate is None else self.estimate.total


def explain(manifest: Manifest, family: Family, question: Question, readiness: Readiness,
            ) -> list[Considered]:
    """Judge every combination of a family: those that can be launched first, the best one leading.

    What is installed comes before what would have to be, then the order of the page holds.
    """
    found = [_consider(combination, question, readiness)
             for combination in all_combinations(manifest, family)]
    return sorted(found, key=lambda each: (bool(each.code), each.readiness))


def _consider(c: Combination, question: Question, readiness: Readiness) -> Considered:
    for code, reason in (_not_wanted(c, question), _refused(c)):
        if code:
            return Considered(c, code, reason)
    reasons: dict[str, tuple[str, str]] = {}
    best: tuple[int, str] | None = None
    rooms: dict[str, Room | None] = {}
    estimate = None
    for provider in c.engine.providers:
        code, reason = _provider_refuses(c, provider, question)
        ready = readiness(c, provider) if not code else MISSING
        if not code and ready == MISSING:
            code, reason = "provider-missing", f"no {provider.executable} on PATH"
        if not code and (room := question.room(provider)) is not None:
            rooms[provider.name] = room
            estimate = estimate_for(c, question.context_length)
            if reason := _too_large(c, estimate, room):
                code = "memory"
        if code:
            reasons[provider.name] = (code, reason)
        elif best is None or ready < best[0]:
            best = ready, provider.name
    if best is None:
        return _without_provider(c, reasons, rooms, estimate)
    hubs = [hub.hub for hub in hubs_with(c.spec, c.quantization)]
    if not any(map(available, hubs)):
        names = ", ".join(TITLES.get(hub, hub) for hub in hubs) or "no hub"
        return Considered(c, "hub-unavailable",
                          f"it is on {names}, which this version cannot download from")
    room = rooms.get(best[1])
    return Considered(c, provider=best[1], readiness=best[0], room=room,
                      estimate=None if room is None else estimate)


def _without_provider(c: Combination, reasons: Mapping[str, tuple[str, str]],
                      rooms: Mapping[str, Room | None], estimate: Estimate | None) -> Considered:
    """The refusal where no provider serves it; what a user can change most easily comes first."""
    codes = [code for code, _ in reasons.values()]
    if "memory" in codes:
        told = {reason: name for name, (code, reason) in reasons.items() if code == "memory"}
        return Considered(c, "memory", "; ".join(told), estimate=estimate,
                          room=rooms[next(iter(told.values()))])
    code = next((code for code in ("MB304", "provider-missing") if code in codes), "platform")
    return Considered(c, code, "; ".join(
        f"{name}: {reason.rstrip('.')}" for name, (_, reason) in reasons.items()))


def _not_wanted(c: Combination, question: Question) -> tuple[str, str]:
    missing = [name for name in question.abilities if name not in c.family.abilities]
    if missing:
        return "ability", f"{c.family.name} does not claim {', '.join(missing)}"
    for word, wanted, has in (
        ("engine", question.engine, c.engine.name),
        ("format", question.model_format, c.spec.format),
        ("quantization", question.quantization, c.quantization),
    ):
        if wanted is not None and wanted.casefold() != has.casefold():
            return "not-asked", f"another {word} was asked for"
    if question.size is not None and _size(question.size) != _size(c.spec.size_in_billions):
        return "not-asked", "another size was asked for"
    return "", ""


def _size(text: str) -> str:
    try:
        return naming.normalize_size(text.strip())
    except ValueError:
        return text


def _refused(c: Combination) -> tuple[str, str]:
    if not c.verdict.supported:
        return c.verdict.code, c.verdict.reason
    if not c.promised:
        return "not-promised", f"the catalogue does not name {c.engine.name} for it"
    if c.engine.name.lower() not in MODULES:
        return "engine-unknown", f"this version of Modelbook cannot start {c.engine.name}"
    return "", ""


def _too_large(c: Combination, estimate: Estimate, room: Room) -> str:
    tokens, taken = estimate.context_length, estimate.total
    if tokens > c.family.context_length:
        return f"its context is {c.family.context_length} tokens, and {tokens} were asked for"
    if taken is None:
        # Without an amount that somebody asked for, only what is known to be too large is refused.
        return ("what it takes is not known: it is not locked, and its name tells no bits"
                if room.source == "asked" else "")
    if taken <= room.size:
        return ""
    context = "with a reserve for" if estimate.reserve else "with"
    return f"by estimate it takes more than {room.words}, {context} {tokens} tokens of context"


def _provider_refuses(c: Combination, provider: Provider, question: Question) -> tuple[str, str]:
    if reason := question.machine.refuses(provider):
        return "platform", reason
    if question.here and (reason := c.provider_refusal(provider.name)):
        return "MB304", reason
    return "", ""


#: Refusals that depend on no machine and no wish, and that most families have many of.
_PLAIN = ("MB301", "not-promised")


def is_plain(code: str) -> bool:
    """Whether a refusal says the same of so many that their number is enough."""
    return code in _PLAIN


def grouped(refused: Iterable[Considered]) -> dict[tuple[str, str], list[Considered]]:
    """The refused ones by code and reason, in order, but what is plain last."""
    groups: dict[tuple[str, str], list[Considered]] = {}
    for each in sorted(refused, key=lambda each: is_plain(each.code)):
        groups.setdefault((each.code, each.reason), []).append(each)
    return groups


def shortened(group: Sequence[Considered]) -> list[str]:
    """The ids of a group, quantizations of one spec and engine together."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    whole: dict[tuple[str, str, str], int] = {}
    for each in group:
        c = each.combination
        key = naming.spec_key(c.spec.size_in_billions, c.spec.variant)
        rows.setdefault((key, c.spec.format, c.engine.name), []).append(c.quantization)
        whole[key, c.spec.format, c.engine.name] = len(c.spec.quantizations)
    return [f"{size}/{form}/{_names(names, whole[size, form, engine])}/{engine}"
            for (size, form, engine), names in rows.items()]


def _names(names: Sequence[str], whole: int) -> str:
    if len(names) == 1:
        return names[0]
    return "*" if len(names) == whole else "{" + ",".join(names) + "}"
