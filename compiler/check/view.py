"""What rules look at: specs as typed views over the node trees, every value with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

import msgspec

from compiler import resolve
from compiler.finding import Related, Span
from compiler.judgement import Asked, Judged, Judgement
from compiler.read.nodes import Mapping, Node, Scalar, Sequence
from compiler.resolve import EffectiveHub, EffectiveSpec, text
from runtime.facts import EngineFacts, newest
from runtime.lockfile import Lock
from runtime.manifest import Engine, Format, Source
from runtime.support import Verdict, matches


class Document:
    """One file that passed its schema.

    Attributes:
        file: Path as findings print it.
        root: The document's tree.
    """

    def __init__(self, file: str, root: Mapping) -> None:
        self.file = file
        self.root = root

    @property
    def file_name(self) -> str:
        """The file's name without its folder."""
        return self.file.replace("\\", "/").rpartition("/")[2]

    @property
    def stem(self) -> str:
        """The file's name without folder and `.yaml`."""
        return self.file_name.removesuffix(".yaml").removesuffix(".yml")

    def path_of(self, node: Node) -> str:
        """Where `node` stands, such as `specs[0].quantizations[1]`; empty where it is no value."""
        return _path(self.root, node, "") or ""

    def place(self, node: Node) -> Place:
        """Where `node` stands in this file."""
        return Place(self.file, _point(node), self.path_of(node))

    def problem(self, node: Node, message: str, hint: str = "",
                related: Iterable[Related] = ()) -> Problem:
        """A problem at `node` of this file."""
        return self.place(node).problem(message, hint, related)

    def related(self, node: Node, message: str) -> Related:
        """`node` of this file as the second place of a problem."""
        return Related(self.file, _point(node), message)


def _path(here: Node, wanted: Node, path: str) -> str | None:
    """The path of `wanted` below `here`, whose own is `path`; None where it is not there."""
    if here is wanted:
        return path
    line = wanted.span.line
    if isinstance(here, Mapping):
        for key, value in here.items():
            if key is wanted or value.span.line <= line <= value.span.end_line:
                step = f"{path}.{key.raw}" if path else key.raw
                found = step if key is wanted else _path(value, wanted, step)
                if found is not None:
                    return found
    elif isinstance(here, Sequence):
        for index, item in enumerate(here.items):
            if item.span.line <= line <= item.span.end_line:
                found = _path(item, wanted, f"{path}[{index}]")
                if found is not None:
                    return found
    return None


def _point(node: Node) -> Span:
    """The span to underline: a whole mapping is pointed at by its first key."""
    if isinstance(node, Mapping) and node.entries:
        return next(node.items())[0].span
    return node.span


