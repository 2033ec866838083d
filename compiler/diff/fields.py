"""Plain fields of manifest records: the grade of a change to each.

Every field of a record is either graded here or listed as compared elsewhere, and a test holds the
tables to the records. A field that is in neither (a newer contract) counts as LAUNCH: a reviewer
rather looks once too often.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from compiler.diff.change import Change, Grade, Identity, Kind, Value
from runtime.manifest import (
    Engine,
    Family,
    Format,
    Hub,
    Loads,
    Provider,
    Record,
    Refuses,
    Source,
    Spec,
)
from runtime.naming import normalize_size

DOCS, LAUNCH = Grade.DOCS, Grade.LAUNCH


@dataclass(frozen=True, slots=True)
class Table:
    """How the fields of one record type are compared.

    Attributes:
        grades: Field → grade of a change.
        elsewhere: Fields that identify the record, say nothing, or have a comparison of their own.
        unordered: Graded lists whose order means nothing.
        sizes: Graded texts that are sizes: `1_8` and `1_80` are the same.
    """

    grades: Mapping[str, Grade]
    elsewhere: frozenset[str]
    unordered: frozenset[str] = frozenset()
    sizes: frozenset[str] = frozenset()


TABLES: dict[type[Record], Table] = {
    Family: Table(
        grades={
            "context_length": LAUNCH, "languages": DOCS, "description": DOCS,
            # Abilities decide which parsers and templates an engine is started with.
            "abilities": LAUNCH, "architectures": LAUNCH, "model_type": LAUNCH,
            "chat_template": LAUNCH, "stop": LAUNCH, "stop_token_ids": LAUNCH,
            "tool_parser": LAUNCH, "reasoning_parser": LAUNCH, "reasoning_start_tag": LAUNCH,
            "reasoning_end_tag": LAUNCH, "slug": DOCS, "type": DOCS, "licence": DOCS,
            "homepage": DOCS, "extensions": DOCS,  # extensions: only exporters read them
        },
        elsewhere=frozenset({"name", "specs", "source", "deprecated"}),
        unordered=frozenset({"languages", "abilities", "architectures", "stop",
                             "stop_token_ids"})),
    Spec: Table(
        # The active size decides the memory and speed that a reader reckons with.
        grades={"activated_size_in_billions": LAUNCH, "trust_remote_code": LAUNCH,
                "extensions": DOCS},
        elsewhere=frozenset({"format", "size_in_billions", "variant", "quantizations", "hubs",
                             "engines", "engines_stated", "deprecated_quantizations", "source"}),
        sizes=frozenset({"activated_size_in_billions"})),
    Hub: Table(
        grades={"revision": LAUNCH, "multimodal_projectors": LAUNCH, "draft": LAUNCH},
        elsewhere=frozenset({"hub", "repo_id", "quantizations", "file_template",
                             "split_file_template", "split_parts", "locked"})),
    Engine: Table(
        grades={"title": DOCS, "description": DOCS, "homepage": DOCS, "served_name": LAUNCH,
                "served_name_fixed": LAUNCH, "needs_tool_parser": LAUNCH,
                "needs_reasoning_parser": LAUNCH, "launchable": LAUNCH,
                "runs_remote_code": LAUNCH},
        elsewhere=frozenset({"name", "loads", "providers", "source", "refuses",
                             "architectures"})),
    Provider: Table(
        grades={"requirements": LAUNCH, "executable": LAUNCH, "module": LAUNCH,
                "platforms": LAUNCH, "machines": LAUNCH, "accelerators": LAUNCH,
                "version_of": LAUNCH, "environment": LAUNCH, "cpu_flags": LAUNCH,
                "notes": DOCS},
        elsewhere=frozenset({"name"}),
        unordered=frozenset({"requirements", "platforms", "machines", "cpu_flags"})),
    Format: Table(
        # The patterns judge names in `check`; they start nothing.
        grades={"title": DOCS, "description": DOCS, "layout": LAUNCH, "quantizations": DOCS},
        elsewhere=frozenset({"name"}), unordered=frozenset({"quantizations"})),
    Loads: Table(
        grades={"quantizations": LAUNCH, "since": LAUNCH, "until": LAUNCH, "requires": LAUNCH},
        elsewhere=frozenset({"format"}), unordered=frozenset({"quantizations", "requires"})),
    Refuses: Table(
        grades={"reason": DOCS, "since": LAUNCH, "until": LAUNCH,
                "without_cpu_flags": LAUNCH},
        elsewhere=frozenset({"format", "quantizations", "split_files", "providers"}),
        unordered=frozenset({"without_cpu_flags"})),
}


def changed_fields(
    old: Record, new: Record, kind: Kind, identity: Identity, source: Source | None = None,
) -> Iterator[Change]:
    """One change for each graded field whose meaning differs between two records of one type."""
    table = TABLES[type(new)]
    for name in new.__struct_fields__:
        if name in table.elsewhere:
            continue
        before, after = getattr(old, name), getattr(new, name)
        if _same(before, after, table, name):
            continue
        yield Change(kind, table.grades.get(name, LAUNCH), identity, field=name,
                     old=plain(before), new=plain(after), source=source)


def _same(before: Any, after: Any, table: Table, name: str) -> bool:
    if before == after:
        return True
    if name in table.unordered:
        return set(before) == set(after)
    if name in table.sizes and before is not None and after is not None:
        return size(before) == size(after)
    return False


def size(text: str) -> str:
    """A size as ids spell it; the text itself where it is none."""
    try:
        return normalize_size(text)
    except ValueError:
        return text


def plain(value: Any) -> Value:
    """A field's value as JSON would hold it; empty collections count as nothing."""
    if value is None or value in ([], {}):
        return None
    built: Value = msgspec.to_builtins(value)
    return built
