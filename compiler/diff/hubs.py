"""The hubs of one spec, old against new, by what they give for each quantization."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from msgspec.structs import replace as replace_record

from compiler.diff.change import Change, Grade, Identity, Kind, Value
from compiler.diff.fields import changed_fields
from runtime import files
from runtime.errors import UserError
from runtime.manifest import Hub, Locked, Source, Spec


def compare_hubs(old: Spec, new: Spec, identity: Identity) -> Iterator[Change]:
    """Changes of a spec's hubs."""
    before = {hub.hub: hub for hub in old.hubs}
    after = {hub.hub: hub for hub in new.hubs}
    # What happens to a quantization as a whole is told once, not again for each hub.
    common = [name for name in new.quantizations if name in old.quantizations]
    for name, hub in before.items():
        one = replace(identity, hub=name)
        if name in after:
            yield from _compare_hub(hub, after[name], common, one, new.source)
        else:
            yield Change(Kind.HUB_REMOVED, Grade.LAUNCH, one, "hub was removed", old=hub.repo_id,
                         source=new.source)
    for name, hub in after.items():
        if name not in before:
            yield Change(Kind.HUB_ADDED, Grade.DOCS, replace(identity, hub=name), "hub is new",
                         new=hub.repo_id, source=new.source)
    yield from _preference(old, new, common, identity)


def _compare_hub(
    old: Hub, new: Hub, common: list[str], identity: Identity, source: Source,
) -> Iterator[Change]:
    if old == new:
        return
    yield from changed_fields(_unlocked(old), _unlocked(new), Kind.HUB_CHANGED, identity, source)
    yield from _locks(old, new, identity, source)
    lost: list[Value] = [n for n in common if n in old.quantizations and n not in new.quantizations]
    gained: list[Value] = [
        n for n in common if n in new.quantizations and n not in old.quantizations]
    if lost:
        yield Change(Kind.HUB_QUANTIZATION_REMOVED, Grade.LAUNCH, identity,
                     f"hub no longer has {', '.join(map(str, lost))}", old=lost, source=source)
    if gained:
        yield Change(Kind.HUB_QUANTIZATION_ADDED, Grade.DOCS, identity,
                     f"hub now has {', '.join(map(str, gained))}", new=gained, source=source)
    both = [n for n in common if n in old.quantizations and n in new.quantizations]
    yield from _repositories(old, new, both, identity, source)
    yield from _files(old, new, both, identity, source)


def _locks(old: Hub, new: Hub, identity: Identity, source: Source) -> Iterator[Change]:
    """Another commit or other files are launched; another date alone is only read."""
    olds, news = _locked(old), _locked(new)
    if olds == news:
        return
    before, after = ({lock.repo_id: replace_record(lock, checked="") for lock in locks}
                     for locks in (olds, news))
    yield Change(Kind.HUB_CHANGED, Grade.DOCS if before == after else Grade.LAUNCH, identity,
                 "was locked anew", field="locked", source=source,
                 old=[f"{lock.repo_id} {lock.commit} {lock.checked}" for lock in olds],
                 new=[f"{lock.repo_id} {lock.commit} {lock.checked}" for lock in news])


def _locked(hub: Hub) -> list[Locked]:
    """What is locked of a hub, its draft model's repositories last."""
    return [*hub.locked, *(hub.draft.locked if hub.draft else [])]


def _unlocked(hub: Hub) -> Hub:
    """A hub, less what is locked of its draft model."""
    draft = hub.draft and replace_record(hub.draft, locked=[])
    return replace_record(hub, draft=draft)


def _repositories(
    old: Hub, new: Hub, both: list[str], identity: Identity, source: Source,
) -> Iterator[Change]:
    moved = [n for n in both if files.repo_id(old, n) != files.repo_id(new, n)]
    if not moved:
        return
    if len(moved) == len(both) and old.repo_id != new.repo_id:
        before, after = old.repo_id, new.repo_id
    else:
        before, after = files.repo_id(old, moved[0]), files.repo_id(new, moved[0])
    note = "" if len(moved) == len(both) else f"for {', '.join(moved)}"
    yield Change(Kind.HUB_CHANGED, Grade.LAUNCH, identity, field="repo_id", old=before, new=after,
                 note=note, source=source)


def _files(
    old: Hub, new: Hub, both: list[str], identity: Identity, source: Source,
) -> Iterator[Change]:
    for name in both:
        before, after = _expected(old, name), _expected(new, name)
        if before == after:
            continue
        note = ""
        if sorted(before) == sorted(after):
            note = "the same files in another order: an engine is given the first"
        yield Change(Kind.HUB_CHANGED, Grade.LAUNCH, replace(identity, quantization=name),
                     field="files", old=_listed(before), new=_listed(after), note=note,
                     source=source)


def _expected(hub: Hub, quantization: str) -> list[str]:
    try:
        found = files.expected_files(hub, quantization)
    except UserError as error:
        # An unsafe name in an old catalogue still compares, as what it was.
        return [error.message]
    return ["the whole repository"] if found is None else found


def _listed(paths: list[str]) -> list[Value]:
    return list(paths)


def _preference(old: Spec, new: Spec, common: list[str], identity: Identity) -> Iterator[Change]:
    """Another hub is asked first for some quantization, though the earlier one still has it."""
    switched: dict[tuple[str, str], list[str]] = {}
    for name in common:
        before, after = _offering(old, name), _offering(new, name)
        if before and after and before[0] != after[0] and before[0] in after:
            switched.setdefault((before[0], after[0]), []).append(name)
    for (first, now), names in switched.items():
        note = "" if len(names) == len(common) else f"for {', '.join(names)}"
        yield Change(Kind.HUB_PREFERENCE, Grade.LAUNCH, identity, field="preferred hub",
                     old=first, new=now, note=note, source=new.source)


def _offering(spec: Spec, quantization: str) -> list[str]:
    return [hub.hub for hub in spec.hubs if quantization in hub.quantizations]
