"""From node trees to manifest records: everything filled in, nothing left to look up.

The plan reads documents that passed their schema. It never judges by itself: which engine loads a
quantization is asked of `runtime.support.judge`, what a hub inherits of `compiler.resolve`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from compiler import resolve
from compiler.judgement import Asked, Judged, Judgement
from compiler.lock.attach import with_lock
from compiler.read.nodes import Mapping, Node, Scalar, plain
from compiler.resolve import EffectiveHub, EffectiveSpec, entries, scalars, text
from runtime.lockfile import Lock
from runtime.manifest import (
    FORMAT,
    FORMAT_VERSION,
    Deprecation,
    Draft,
    Engine,
    EngineClaim,
    Family,
    Format,
    Hub,
    Manifest,
    Source,
    Spec,
)
from runtime.naming import slug


class Document(Protocol):
    """One file of the catalogue that passed its schema."""

    @property
    def kind(self) -> str:
        """`family`, `engine` or `formats`."""

    @property
    def relative(self) -> str:
        """Path relative to the specs folder, with forward slashes."""

    @property
    def root(self) -> Mapping:
        """The document's tree."""

    @property
    def lock(self) -> Lock | None:
        """What the hubs said of a family's sources; None where it is not locked."""


def plan(documents: Iterable[Document]) -> Manifest:
    """The manifest of a catalogue, without its digest (`runtime.manifest.encode` fills it in).

    Args:
        documents: Every file of the catalogue, in any order; the result does not depend on it.
    """
    formats: list[Format] = []
    engines: list[Engine] = []
    families: list[Document] = []
    for document in documents:
        if document.kind == "family":
            families.append(document)
        elif document.kind == "engine":
            engines.append(resolve.engine_record(document.root, _source(document, document.root)))
        else:
            formats += resolve.format_records(document.root)
    planner = Planner(engines)
    records = [planner.family(document) for document in families]
    return Manifest(
        format=FORMAT, format_version=FORMAT_VERSION, digest="", optional_fields=["locked"],
        formats=sorted(formats, key=lambda record: record.name),
        engines=sorted(engines, key=lambda record: name_key(record.name)),
        families=sorted(records, key=lambda record: name_key(record.name)),
    )


def name_key(name: str) -> tuple[str, str]:
    """What families and engines are sorted by."""
    return (name.casefold(), name)


def _source(document: Document, node: Node) -> Source:
    return Source(file=document.relative, line=node.span.line)


