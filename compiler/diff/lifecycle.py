"""Deprecations: how they change, and whether what they announced may happen yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from compiler.diff.change import Change, Grade, Identity, Kind
from compiler.diff.fields import plain
from runtime.manifest import Deprecation, Source


@dataclass(frozen=True, slots=True)
class Verdict:
    """The grade of a removal, and why."""

    grade: Grade
    note: str


def removal(deprecated: Deprecation | None, today: date, successor_exists: bool) -> Verdict:
    """Grade the removal of something.

    Args:
        deprecated: How the old catalogue had announced it, if it had.
        today: The date to judge by.
        successor_exists: Whether `renamed_to`, if set, is there in the new catalogue.
    """
    if deprecated is None:
        return Verdict(Grade.REMOVED, "it was never deprecated")
    until = deprecated.remove_after or deprecated.since
    if not _reached(until, today):
        return Verdict(Grade.REMOVED, f"removal before its time: it was announced for {until}")
    if deprecated.renamed_to and not successor_exists:
        return Verdict(Grade.REMOVED,
                       f"its successor {deprecated.renamed_to} is not there either")
    note = f"deprecated since {deprecated.since}"
    if deprecated.remove_after:
        note += f", to be removed after {deprecated.remove_after}"
    return Verdict(Grade.LAUNCH, note)


def _reached(day: str, today: date) -> bool:
    try:
        return date.fromisoformat(day) <= today
    except ValueError:  # the 30th of February announces nothing
        return False


def changed(
    old: Deprecation | None, new: Deprecation | None, identity: Identity, source: Source,
) -> Iterator[Change]:
    """The change of an announcement, if there is one."""
    if old == new:
        return
    if new is None:
        yield Change(Kind.DEPRECATION_LIFTED, Grade.DOCS, identity, "is no longer deprecated",
                     old=plain(old), source=source)
    elif old is None:
        yield Change(Kind.DEPRECATED, Grade.DOCS, identity, _announcement(new), new=plain(new),
                     source=source)
    else:
        yield Change(Kind.DEPRECATION_CHANGED, Grade.DOCS, identity,
                     f"its deprecation changed; it {_announcement(new)}",
                     old=plain(old), new=plain(new), source=source)


def _announcement(deprecated: Deprecation) -> str:
    text = f"is deprecated since {deprecated.since}"
    if deprecated.renamed_to:
        text += f" in favour of {deprecated.renamed_to}"
    if deprecated.remove_after:
        text += f", may be removed after {deprecated.remove_after}"
    return f"{text}: {deprecated.reason}"
