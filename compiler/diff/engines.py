"""Engines and formats of the catalogue, old against new."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from compiler.diff.change import Change, Grade, Identity, Kind, Value
from compiler.diff.fields import changed_fields, plain
from runtime.manifest import Engine, Format, Provider, Refuses

T = TypeVar("T")


def compare_formats(old: Sequence[Format], new: Sequence[Format]) -> Iterator[Change]:
    """Changes of the formats."""
    before = {item.name: item for item in old}
    after = {item.name: item for item in new}
    for name, item in before.items():
        identity = Identity(format=name)
        if name in after:
            yield from changed_fields(item, after[name], Kind.FORMAT_CHANGED, identity)
        else:
            yield Change(Kind.FORMAT_REMOVED, Grade.REMOVED, identity, "was removed", old=name)
    for name in after:
        if name not in before:
            yield Change(Kind.FORMAT_ADDED, Grade.DOCS, Identity(format=name), "is new", new=name)


def compare_engines(old: Sequence[Engine], new: Sequence[Engine]) -> Iterator[Change]:
    """Changes of the engines; names are one name whatever their case, as on the command line."""
    before = {engine.name.casefold(): engine for engine in old}
    after = {engine.name.casefold(): engine for engine in new}
    for name, engine in before.items():
        if name in after:
            yield from _compare_engine(engine, after[name])
        else:
            yield Change(Kind.ENGINE_REMOVED, Grade.REMOVED, Identity(engine=engine.name),
                         "was removed", old=engine.name, source=engine.source)
    for name, engine in after.items():
        if name not in before:
            yield Change(Kind.ENGINE_ADDED, Grade.DOCS, Identity(engine=engine.name), "is new",
                         new=engine.name, source=engine.source)


def _compare_engine(old: Engine, new: Engine) -> Iterator[Change]:
    identity = Identity(engine=new.name)
    if old.name != new.name:
        yield Change(Kind.ENGINE_CHANGED, Grade.DOCS, identity, field="name", old=old.name,
                     new=new.name, source=new.source)
    yield from changed_fields(old, new, Kind.ENGINE_CHANGED, identity, new.source)
    yield from _loads(old, new, identity)
    yield from _refuses(old, new, identity)
    yield from _architectures(old, new, identity)
    yield from _providers(old, new, identity)


def _loads(old: Engine, new: Engine, identity: Identity) -> Iterator[Change]:
    before = _grouped(old.loads, lambda rule: rule.format)
    after = _grouped(new.loads, lambda rule: rule.format)
    for name, rules in before.items():
        one = replace(identity, format=name)
        if name not in after:
            yield Change(Kind.ENGINE_FORMAT_REMOVED, Grade.LAUNCH, one, "is no longer loaded",
                         old=[plain(rule) for rule in rules], source=new.source)
        elif len(rules) == len(after[name]) == 1:
            yield from changed_fields(rules[0], after[name][0], Kind.ENGINE_FORMAT_CHANGED, one,
                                      new.source)
        elif rules != after[name]:
            yield Change(Kind.ENGINE_FORMAT_CHANGED, Grade.LAUNCH, one, field="loads",
                         old=[plain(rule) for rule in rules],
                         new=[plain(rule) for rule in after[name]], source=new.source)
    for name, rules in after.items():
        if name not in before:
            yield Change(Kind.ENGINE_FORMAT_ADDED, Grade.DOCS, replace(identity, format=name),
                         "is newly loaded", new=[plain(rule) for rule in rules],
                         source=new.source)


def _refuses(old: Engine, new: Engine, identity: Identity) -> Iterator[Change]:
    def key(rule: Refuses) -> str:
        return repr((rule.format, sorted(rule.quantizations), rule.split_files,
                     sorted(rule.providers)))

    before, after = _grouped(old.refuses, key), _grouped(new.refuses, key)
    for name, rules in before.items():
        one = replace(identity, format=rules[0].format)
        if name in after:
            yield from changed_fields(rules[0], after[name][0], Kind.ENGINE_FORMAT_CHANGED, one,
                                      new.source)
        else:
            yield Change(Kind.ENGINE_FORMAT_CHANGED, Grade.DOCS, one,
                         f"no longer refuses {_case(rules[0])}", old=plain(rules[0]),
                         source=new.source)
    for name, rules in after.items():
        if name not in before:
            yield Change(Kind.ENGINE_FORMAT_CHANGED, Grade.LAUNCH,
                         replace(identity, format=rules[0].format),
                         f"now refuses {_case(rules[0])}: {rules[0].reason}",
                         new=plain(rules[0]), source=new.source)


def _case(rule: Refuses) -> str:
    words = ", ".join(rule.quantizations) or "every quantization"
    return words + {None: "", True: " in several files", False: " in one file"}[rule.split_files]


def _architectures(old: Engine, new: Engine, identity: Identity) -> Iterator[Change]:
    if old.architectures == new.architectures:
        return
    lost: list[Value] = [n for n in old.architectures if n not in new.architectures]
    gained: list[Value] = [n for n in new.architectures if n not in old.architectures]
    if bool(old.architectures) != bool(new.architectures):
        # Empty means that the engine does not choose: a first list narrows what it loads.
        grade = Grade.LAUNCH if new.architectures else Grade.DOCS
        yield Change(Kind.ENGINE_CHANGED, grade, identity, field="architectures",
                     old=lost or ["any"], new=gained or ["any"], source=new.source)
        return
    if lost:
        yield Change(Kind.ENGINE_CHANGED, Grade.LAUNCH, identity,
                     f"no longer has {', '.join(map(str, lost))}", old=lost, source=new.source)
    if gained:
        yield Change(Kind.ENGINE_CHANGED, Grade.DOCS, identity,
                     f"now has {', '.join(map(str, gained))}", new=gained, source=new.source)
    for name, version in old.architectures.items():
        if name in new.architectures and new.architectures[name] != version:
            yield Change(Kind.ENGINE_CHANGED, Grade.LAUNCH, identity,
                         field=f"first version with {name}", old=version,
                         new=new.architectures[name], source=new.source)


def _providers(old: Engine, new: Engine, identity: Identity) -> Iterator[Change]:
    before: dict[str, Provider] = {item.name: item for item in old.providers}
    after: dict[str, Provider] = {item.name: item for item in new.providers}
    for name, item in before.items():
        one = replace(identity, provider=name)
        if name in after:
            yield from changed_fields(item, after[name], Kind.PROVIDER_CHANGED, one, new.source)
        else:
            yield Change(Kind.PROVIDER_REMOVED, Grade.LAUNCH, one, "was removed", old=name,
                         source=new.source)
    for name in after:
        if name not in before:
            yield Change(Kind.PROVIDER_ADDED, Grade.DOCS, replace(identity, provider=name),
                         "is new", new=name, source=new.source)
    kept = [name for name in before if name in after]
    order = [name for name in after if name in before]
    first = list(before)[:1]
    if kept != order or (first and first[0] in after and list(after)[:1] != first):
        yield Change(Kind.DEFAULT_PROVIDER, Grade.LAUNCH, identity, field="order of providers",
                     old=list(before), new=list(after), note="the first that fits is used",
                     source=new.source)


def _grouped(items: Sequence[T], key: Callable[[T], str]) -> dict[str, list[T]]:
    out: dict[str, list[T]] = {}
    for item in items:
        out.setdefault(key(item), []).append(item)
    return out
