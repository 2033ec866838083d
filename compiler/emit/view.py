"""What the page templates print, worked out from manifest records. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache

import msgspec

from compiler import resolve
from compiler.emit import hubs as hub_pages
from compiler.emit.rst import Rst, escape, join, link
from compiler.verification import Tried
from runtime.command import launch_argv, shell_line
from runtime.files import is_split
from runtime.fit import context_for, usual_engine
from runtime.manifest import Engine, EngineClaim, Family, Hub, Spec
from runtime.memory import Estimate, estimate, estimate_by_name, human
from runtime.support import judge

#: The hubs that pages of the field print, in that order; the first that a spec has gives its id.
PRINTED_HUBS = ("huggingface", "modelscope")
#: The quantization that commands show, where a spec has it: good quality for its size.
_USUAL = ("Q4_K_M", "q4_k_m", "Int4", "4bit")

#: So much of a commit tells it apart for readers.
_COMMIT = 12
#: So many exceptions a sentence can name.
_FEW = 4


class EngineView(msgspec.Struct, frozen=True):
    """One engine of a spec.

    Attributes:
        name: As printed.
        usable: Quantizations that can be launched with it, in page order.
        missing: Rule code and reason, and quantizations of the spec that it does not load.
        refuted: Whether the YAML claims what `missing` refuses.
        quantization: The one that the command shows; None where nothing is usable.
        command: A line to paste; empty where nothing is usable.
    """

    name: str
    usable: list[str]
    missing: list[tuple[str, list[str]]]
    refuted: bool
    quantization: str | None
    command: str


class HubView(msgspec.Struct, frozen=True):
    """One hub of a spec.

    Attributes:
        repo_id: As written.
        revision: None: the hub's default branch.
        shown: Its title, linked to the repository, or with links for each quantization.
    """

    repo_id: str
    revision: str | None
    shown: Rst


class MemoryView(msgspec.Struct, frozen=True):
    """What a quantization takes, for readers.

    Attributes:
        quantization: Its name.
        disk: Such as `20.1 GB`.
        memory: Likewise.
        basis: What the estimate stands on, and the engine that it is for.
    """

    quantization: str
    disk: str
    memory: str
    basis: str


class Matrix(msgspec.Struct, frozen=True):
    """Quantizations by what differs among them, those alike in one row.

    Attributes:
        columns: Engines, then hubs.
        rows: Quantizations, and `yes` or `no` for each column.
    """

    columns: list[str]
    rows: list[tuple[list[str], list[str]]]


class RecordLine(msgspec.Struct, frozen=True):
    """One verification record, as the table of them prints it.

    Attributes:
        id: Combination id.
        outcome: In one word.
        level: The highest that was reached.
        setup: Provider, version and kind of machine.
        weights: `real` or `twin`.
        reason: One sentence; empty where it passed.
    """

    id: str
    outcome: str
    level: str
    setup: str
    weights: str
    reason: str


def record_lines(tried: Tried) -> Iterator[RecordLine]:
    """The fresh records of a combination; a line of its own where all are stale."""
    for record in tried.fresh:
        accelerators = record.machine.get("accelerators")
        best = accelerators[-1] if isinstance(accelerators, list) and accelerators else "cpu"
        engine = " ".join(filter(None, (record.engine.provider, record.engine.version)))
        # No comma inside: a translation takes the parts of the line apart by them.
        gpus = f" ({record.gpus.replace(', ', ' · ')})" if record.gpus else ""
        setup = f"{engine} on {record.machine.get('system', '?')} {best}{gpus}, {record.date[:10]}"
        yield RecordLine(tried.combination.id, record.outcome, record.level or "none",
                         setup.strip(), record.weights, record.reason or "–")
    if not tried.fresh:
        yield RecordLine(tried.combination.id, "stale", "–", "–", "–",
                         "the spec or the engine's facts changed since it was tried")


class SpecView:
    """One spec of a family, as the template prints it; what it does not print is not worked out.

    Attributes:
        number: Counted from 1.
        label: Target of cross-references to it.
        spec: The record.
        size: For readers: `1.8`.
        title: Of its section.
        model_id: The repository id that is printed.
        verification: What the records say of its combinations.
    """

    def __init__(self, family: Family, spec: Spec, number: int, engines: dict[str, Engine],
                 verification: str = "not verified") -> None:
        self._family, self._engines = family, engines
        self.number = number
        self.label = spec_label(family, spec)
        self.spec = spec
        self.size = spec.size_in_billions.replace("_", ".")
        variant = f", {spec.variant}" if spec.variant else ""
        self.title = f"Model Spec {number} ({spec.format}, {self.size} Billion{variant})"
        self.model_id = printed_hub(spec).repo_id
        self.verification = verification

    @cached_property
    def engines(self) -> list[EngineView]:
        """What the page promises."""
        return [_engine_view(self._family, self.spec, claim, self._engines.get(claim.engine))
                for claim in self.spec.engines]

    @cached_property
    def hubs(self) -> list[HubView]:
        """Where the files come from."""
        return [_hub_view(hub) for hub in self.spec.hubs]

    @cached_property
    def matrix(self) -> Matrix | None:
        """Where each quantization is; None where every one is on every engine and hub."""
        return _matrix(self.spec, self.engines)

    @property
    def printed(self) -> list[Hub]:
        """Those of its hubs that pages of the field print, in their order."""
        return [hub for name in PRINTED_HUBS for hub in self.spec.hubs if hub.hub == name]

    @property
    def claimed(self) -> list[str]:
        """Engines promised for at least one quantization of the hub whose id is printed."""
        printed = set(printed_hub(self.spec).quantizations)
        return [claim.engine for claim in self.spec.engines
                if not printed.isdisjoint([*claim.quantizations, *claim.refuted])]

    @property
    def hub_check(self) -> str:
        """Whether, when and at which commits the spec was checked against its hubs."""
        return _hub_check(self.spec)

    @cached_property
    def memory(self) -> Sequence[MemoryView]:
        """Disk and memory of each quantization, as far as they can be estimated."""
        return _memory(self._family, self.spec)

    @cached_property
    def memory_basis(self) -> str:
        """What all estimates stand on; empty where they differ."""
        return self.memory[0].basis if len({made.basis for made in self.memory}) == 1 else ""

    @property
    def memory_rows(self) -> list[tuple[str, str, str]]:
        """Quantization, disk and memory."""
        return [(made.quantization, made.disk, made.memory) for made in self.memory]

    @property
    def verified(self) -> bool:
        """Whether there is a record to look at."""
        return self.verification != "not verified"

    @cached_property
    def shown(self) -> str | None:
        """The quantization of all commands, where others can stand in its place."""
        shown = {engine.quantization for engine in self.engines if engine.command}
        several = any(len(engine.usable) > 1 for engine in self.engines)
        return shown.pop() if several and len(shown) == 1 else None

    @property
    def limited(self) -> bool:
        """Whether some engine does not load some quantization."""
        return any(engine.missing for engine in self.engines)


def family_label(family: Family) -> str:
    """The target of cross-references to a family's page."""
    return resolve.family_label(family.type, family.slug)


