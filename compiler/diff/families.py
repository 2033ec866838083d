"""Families and their specs, old against new."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from compiler.diff import lifecycle
from compiler.diff.change import Change, Grade, Identity, Kind, Value
from compiler.diff.fields import changed_fields
from compiler.diff.specs import compare_spec
from runtime.manifest import Family, Spec


def compare_families(
    old: Sequence[Family], new: Sequence[Family], today: date,
) -> Iterator[Change]:
    """Changes of all families."""
    before = {family.name: family for family in old}
    after = {family.name: family for family in new}
    # A family that takes over from one that goes in the same step is compared with that one.
    continued: set[str] = set()
    for name, family in before.items():
        if name in after:
            yield from _compare_family(family, after[name], today)
            continue
        successor = family.deprecated.renamed_to if family.deprecated else None
        yield from _family_removed(family, after, today)
        if successor in after and successor not in before and successor not in continued:
            continued.add(successor)
            yield from _compare_family(family, after[successor], today)
    for name, family in after.items():
        if name not in before and name not in continued:
            yield Change(Kind.FAMILY_ADDED, Grade.DOCS, Identity(family=name),
                         f"is new, with {_count(len(family.specs), 'spec')}",
                         new=[_spec_words(spec) for spec in family.specs], source=family.source)


def _family_removed(
    family: Family, after: dict[str, Family], today: date,
) -> Iterator[Change]:
    renamed_to = family.deprecated.renamed_to if family.deprecated else None
    verdict = lifecycle.removal(family.deprecated, today, renamed_to in after)
    note = verdict.note
    if family.deprecated is None:
        near = [name for name in after if name.casefold() == family.name.casefold()]
        if near:
            note += f"; {near[0]} differs from it only in case, and ids keep their case"
    gone: list[Value] = [_spec_words(spec) for spec in family.specs]
    if renamed_to in after:
        yield Change(Kind.FAMILY_RENAMED, verdict.grade, Identity(family=family.name),
                     f"was removed in favour of {renamed_to}", old=family.name, new=renamed_to,
                     note=note, source=after[renamed_to].source)
        return
    yield Change(Kind.FAMILY_REMOVED, verdict.grade, Identity(family=family.name),
                 f"was removed, with {_count(len(family.specs), 'spec')}", old=gone, note=note,
                 source=family.source)


def _compare_family(old: Family, new: Family, today: date) -> Iterator[Change]:
    identity = Identity(family=new.name)
    yield from changed_fields(old, new, Kind.FAMILY_CHANGED, identity, new.source)
    if old.name == new.name:
        yield from lifecycle.changed(old.deprecated, new.deprecated, identity, new.source)
    before, after = _by_identity(old, new.name), _by_identity(new, new.name)
    for key, spec in before.items():
        if key in after:
            yield from compare_spec(spec, after[key], key[0], today)
        else:
            yield _spec_removed(old, spec, key[0], today)
    for key, spec in after.items():
        if key not in before:
            quantizations: list[Value] = list(spec.quantizations)
            yield Change(Kind.SPEC_ADDED, Grade.DOCS, key[0],
                         f"spec is new: {', '.join(spec.quantizations)}", new=quantizations,
                         source=spec.source)


def _spec_removed(family: Family, spec: Spec, identity: Identity, today: date) -> Change:
    """A spec goes; it was announced if its family was, or each of its quantizations."""
    whole = lifecycle.removal(family.deprecated, today, successor_exists=True)
    quantizations: list[Value] = list(spec.quantizations)
    grade, note = whole.grade, whole.note
    if whole.grade is Grade.REMOVED:
        verdicts = {name: lifecycle.removal(spec.deprecated_quantizations.get(name), today,
                                            successor_exists=True)
                    for name in spec.quantizations}
        grade = max((verdict.grade for verdict in verdicts.values()), default=Grade.REMOVED)
        unready = {name: verdict.note for name, verdict in verdicts.items()
                   if verdict.grade is Grade.REMOVED}
        if len(set(unready.values())) == 1 and len(unready) == len(verdicts):
            note = next(iter(unready.values()))
        elif unready:
            note = "; ".join(f"{name}: {text}" for name, text in unready.items())
        else:
            note = "each of its quantizations was deprecated, and its time has come"
    return Change(Kind.SPEC_REMOVED, grade, identity,
                  f"spec was removed: {', '.join(spec.quantizations)}", old=quantizations,
                  note=note, source=spec.source)


def _by_identity(family: Family, name: str) -> dict[tuple[Identity, int], Spec]:
    """Specs by identity, under the family name `name`.

    Two specs of one identity are an error that `check` reports; here they are told apart by their
    order, so that neither hides the other.
    """
    out: dict[tuple[Identity, int], Spec] = {}
    for spec in family.specs:
        identity = Identity.of_spec(name, spec.size_in_billions, spec.variant, spec.format)
        number = 0
        while (identity, number) in out:
            number += 1
        out[identity, number] = spec
    return out


def _spec_words(spec: Spec) -> str:
    identity = Identity.of_spec("", spec.size_in_billions, spec.variant, spec.format)
    return f"{identity.size}/{identity.format}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
