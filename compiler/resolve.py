"""What a spec comes to on each hub: the one place where a hub inherits from its spec.

The checks and the plan both read specs through these functions, so that what a rule judges is what
the manifest says. They take the node trees of documents that passed the schema and are pure: every
value keeps the node, and so the place, where it was written.

The rules of inheritance:

- `repo_id`, `revision`, `file_template`, `split_file_template`: the hub's own value, else the
  spec's.
- `quantizations`, `multimodal_projectors`: the hub's own list, else the spec's, in the order in
  which they are written.
- `draft`: the hub's own mapping, else the spec's, each as a whole.
- `split_parts`: the hub's own mapping replaces the spec's as a whole (nothing is merged); an
  inherited mapping is narrowed to the quantizations that the hub has.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from collections.abc import Sequence as SequenceABC

import msgspec

from compiler.read.nodes import Mapping, Node, Scalar, Sequence, plain
from runtime.files import expand
from runtime.manifest import Engine, Format, Source

#: Fields of a hub that it takes from its spec where it does not state them.
INHERITED = ("repo_id", "revision", "file_template", "split_file_template", "quantizations",
             "split_parts", "multimodal_projectors", "draft")


def text(node: Node | None) -> str | None:
    """The text of a scalar as it was typed, or None where there is no scalar.

    Fields that hold text keep it even where YAML would read a number or a boolean (`no`, `1e3`).
    """
    # Called a million times a catalogue; Scalar has no subclass.
    return node.raw if type(node) is Scalar else None


def size_text(node: Node | None) -> str | None:
    """A size as ids write it (`36`, `0_5`): whole numbers may be typed with or without quotes."""
    if isinstance(node, Scalar) and isinstance(node.value, int):
        return str(node.value)
    return text(node)


def scalars(node: Node | None) -> list[Scalar]:
    """The scalars of a list, in order; empty where there is no list."""
    if type(node) is not Sequence:
        return []
    return [item for item in node.items if type(item) is Scalar]


def entries(node: Node | None) -> list[tuple[Scalar, Node]]:
    """Keys and values of a mapping, in the order typed; empty where there is no mapping."""
    return list(node.items()) if isinstance(node, Mapping) else []


class Parts(msgspec.Struct, frozen=True, gc=False):
    """The parts of one split quantization.

    Attributes:
        quantization: The key that names it.
        node: The list, for its position.
        parts: What `{part}` stands for, in loading order.
    """

    quantization: Scalar
    node: Node
    parts: list[Scalar]


class EffectiveHub(msgspec.Struct, frozen=True, gc=False):
    """One hub of a spec, with the spec's own values filled in.

    Attributes:
        hub: The hub's name.
        key: Its key in the spec's `hubs`.
        repo_id: None where neither the hub nor the spec states one.
        revision: None: the hub's default branch.
        quantizations: Those that this hub has, in page order.
        file_template: None for formats laid out as folders.
        split_file_template: None where nothing is split.
        split_parts: Quantization → its parts.
        multimodal_projectors: Paths of projector files; empty where there is none.
        draft: The draft model's mapping; None where there is none.
        own: What the hub states itself.
    """

    hub: str
    key: Scalar
    repo_id: Scalar | None
    revision: Scalar | None
    quantizations: list[Scalar]
    file_template: Scalar | None
    split_file_template: Scalar | None
    split_parts: dict[str, Parts]
    multimodal_projectors: list[Scalar]
    draft: Mapping | None
    own: Mapping
    # Asked for by a dozen rules, and so worked out once.
    _names: list[str]
    _parts: dict[str, list[str]]
    _files: dict[str, list[str]] = {}

    def quantization_names(self) -> list[str]:
        """The names of the quantizations that this hub has; not to be changed."""
        return self._names

    def split_quantizations(self) -> dict[str, list[str]]:
        """Quantization → parts, as plain text; not to be changed."""
        return self._parts

    def files(self) -> dict[str, list[str]]:
        """Quantization → paths of its weights, where a template names them; not to be changed."""
        if not self._files:
            whole, split = text(self.file_template), text(self.split_file_template)
            for name in self._names:
                if parts := self._parts.get(name):
                    if split is not None:
                        self._files[name] = [expand(split, name, part) for part in parts]
                elif whole is not None:
                    self._files[name] = [expand(whole, name)]
        return self._files


class EffectiveSpec(msgspec.Struct, frozen=True, gc=False):
    """One spec of a family.

    Attributes:
        node: Its mapping.
        format: Format name.
        quantizations: All of its quantizations, in page order.
        names: Their names.
        hubs: Its hubs with the spec's own values filled in.
        split: Of each quantization, whether its weights are in several files on every hub that has
            them; this is the `split` that `runtime.support.judge` asks for.
    """

    node: Mapping
    format: str
    quantizations: list[Scalar]
    names: list[str]
    hubs: list[EffectiveHub]
    split: tuple[bool, ...]


def effective_specs(family: Mapping) -> list[EffectiveSpec]:
    """The specs of a family, in page order."""
    specs = family.get("specs")
    return [_effective_spec(node) for node in (specs.items if isinstance(specs, Sequence) else [])
            if isinstance(node, Mapping)]


def _effective_spec(node: Mapping) -> EffectiveSpec:
    quantizations = scalars(node.get("quantizations"))
    names = [text(item) or "" for item in quantizations]
    hubs = [_effective_hub(node, quantizations, names, key, own)
            for key, own in entries(node.get("hubs")) if isinstance(own, Mapping)]
    return EffectiveSpec(node, text(node.get("format")) or "", quantizations, names, hubs,
                         _split_everywhere(hubs, names))


def _effective_hub(spec: Mapping, quantizations: list[Scalar], names: list[str], key: Scalar,
                   own: Mapping) -> EffectiveHub:
    def value(name: str) -> Node | None:
        entry = own.entries.get(name) or spec.entries.get(name)
        return entry[1] if entry else None

    def scalar(name: str) -> Scalar | None:
        node = value(name)
        return node if type(node) is Scalar else None

    if "quantizations" in own.entries:
        quantizations = scalars(own.get("quantizations"))
        names = [text(node) or "" for node in quantizations]
    parts = {
        name: Parts(part_key, node, scalars(node))
        for part_key, node in entries(value("split_parts"))
        if (name := text(part_key) or "") in names or "split_parts" in own.entries
    }
    draft = value("draft")
    return EffectiveHub(
        hub=text(key) or "", key=key, repo_id=scalar("repo_id"), revision=scalar("revision"),
        quantizations=quantizations, file_template=scalar("file_template"),
        split_file_template=scalar("split_file_template"), split_parts=parts,
        multimodal_projectors=scalars(value("multimodal_projectors")),
        draft=draft if isinstance(draft, Mapping) else None, own=own, _names=names,
        _parts={name: [text(part) or "" for part in some.parts] for name, some in parts.items()},
    )


def _split_everywhere(hubs: SequenceABC[EffectiveHub], names: list[str]) -> tuple[bool, ...]:
    somewhere = {name for hub in hubs for name in hub.split_parts}
    return tuple(name in somewhere and _is_split(hubs, name) for name in names)


def _is_split(hubs: SequenceABC[EffectiveHub], quantization: str) -> bool:
    having = [hub for hub in hubs if quantization in hub.quantization_names()]
    return bool(having) and all(
        quantization in hub.split_parts and len(hub.split_parts[quantization].parts) > 1
        for hub in having)


def family_label(kind: str, slug: str) -> str:
    """The target of cross-references to a family's page."""
    return f"models_{kind}_{slug}"


def spec_label(kind: str, slug: str, model_format: str, size: str, variant: str | None) -> str:
    """The target of cross-references to a spec; stays when other specs are added."""
    label = f"{family_label(kind, slug)}_{model_format}_{size}"
    return f"{label}_{variant}" if variant else label


def engine_record(root: Mapping, source: Source) -> Engine:
    """The manifest record of an engine spec; the YAML has the record's own field names."""
    return msgspec.convert({**_plain(root), "source": msgspec.to_builtins(source)}, Engine)


def format_records(root: Mapping) -> list[Format]:
    """The manifest records of `formats.yaml`, in the order written."""
    return [msgspec.convert({**_plain(node), "name": text(key)}, Format)
            for key, node in entries(root.get("formats")) if isinstance(node, Mapping)]


def _plain(node: Mapping) -> MappingABC[str, object]:
    value = plain(node)
    assert isinstance(value, dict)  # noqa: S101 - a Mapping's plain form is a dict
    return value