def spec_label(family: Family, spec: Spec) -> str:
    """The target of cross-references to a spec."""
    return resolve.spec_label(family.type, family.slug, spec.format, spec.size_in_billions,
                              spec.variant)


def _hub_check(spec: Spec) -> str:
    """One line about the lock; a repository that was not asked about counts as not checked."""
    if not any(hub.locked for hub in spec.hubs):
        return "not checked against the hub"
    told = []
    for hub in spec.hubs:
        name = hub_pages.title(hub.hub)
        wanted = {hub.repo_id.replace("{quantization}", item) for item in hub.quantizations}
        commits = dict.fromkeys((locked.checked, locked.commit) for locked in hub.locked)
        if wanted != {locked.repo_id for locked in hub.locked} or not commits:
            told.append(f"not checked against {name}")
        else:
            told.append(f"checked against {name} on " + ", on ".join(
                f"{date} at {commit[:_COMMIT]}" for date, commit in commits))
    return "; ".join(told)


def _memory(family: Family, spec: Spec) -> Sequence[MemoryView]:
    context = context_for(family, None)
    held = {name: hub for hub in reversed(spec.hubs) for name in hub.quantizations}
    names = tuple((name, usual_engine(spec, name)) for name in spec.quantizations if name in held)
    if not any(hub.locked or hub.draft for hub in spec.hubs):
        return _memory_by_name(spec.format, spec.size_in_billions, names, context)
    made = [_memory_view(name, engine, estimate(spec, held[name], name, engine=engine,
                                                context_length=context)) for name, engine in names]
    return [each for each in made if each is not None]


@lru_cache(maxsize=1 << 10)
def _memory_by_name(model_format: str, size_in_billions: str, names: tuple[tuple[str, str], ...],
                    context: int) -> tuple[MemoryView, ...]:
    """Estimates without a lock: the same lists come again and again in a catalogue."""
    made = [_memory_view(name, engine, estimate_by_name(model_format, size_in_billions, name,
                                                        engine.lower(), context))
            for name, engine in names]
    return tuple(each for each in made if each is not None)


