"""Families from a form that says less than a spec must: drafts with a TODO for what is left open.

A draft is the skeleton of `compiler new` with what is known filled in, so that a person finds the
same words beside each field, and `compiler check` the same placeholders. Whatever the form says
beyond our fields is kept under `extensions`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from compiler.finding import Severity
from compiler.fmt.document import format_bytes
from compiler.importers import _files
from compiler.importers._json import Place
from compiler.new import Facts, skeleton
from compiler.read.nodes import plain
from compiler.read.parse import parse
from compiler.yamlwrite import write as write_yaml
from runtime.errors import UserError
from runtime.naming import normalize_size


@dataclass(frozen=True, slots=True)
class Draft:
    """One family, as far as it is known.

    Attributes:
        facts: What the skeleton shows.
        fields: Further fields of the family document, `extensions` among them.
    """

    facts: Facts
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Drafts:
    """What an importer read.

    Attributes:
        families: In the order of the file.
        left_out: A sentence for each thing that could not become a family or a spec.
    """

    families: Sequence[Draft]
    left_out: Sequence[str] = field(default=())


def render(drafts: Drafts, out: Path, source: str) -> dict[str, bytes]:
    """The files of the drafts, by their path in the specs folder `out`.

    Raises:
        UserError: A name cannot be a file name, or two names would be one file.
    """
    files: dict[str, bytes] = {}
    seen: dict[str, str] = {}
    for draft in drafts.families:
        name = draft.facts.name
        _files.check_name(name, seen, source)
        path = f"families/{name}.yaml"
        files[path] = _text(draft, _files.modeline_for(out / path, "family"), f"{source}: {name}")
    return files | _files.order_file(
        [draft.facts.name for draft in drafts.families], out, source)


def _text(draft: Draft, header: str, what: str) -> bytes:
    try:
        added = write_yaml(draft.fields, spaced=("extensions",))
        text = (header + skeleton(draft.facts, schema=None) + added).encode("utf-8")
    except ValueError as error:
        raise UserError(f"{what}: {error}", code="import-value") from None
    outcome = format_bytes(text, what)  # puts each field in its place
    tree, findings = parse(outcome.after, what)
    if tree is None or findings:
        raise UserError(f"{what} cannot be a spec: {findings[0].message}", code="import-value",
                        hint=findings[0].hint)
    read: Any = plain(tree)
    if any(read.get(key) != value for key, value in draft.fields.items()):
        raise UserError(f"{what} does not read back as it was written", code="import-value",
                        hint="please report it with this family")
    return outcome.after


def read_yaml(data: bytes, file: str) -> Place:
    """The document of a YAML file of another program.

    Raises:
        UserError: It cannot be read.
    """
    tree, findings = parse(data, file)
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if tree is None or errors:
        first = errors[0]
        raise UserError(f"{first.file}:{first.span.line}:{first.span.column}: {first.message}",
                        code="import-invalid", hint=first.hint)
    return Place(plain(tree), file)


def size_in_billions(value: object, unit: str) -> str | None:
    """A size as specs write it; None where it is none.

    Args:
        value: A number, or its text.
        unit: `M`, `B` or `T`.
    """
    factor = {"M": Decimal("0.001"), "B": Decimal(1), "T": Decimal(1000)}.get(unit)
    if factor is None or isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        billions = Decimal(str(value)) * factor
        return normalize_size(format(billions, "f")) if billions > 0 else None
    except (InvalidOperation, ValueError):
        return None