class Planner:
    """Plans families.

    Args:
        engines: Of the catalogue.
        judgement: What has been judged of them already.
    """

    def __init__(self, engines: list[Engine], judgement: Judgement | None = None) -> None:
        # Reverse code-point order puts vLLM first, as the pages of the field do.
        self.engines = sorted(engines, key=lambda record: record.name, reverse=True)
        self.by_name = {record.name.casefold(): record for record in engines}
        self.judgement = judgement or Judgement()

    def family(self, document: Document, specs: list[EffectiveSpec] | None = None) -> Family:
        """The record of a family.

        Args:
            document: Its file.
            specs: Its specs, where they have been worked out already.
        """
        root = document.root
        architectures = _texts(root.get("architectures"))
        name = text(root.get("name")) or ""
        if specs is None:
            specs = resolve.effective_specs(root)
        return Family(
            name=name,
            slug=slug(name),
            type=text(root.get("type")) or "llm",
            context_length=_integer(root.get("context_length")),
            languages=_texts(root.get("languages")),
            abilities=_texts(root.get("abilities")),
            description=text(root.get("description")) or "",
            architectures=architectures,
            model_type=text(root.get("model_type")),
            licence=text(root.get("licence")),
            homepage=text(root.get("homepage")),
            chat_template=text(root.get("chat_template")),
            stop=_texts(root.get("stop")),
            stop_token_ids=[_integer(node) for node in scalars(root.get("stop_token_ids"))],
            tool_parser=_pairs(root.get("tool_parser")),
            reasoning_parser=_pairs(root.get("reasoning_parser")),
            reasoning_start_tag=text(root.get("reasoning_start_tag")),
            reasoning_end_tag=text(root.get("reasoning_end_tag")),
            deprecated=_deprecation(root.get("deprecated")),
            specs=[with_lock(self.spec(document, spec, tuple(architectures)), document.lock)
                   for spec in specs],
            extensions=_extensions(root.get("extensions")),
            source=_source(document, root),
        )

    def spec(self, document: Document, spec: EffectiveSpec, architectures: tuple[str, ...]) -> Spec:
        """The record of one of its specs."""
        node = spec.node
        stated = node.get("engines")
        remote_code = _boolean(node.get("trust_remote_code"))
        judged = self.judgement.of(Asked(spec.format, tuple(spec.names), spec.split, architectures,
                                         remote_code))
        return Spec(
            format=spec.format,
            size_in_billions=resolve.size_text(node.get("size_in_billions")) or "",
            activated_size_in_billions=resolve.size_text(node.get("activated_size_in_billions")),
            variant=text(node.get("variant")),
            quantizations=spec.names,
            hubs=[hub_record(hub) for hub in spec.hubs],
            engines=(self.derived(judged) if stated is None
                     else self.claimed(_texts(stated), judged)),
            engines_stated=stated is not None,
            trust_remote_code=remote_code,
            deprecated_quantizations={
                text(key) or "": deprecation
                for key, value in entries(node.get("deprecated_quantizations"))
                if (deprecation := _deprecation(value)) is not None},
            extensions=_extensions(node.get("extensions")),
            source=_source(document, node),
        )

    def derived(self, judged: Judged) -> list[EngineClaim]:
        """The engines that load at least one quantization, by their own facts."""
        # A page promises only what `runtime launch` does.
        return [EngineClaim(engine=engine.name, quantizations=loads)
                for engine in self.engines
                if engine.launchable and (loads := judged.loaded(engine))]

    def claimed(self, names: list[str], judged: Judged) -> list[EngineClaim]:
        """The engines that the YAML claims, with what their facts refute."""
        claims = []
        for name in sorted(names, reverse=True):
            engine = self.by_name.get(name.casefold())
            refuted = {} if engine is None else {
                quantization: f"{verdict.code} {verdict.reason}"
                for quantization, verdict in judged.verdicts(engine).items()
                if not verdict.supported}
            claims.append(EngineClaim(engine=engine.name if engine else name,
                                      quantizations=list(judged.asked.quantizations),
                                      refuted=refuted))
        return claims


def hub_record(hub: EffectiveHub) -> Hub:
    """A hub of a spec as the manifest has it."""
    return Hub(
        hub=hub.hub,
        repo_id=text(hub.repo_id) or "",
        revision=text(hub.revision),
        quantizations=hub.quantization_names(),
        file_template=text(hub.file_template),
        split_file_template=text(hub.split_file_template),
        split_parts=hub.split_quantizations(),
        multimodal_projectors=[text(node) or "" for node in hub.multimodal_projectors],
        draft=None if hub.draft is None else Draft(
            repo_id=text(hub.draft.get("repo_id")) or "",
            quantizations=_texts(hub.draft.get("quantizations")),
            file_template=text(hub.draft.get("file_template"))),
    )


def _deprecation(node: Node | None) -> Deprecation | None:
    if not isinstance(node, Mapping):
        return None
    return Deprecation(since=text(node.get("since")) or "", reason=text(node.get("reason")) or "",
                       renamed_to=text(node.get("renamed_to")),
                       remove_after=text(node.get("remove_after")))


def _extensions(node: Node | None) -> dict[str, dict[str, object]]:
    return {key.raw: value for key, item in entries(node)
            if isinstance(value := plain(item), dict)}


def _texts(node: Node | None) -> list[str]:
    return [text(item) or "" for item in scalars(node)]


def _pairs(node: Node | None) -> dict[str, str]:
    return {text(key) or "": text(value) or "" for key, value in entries(node)}


def _integer(node: Node | None) -> int:
    value = plain(node) if isinstance(node, Scalar) else 0
    return int(value) if isinstance(value, (int, float)) else 0


def _boolean(node: Node | None) -> bool:
    return isinstance(node, Scalar) and node.value is True