class CatalogueFact(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a catalogue rule keeps of a family, in a form that the cache can hold.

    Each catalogue rule declares its own, `Fact`, with fields of plain values and `Place`.
    """


class Place(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A place in a document, for a problem that is found when its tree is no longer there.

    Attributes:
        file: As findings print it.
        span: What to underline.
        path: Where in the document.
    """

    file: str
    span: Span
    path: str

    def problem(self, message: str, hint: str = "", related: Iterable[Related] = ()) -> Problem:
        """A problem here."""
        return Problem(self.file, self.span, message, hint, self.path, tuple(related))

    def related(self, message: str) -> Related:
        """This as the second place of a problem."""
        return Related(self.file, self.span, message)


class Problem(msgspec.Struct, frozen=True):
    """What a rule yields; the registry adds the rule's code and severity.

    Attributes:
        file: Where, as findings print it.
        span: The offending key or value.
        message: One sentence without a full stop.
        hint: What to do.
        path: Where in the document.
        related: Other places that belong to it.
    """

    file: str
    span: Span
    message: str
    hint: str = ""
    path: str = ""
    related: tuple[Related, ...] = ()


class SpecView:
    """One spec of a family.

    Attributes:
        family: The family that it belongs to.
        node: Its mapping.
        path: Where in the document: `specs[0]`.
        format: Format name.
        size: Size in billions as ids write it (`0_5`).
        quantizations: All of its quantizations, in page order.
        hubs: Its hubs with the spec's own values filled in.
    """

    def __init__(self, family: FamilyView, spec: EffectiveSpec, path: str) -> None:
        self.family = family
        self.node = spec.node
        self.path = path
        self.format = spec.format
        self.size = resolve.size_text(spec.node.get("size_in_billions")) or ""
        self.quantizations = spec.quantizations
        self.hubs = spec.hubs
        self._names, self._split = spec.names, spec.split

    @property
    def variant(self) -> str | None:
        """What tells it from another spec of its size and format."""
        return text(self.node.get("variant"))

    @property
    def anchor(self) -> Node:
        """The node to point at when the spec as a whole is meant: its format."""
        return self.node.get("format") or self.node

    def place(self, node: Node) -> Place:
        """Where `node`, which is part of this spec, stands."""
        return Place(self.family.file, _point(node), _path(self.node, node, self.path) or "")

    @property
    def engines_node(self) -> Node | None:
        """Its `engines`; None where they are left out, and so derived."""
        return self.node.get("engines")

    @property
    def engines(self) -> list[Scalar]:
        """The engines that it states; empty where it states none."""
        return resolve.scalars(self.engines_node)

    def names(self) -> list[str]:
        """The names of its quantizations; not to be changed."""
        return self._names

    def title(self) -> str:
        """How messages call it: `ggufv2 36` or `ggufv2 36~name`."""
        return f"{self.format} {self.size}" + (f"~{self.variant}" if self.variant else "")

    def layout(self) -> str | None:
        """`file` or `folder`; None where the format is unknown."""
        return self._layout

    @cached_property
    def _layout(self) -> str | None:
        known = self.family.catalogue.formats.get(self.format)
        return known.layout if known else None

    @property
    def trust_remote_code(self) -> bool:
        """Whether the repository's own code may run."""
        node = self.node.get("trust_remote_code")
        return isinstance(node, Scalar) and node.value is True

    @cached_property
    def _judged(self) -> Judged:
        return self.family.catalogue.judgement.of(
            Asked(self.format, tuple(self._names), self._split, tuple(self.family.architectures),
                  self.trust_remote_code))

    def verdicts(self, engine: Engine) -> dict[str, Verdict]:
        """What the engine's facts say of each quantization; not to be changed."""
        return self._judged.verdicts(engine)

    def loads(self, engine: Engine) -> bool:
        """Whether the engine loads at least one quantization."""
        return bool(self._judged.loaded(engine))

    @cached_property
    def promised(self) -> list[Engine]:
        """The engines that the page prints: those stated, else those that load a quantization."""
        engines = self.family.catalogue.engines
        if self.engines_node is not None:
            stated = {(text(node) or "").lower() for node in self.engines}
            return [engine.record for engine in engines if engine.record.name.lower() in stated]
        return [engine.record for engine in engines
                if engine.record.launchable and self.loads(engine.record)]


class FamilyView(Document):
    """One family."""

    def __init__(self, file: str, root: Mapping, catalogue: CatalogueView,
                 lock: Lock | None = None) -> None:
        super().__init__(file, root)
        self.catalogue = catalogue
        self.lock = lock

    @cached_property
    def name(self) -> str:
        """The family's name."""
        return self.text("name") or ""

    @property
    def name_node(self) -> Node:
        """The node of the name, for its place."""
        return self.root.get("name") or self.root

    def text(self, key: str) -> str | None:
        """The text of a field of the family."""
        return text(self.root.get(key))

    def items(self, key: str) -> list[Scalar]:
        """The items of a list of the family."""
        return resolve.scalars(self.root.get(key))

    @cached_property
    def abilities(self) -> dict[str, Scalar]:
        """Ability → its node, in the order written."""
        return {text(node) or "": node for node in self.items("abilities")}

    @cached_property
    def architectures(self) -> list[str]:
        """Class names of its `config.json`; the skeleton's placeholder is none (MB270)."""
        return [name for node in self.items("architectures")
                if (name := text(node) or "") != "TODO"]

    @cached_property
    def effective(self) -> list[EffectiveSpec]:
        """Its specs as the plan sees them, in page order."""
        return resolve.effective_specs(self.root)

    @cached_property
    def specs(self) -> list[SpecView]:
        """Its specs, in page order."""
        # A document that passed its schema has nothing but mappings in `specs`.
        return [SpecView(self, spec, f"specs[{index}]")
                for index, spec in enumerate(self.effective)]

    @cached_property
    def promised(self) -> list[Engine]:
        """The engines that some spec is promised for, each once."""
        return list({engine.name: engine for spec in self.specs for engine in spec.promised
                     }.values())

    @property
    def renamed(self) -> tuple[str, str | None]:
        """Its name, and the name that it was changed to, if any."""
        node = self.root.get("deprecated")
        return self.name, text(node.get("renamed_to")) if isinstance(node, Mapping) else None

    def sources(self) -> list[tuple[SpecView, EffectiveHub]]:
        """Every hub of every spec; not to be changed."""
        return self._sources

    @cached_property
    def _sources(self) -> list[tuple[SpecView, EffectiveHub]]:
        return [(spec, hub) for spec in self.specs for hub in spec.hubs]


class EngineView(Document):
    """One engine spec, with its manifest record."""

    def __init__(self, file: str, root: Mapping, catalogue: CatalogueView) -> None:
        super().__init__(file, root)
        self.catalogue = catalogue
        self.record = resolve.engine_record(root, Source(file=file, line=1))

    @property
    def name_node(self) -> Node:
        """The node of the name, for its place."""
        return self.root.get("name") or self.root

    def rules(self) -> Iterator[Mapping]:
        """Every entry of `loads` and `refuses`."""
        for key in ("loads", "refuses"):
            node = self.root.get(key)
            if isinstance(node, Sequence):
                yield from (item for item in node.items if isinstance(item, Mapping))

    def providers(self) -> Iterator[Mapping]:
        """Every entry of `providers`."""
        node = self.root.get("providers")
        if isinstance(node, Sequence):
            yield from (item for item in node.items if isinstance(item, Mapping))


class CatalogueView(msgspec.Struct):
    """Everything that passed its schema.

    Attributes:
        families: In the order of their files.
        engines: In the order of their files.
        formats: Name → record, from `formats.yaml`.
        formats_document: That file; None where it is missing or broken.
        complete: False where a file that is no family is broken, so that what is absent here may be
            in it; rules that say "there is no such …" then stay silent.
        families_complete: Likewise of the families.
        facts: What probed releases of the engines have.
        known_renamed: What `renamed` is, where not all families are here.
        judgement: What its engines' facts say of specs.
    """

    families: list[FamilyView] = []
    engines: list[EngineView] = []
    formats: dict[str, Format] = {}
    formats_document: Document | None = None
    complete: bool = True
    families_complete: bool = True
    facts: list[EngineFacts] = []
    known_renamed: dict[str, str | None] | None = None
    judgement: Judgement = msgspec.field(default_factory=Judgement)
    _releases: dict[str, list[EngineFacts]] = {}

    @property
    def renamed(self) -> dict[str, str | None]:
        """Every family's name, and the name that it was changed to, if any."""
        if self.known_renamed is None:
            self.known_renamed = dict(family.renamed for family in self.families)
        return self.known_renamed

    def releases(self, engine: str) -> list[EngineFacts]:
        """What the newest probed release of each of the engine's providers has."""
        if engine not in self._releases:
            self._releases[engine] = newest(self.facts, engine)
        return self._releases[engine]

    def add(self, kind: str, file: str, root: Node, lock: Lock | None = None) -> None:
        """Add a document; `kind` is `family`, `engine` or `formats`, `lock` that of a family."""
        if not isinstance(root, Mapping):
            return  # no schema accepts anything else
        if kind == "family":
            self.families.append(FamilyView(file, root, self, lock))
        elif kind == "engine":
            self.engines.append(EngineView(file, root, self))
        else:
            self.formats_document = Document(file, root)
            self.formats = {record.name: record for record in resolve.format_records(root)}

    def engine(self, name: str) -> Engine | None:
        """The engine of that name, without regard to case."""
        for engine in self.engines:
            if engine.record.name.lower() == name.lower():
                return engine.record
        return None

    def knows_quantization(self, model_format: str, quantization: str) -> bool:
        """Whether a format has such a quantization; True where the format itself is unknown."""
        known = self.formats.get(model_format)
        return known is None or matches(quantization, known.quantizations)
