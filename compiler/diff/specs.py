"""One spec, old against new: its quantizations, hubs and engines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from compiler.diff import lifecycle
from compiler.diff.change import Change, Grade, Identity, Kind, Value
from compiler.diff.fields import changed_fields
from compiler.diff.hubs import compare_hubs
from runtime.manifest import EngineClaim, Source, Spec


def compare_spec(old: Spec, new: Spec, identity: Identity, today: date) -> Iterator[Change]:
    """Changes of one spec."""
    yield from changed_fields(old, new, Kind.SPEC_CHANGED, identity, new.source)
    yield from _quantizations(old, new, identity, today)
    yield from compare_hubs(old, new, identity)
    yield from _engines(old, new, identity)


def _quantizations(
    old: Spec, new: Spec, identity: Identity, today: date,
) -> Iterator[Change]:
    for name in old.quantizations:
        one = replace(identity, quantization=name)
        if name in new.quantizations:
            yield from lifecycle.changed(old.deprecated_quantizations.get(name),
                                         new.deprecated_quantizations.get(name), one, new.source)
            continue
        deprecated = old.deprecated_quantizations.get(name)
        successor = deprecated.renamed_to if deprecated else None
        verdict = lifecycle.removal(deprecated, today, successor in new.quantizations)
        if successor in new.quantizations:
            yield Change(Kind.QUANTIZATION_RENAMED, verdict.grade, one,
                         f"was removed in favour of {successor}", old=name, new=successor,
                         note=verdict.note, source=new.source)
        else:
            yield Change(Kind.QUANTIZATION_REMOVED, verdict.grade, one,
                         "quantization was removed", old=name, note=verdict.note,
                         source=new.source)
    for name in new.quantizations:
        if name not in old.quantizations:
            yield Change(Kind.QUANTIZATION_ADDED, Grade.DOCS, replace(identity, quantization=name),
                         "quantization is new", new=name, source=new.source)
    yield from _quantization_order(old, new, identity)


def _quantization_order(old: Spec, new: Spec, identity: Identity) -> Iterator[Change]:
    if old.quantizations[:1] != new.quantizations[:1]:
        yield Change(Kind.DEFAULT_QUANTIZATION, Grade.LAUNCH, identity,
                     field="default quantization", old=next(iter(old.quantizations), None),
                     new=next(iter(new.quantizations), None),
                     note="the first one is what pages show and defaults take",
                     source=new.source)
    before: list[Value] = [name for name in old.quantizations if name in new.quantizations]
    after: list[Value] = [name for name in new.quantizations if name in old.quantizations]
    if before[1:] != after[1:] and before != after and before[:1] == after[:1]:
        yield Change(Kind.QUANTIZATION_ORDER, Grade.DOCS, identity, field="order of quantizations",
                     old=before, new=after, source=new.source)


def _engines(old: Spec, new: Spec, identity: Identity) -> Iterator[Change]:
    before = {claim.engine: claim for claim in old.engines}
    after = {claim.engine: claim for claim in new.engines}
    # What happens to a quantization as a whole is told once, not again for each engine.
    common = [name for name in new.quantizations if name in old.quantizations]
    for engine in [*before, *(name for name in after if name not in before)]:
        yield from _claims(before.get(engine), after.get(engine), common,
                           replace(identity, engine=engine), new.source)


def _claims(
    old: EngineClaim | None, new: EngineClaim | None, common: list[str], identity: Identity,
    source: Source,
) -> Iterator[Change]:
    before, after = _promised(old, common), _promised(new, common)
    lost: list[Value] = [name for name in before if name not in after]
    gained: list[Value] = [name for name in after if name not in before]
    if lost:
        whole = new is None or not after
        yield Change(Kind.SUPPORT_REMOVED, Grade.LAUNCH, identity,
                     "is no longer listed" if whole else f"no longer listed for {_words(lost)}",
                     old=lost, source=source)
    if gained:
        whole = old is None or not before
        yield Change(Kind.SUPPORT_ADDED, Grade.DOCS, identity,
                     "is newly listed" if whole else f"newly listed for {_words(gained)}",
                     new=gained, source=source)
    yield from _refuted(before, after, identity, source)


def _promised(claim: EngineClaim | None, common: list[str]) -> dict[str, str]:
    """Quantization → why it is refuted (empty: it is not)."""
    if claim is None:
        return {}
    return {name: claim.refuted.get(name, "") for name in claim.quantizations if name in common}


def _refuted(
    before: Mapping[str, str], after: Mapping[str, str], identity: Identity, source: Source,
) -> Iterator[Change]:
    for name, reason in after.items():
        if name not in before or reason == before[name]:
            continue
        one = replace(identity, quantization=name)
        if not reason:
            yield Change(Kind.SUPPORT_NOT_REFUTED, Grade.DOCS, one, "is no longer refuted",
                         old=before[name], source=source)
        else:
            # A new reason for the same refusal is text; a new refusal stops a launch.
            grade = Grade.DOCS if before[name] else Grade.LAUNCH
            yield Change(Kind.SUPPORT_REFUTED, grade, one, f"is refuted: {reason}",
                         old=before[name] or None, new=reason, source=source)


def _words(names: list[Value]) -> str:
    return ", ".join(str(name) for name in names)
