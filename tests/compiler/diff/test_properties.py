"""Properties over a catalogue that uses everything: nothing that matters changes unseen."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from compiler.diff import Grade, compare, sides
from runtime.manifest import Manifest

TODAY = date(2026, 6, 1)
#: Where it was written, whether derived or stated, and what the file says of itself.
SILENT = {"source", "engines_stated", "digest", "format_version", "optional_fields"}


@pytest.fixture(scope="module")
def catalogue() -> Manifest:
    # The frozen specs: their showcase family uses every field, and trying each leaf of the
    # whole catalogue would take minutes and tell no more.
    return sides.read("tests/golden/specs", Path("tests/golden/specs")).compiled()


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path


def changed(value: Any, path: tuple[Any, ...]) -> Any:
    """`value` with the leaf at `path` made another of its type."""
    if not path:
        if isinstance(value, bool):
            return not value
        return value + 1 if isinstance(value, int) else f"{value}x"
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:])
    return copy


def test_no_leaf_of_the_manifest_changes_unseen(catalogue: Manifest) -> None:
    plain = msgspec.to_builtins(catalogue)
    tried = 0
    for path in leaves(plain):
        if path[0] == "format" or SILENT & set(path):
            continue
        other = msgspec.convert(changed(plain, path), Manifest)
        assert compare(catalogue, other, today=TODAY), path
        tried += 1
    assert tried > 300


def test_a_catalogue_is_like_itself_in_any_order(catalogue: Manifest) -> None:
    shuffle = random.Random(1).shuffle
    plain = msgspec.to_builtins(catalogue)
    for items in (plain["families"], plain["engines"], plain["formats"],
                  *(family["specs"] for family in plain["families"]),
                  *(family["languages"] for family in plain["families"])):
        shuffle(items)
    assert compare(catalogue, msgspec.convert(plain, Manifest), today=TODAY) == []


def test_nothing_is_lost_or_gained_without_its_counterpart(catalogue: Manifest) -> None:
    empty = msgspec.structs.replace(catalogue, families=[], engines=[], formats=[])
    gone = compare(catalogue, empty, today=TODAY)
    come = compare(empty, catalogue, today=TODAY)
    assert {change.identity for change in gone} == {change.identity for change in come}
    assert {change.grade for change in gone} == {Grade.REMOVED}
    assert {change.grade for change in come} == {Grade.DOCS}
