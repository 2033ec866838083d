"""One change between two catalogues: the record that comparisons give and reports print."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Literal, TypeAlias

from runtime.manifest import Source
from runtime.naming import spec_key

Style: TypeAlias = Literal["text", "markdown"]
Value: TypeAlias = "str | int | float | bool | list[Value] | dict[str, Value] | None"

_LONGEST = 160


class Grade(IntEnum):
    """How grave a change is for whoever launches models; the order is the order of gravity."""

    DOCS = 1
    LAUNCH = 2
    REMOVED = 3

    @property
    def label(self) -> str:
        """Lower-case name for output and for `--fail-on`."""
        return self.name.lower()


class Kind(StrEnum):
    """What kind of change it is; a stable word for programs."""

    FAMILY_ADDED = "family-added"
    FAMILY_REMOVED = "family-removed"
    FAMILY_RENAMED = "family-renamed"
    FAMILY_CHANGED = "family-changed"
    SPEC_ADDED = "spec-added"
    SPEC_REMOVED = "spec-removed"
    SPEC_CHANGED = "spec-changed"
    QUANTIZATION_ADDED = "quantization-added"
    QUANTIZATION_REMOVED = "quantization-removed"
    QUANTIZATION_RENAMED = "quantization-renamed"
    DEFAULT_QUANTIZATION = "default-quantization-changed"
    QUANTIZATION_ORDER = "quantization-order-changed"
    DEPRECATED = "deprecated"
    DEPRECATION_CHANGED = "deprecation-changed"
    DEPRECATION_LIFTED = "deprecation-lifted"
    HUB_ADDED = "hub-added"
    HUB_REMOVED = "hub-removed"
    HUB_CHANGED = "hub-changed"
    HUB_PREFERENCE = "hub-preference-changed"
    HUB_QUANTIZATION_ADDED = "hub-quantization-added"
    HUB_QUANTIZATION_REMOVED = "hub-quantization-removed"
    SUPPORT_ADDED = "support-added"
    SUPPORT_REMOVED = "support-removed"
    SUPPORT_REFUTED = "support-refuted"
    SUPPORT_NOT_REFUTED = "support-no-longer-refuted"
    ENGINE_ADDED = "engine-added"
    ENGINE_REMOVED = "engine-removed"
    ENGINE_CHANGED = "engine-changed"
    ENGINE_FORMAT_ADDED = "engine-format-added"
    ENGINE_FORMAT_REMOVED = "engine-format-removed"
    ENGINE_FORMAT_CHANGED = "engine-format-changed"
    PROVIDER_ADDED = "provider-added"
    PROVIDER_REMOVED = "provider-removed"
    PROVIDER_CHANGED = "provider-changed"
    DEFAULT_PROVIDER = "default-provider-changed"
    FORMAT_ADDED = "format-added"
    FORMAT_REMOVED = "format-removed"
    FORMAT_CHANGED = "format-changed"


@dataclass(frozen=True, slots=True)
class Identity:
    """What a change is about; empty parts do not apply.

    Attributes:
        family: Family name.
        size: The spec's size as ids spell it, with its variant (`36`, `36~name`).
        format: The spec's format; alone, a format of the catalogue.
        quantization: One quantization of the spec.
        engine: An engine of the spec, or of the catalogue.
        hub: A hub of the spec.
        provider: A provider of the engine.
    """

    family: str = ""
    size: str = ""
    format: str = ""
    quantization: str = ""
    engine: str = ""
    hub: str = ""
    provider: str = ""

    @staticmethod
    def of_spec(family: str, size_in_billions: str, variant: str | None,
                model_format: str) -> Identity:
        """The identity of one spec of a family."""
        try:
            size = spec_key(size_in_billions, variant)
        except ValueError:  # a manifest from elsewhere; the text as it stands still tells it apart
            size = size_in_billions + (f"~{variant}" if variant else "")
        return Identity(family=family, size=size, format=model_format)

    def words(self) -> str:
        """The id as combination ids spell it, as far as it goes, then the hub or provider."""
        if not self.family:
            subject = ("engine " + self.engine if self.engine else "format " + self.format)
            if self.engine and self.format:
                subject += f", format {self.format}"
            return subject + (f", provider {self.provider}" if self.provider else "")
        parts = [self.family, self.size, self.format, self.quantization]
        text = "/".join(part for part in parts if part)
        if self.engine:
            text += f"/{self.engine}" if self.quantization else f" with {self.engine}"
        return text + (f" on {self.hub}" if self.hub else "")

    def as_dict(self) -> dict[str, Value]:
        """The parts that apply."""
        names = ("family", "size", "format", "quantization", "engine", "hub", "provider")
        return {name: getattr(self, name) for name in names if getattr(self, name)}


@dataclass(frozen=True, slots=True)
class Change:
    """One change.

    Attributes:
        kind: See `Kind`.
        grade: See `Grade`.
        identity: What it is about.
        what: What happened to it, in words that follow "X: ", such as `was removed`.
        field: The field that changed, where one did.
        old: The old value, None where there was none.
        new: The new value, None where there is none.
        note: Why it has its grade, or what follows from it; may be empty.
        source: Where it is written: in the new catalogue or, if it is gone, in the old one.
    """

    kind: Kind
    grade: Grade
    identity: Identity
    what: str = ""
    field: str = ""
    old: Value = None
    new: Value = None
    note: str = ""
    source: Source | None = None

    def explain(self, style: Style = "text") -> str:
        """The change on one line; line ends inside values are shown as escapes."""
        show = _show if style == "text" else _show_markdown
        subject = self.identity.words()
        out = subject if style == "text" else code_span(subject)
        if self.what:
            out += f": {self.what}" if style == "text" else f": {escape(self.what)}"
        if self.field:
            name = self.field if style == "text" else code_span(self.field)
            if self.old is None:
                out += f": {name} is now {show(self.new)}"
            elif self.new is None:
                out += f": {name} is gone, was {show(self.old)}"
            elif lists := _lists(self.old, self.new):
                out += f": {name} " + ", ".join(f"{word} {show(items)}" for word, items in lists)
            else:
                before, after = _focus(self.old, self.new)
                out += f": {name} {show(before)} → {show(after)}"
        if self.note:
            out += f" ({self.note if style == 'text' else escape(self.note)})"
        return _one_line(out)

    def as_dict(self) -> dict[str, Value]:
        """The change for `--format json`."""
        out: dict[str, Value] = {
            "kind": self.kind.value, "grade": self.grade.label,
            "identity": self.identity.as_dict(), "message": self.explain("text")}
        if self.field:
            out["field"] = self.field
        if self.old is not None or self.new is not None:
            out |= {"old": self.old, "new": self.new}
        if self.note:
            out["note"] = self.note
        if self.source:
            out["source"] = {"file": self.source.file, "line": self.source.line}
        return out

    def sort_key(self) -> tuple[int, str, str, str, str, str]:
        """Gravest first; then by what it is about."""
        words = self.identity.words()
        return (-self.grade, words.casefold(), words, self.kind.value, self.field, self.note)


def _lists(old: Value, new: Value) -> list[tuple[str, Value]]:
    """What two lists do not share; nothing where their order is what differs."""
    if not isinstance(old, list) or not isinstance(new, list):
        return []
    lost: Value = [item for item in old if item not in new]
    gained: Value = [item for item in new if item not in old]
    return [(word, items) for word, items in (("without", lost), ("with", gained)) if items]


def _focus(old: Value, new: Value) -> tuple[Value, Value]:
    """Of two long texts, the stretch around where they first differ."""
    if not isinstance(old, str) or not isinstance(new, str) or max(len(old), len(new)) <= _LONGEST:
        return old, new
    same = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b),
                min(len(old), len(new)))
    start = max(0, same - 40)
    lead = "…" if start else ""
    return lead + old[start:], lead + new[start:]


def _show(value: Value) -> str:
    if isinstance(value, str):
        # JSON's quoting shows line ends and control characters as escapes.
        text = json.dumps(value, ensure_ascii=False)
        return text if len(text) <= _LONGEST else text[:_LONGEST - 2] + '…"'
    if isinstance(value, list):
        text = ", ".join(str(item) if isinstance(item, str | int) else
                         json.dumps(item, ensure_ascii=False) for item in value) or "none"
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, dict):
        text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    else:
        text = str(value)
    text = _one_line(text)
    return text if len(text) <= _LONGEST else text[:_LONGEST - 1] + "…"


def _show_markdown(value: Value) -> str:
    return code_span(_show(value))


def _one_line(text: str) -> str:
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode()
                   for char in text)


def code_span(text: str) -> str:
    """`text` as Markdown code on one line, whatever backticks it holds."""
    text = _one_line(text)
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") or not text.strip() else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def escape(text: str) -> str:
    """`text` as Markdown that shows it literally: no markup, mention, issue link or HTML."""
    text = _one_line(text)
    text = re.sub(r"([\\`*_{}\[\]()<>#|~!&])", r"\\\1", text)
    # A zero-width joiner would be copied along; an entity is not.
    return re.sub(r"@", "&#64;", text)