def _memory_view(quantization: str, engine: str, made: Estimate) -> MemoryView | None:
    """An estimate in words; None where there is none."""
    if made.total is None:
        return None
    basis = f"{made.basis}; for {engine}" if engine else made.basis
    return MemoryView(quantization, human(made.disk or 0), human(made.total), basis)


def printed_hub(spec: Spec) -> Hub:
    """The hub whose id is printed: Hugging Face, else ModelScope, else the first."""
    by_name = {hub.hub: hub for hub in spec.hubs}
    return next((by_name[name] for name in PRINTED_HUBS if name in by_name), spec.hubs[0])


def default_quantization(spec: Spec, usable: Sequence[str]) -> str | None:
    """The quantization that a command shows, one that a hub has.

    Those that are not deprecated come first, then those on the spec's first hub.
    """
    def fits(name: str, hub: Hub) -> bool:
        return name in hub.quantizations and name in usable

    current = [name for name in spec.quantizations if name not in spec.deprecated_quantizations]
    for names in (current, spec.quantizations):
        for hub in spec.hubs:
            first = next((name for name in names if fits(name, hub)), None)
            if first is not None:
                return next((name for name in _USUAL if name in names and fits(name, hub)), first)
    return None


def _engine_view(family: Family, spec: Spec, claim: EngineClaim, engine: Engine | None
                 ) -> EngineView:
    usable = [name for name in claim.quantizations if name not in claim.refuted]
    missing: dict[str, list[str]] = {}
    if len(usable) < len(spec.quantizations):
        for name in spec.quantizations:
            if name not in usable:
                reason = claim.refuted.get(name) or _reason(family, spec, engine, name)
                missing.setdefault(reason, []).append(name)
    shown = default_quantization(spec, usable)
    startable = engine is None or engine.launchable
    command = "" if shown is None or not startable else shell_line(launch_argv(
        engine=claim.engine, family=family.name, size_in_billions=spec.size_in_billions,
        model_format=spec.format, quantization=shown, variant=spec.variant))
    return EngineView(claim.engine, usable, list(missing.items()), bool(claim.refuted), shown,
                      command)


def _reason(family: Family, spec: Spec, engine: Engine | None, quantization: str) -> str:
    """Why an engine was not derived for a quantization."""
    if engine is None:
        return ""
    having = [hub for hub in spec.hubs if quantization in hub.quantizations]
    verdict = judge(engine, model_format=spec.format, quantization=quantization,
                    architectures=family.architectures, remote_code=spec.trust_remote_code,
                    split=bool(having) and all(is_split(hub, quantization) for hub in having))
    return f"{verdict.code} {verdict.reason}" if verdict.reason else ""


def _hub_view(hub: Hub) -> HubView:
    name = hub_pages.title(hub.hub)
    links = []
    for quantization in hub.quantizations if "{quantization}" in hub.repo_id else [""]:
        repo_id = hub.repo_id.replace("{quantization}", quantization)
        url = hub_pages.address(hub.hub, repo_id, hub.revision)
        if url is not None:
            links.append(link(quantization or name, url))
    shown = escape(name)
    if links:
        shown = Rst(f"{shown} ({join(links)})") if "{" in hub.repo_id else links[0]
    return HubView(hub.repo_id, hub.revision, shown)


def _matrix(spec: Spec, engines: list[EngineView]) -> Matrix | None:
    """The table of what differs; where an engine lacks only a few, the page names those instead."""
    everything = len(spec.quantizations)
    columns: list[tuple[str, list[str]]] = []
    if any(everything - len(view.usable) > _FEW for view in engines):
        columns = [(view.name, view.usable) for view in engines]
    on_hubs = [(hub_pages.title(hub.hub), hub.quantizations) for hub in spec.hubs]
    if any(len(names) < everything for _, names in on_hubs):
        columns += on_hubs
    if not columns:
        return None
    rows = _rows(tuple(spec.quantizations),
                 tuple(frozenset(names) for _, names in columns))
    return Matrix([name for name, _ in columns], rows) if len(rows) > 1 else None


@lru_cache(maxsize=1 << 10)
def _rows(quantizations: tuple[str, ...], columns: tuple[frozenset[str], ...],
          ) -> list[tuple[list[str], list[str]]]:
    """Quantizations, those alike together, and `yes` or `no` for each column."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for name in quantizations:
        rows.setdefault(tuple("yes" if name in names else "no" for names in columns),
                        []).append(name)
    return [(names, list(cells)) for cells, names in rows.items()]
