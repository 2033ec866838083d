"""What the lock says of the sources that a spec names, for the rules that compare the two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

import msgspec

from compiler.check.view import FamilyView, SpecView
from compiler.lock.sources import Use, planned_locked
from compiler.plan import hub_record
from compiler.read.nodes import Mapping, Node
from compiler.resolve import EffectiveHub, scalars, text
from runtime import files
from runtime.errors import UserError
from runtime.hubs import TITLES
from runtime.lockfile import GgufFacts, LockedSource
from runtime.manifest import Hub, LockedFile, Source, Spec

_WEIGHTS = (".safetensors", ".gguf", ".bin", ".pt", ".pth")


class LockedUse(msgspec.Struct, frozen=True):
    """One quantization of a spec or its draft on one hub, with what the lock says of it.

    Attributes:
        spec: The spec.
        hub: The hub's copy of it.
        name: The quantization's name.
        quantization: Where that is written.
        record: The hub as the manifest has it; for a draft model, that one's copy.
        source: What is locked; None where this source is not in the family's lock.
        draft: The draft model's mapping; None for the model itself.
    """

    spec: SpecView
    hub: EffectiveHub
    name: str
    quantization: Node
    record: Hub
    source: LockedSource | None
    draft: Mapping | None = None

    @property
    def title(self) -> str:
        """How messages call it: `Q4_K_M`, `the draft model`."""
        if self.draft is None:
            return self.name
        return f"{self.name} of the draft model" if self.draft.get("quantizations") else (
            "the draft model")

    @property
    def repo_id(self) -> str:
        """The repository, with the quantization filled in."""
        return files.repo_id(self.record, self.name)

    @property
    def repo_node(self) -> Node:
        """Where the repository is named."""
        own = self.draft.get("repo_id") if self.draft else self.hub.repo_id
        return own or self.hub.key

    @property
    def where(self) -> str:
        """How messages call the repository: `org/name on Hugging Face`."""
        return f"{self.repo_id} on {TITLES.get(self.hub.hub, self.hub.hub)}"

    @property
    def expected(self) -> list[str] | None:
        """Exact paths of its weights; None for a folder, or where a path is not safe (MB224)."""
        try:
            return files.expected_files(self.record, self.name)
        except UserError:
            return None

    @property
    def header(self) -> GgufFacts | None:
        """The locked header of its GGUF file."""
        expected = self.expected
        return self.source.facts(expected[0]) if self.source and expected else None

    def weights(self) -> list[LockedFile]:
        """Its locked weight files; empty where some are not there."""
        if self.source is None:
            return []
        spec = Spec(format=self.spec.format, size_in_billions="0", quantizations=[self.name],
                    hubs=[], engines=[], source=Source(file="", line=1))
        return [file for file in planned_locked(Use(spec, self.record, self.name), self.source)
                if PurePosixPath(file.path).suffix in _WEIGHTS]


def locked_uses(family: FamilyView, *, found: bool = True, drafts: bool = False,
                ) -> Iterator[LockedUse]:
    """Every quantization on every hub; nothing at all where the family has no lock.

    Args:
        family: The family.
        found: Only those whose source is in the lock and was on the hub.
        drafts: Those of draft models as well, which are no model of the family.
    """
    lock = family.lock
    if lock is None:
        return
    for use in _uses(family, drafts=drafts):
        source = lock.source(use.hub.hub, use.repo_id, use.record.revision)
        if not found or (source is not None and source.missing is None):
            yield msgspec.structs.replace(use, source=source)


def _uses(family: FamilyView, *, drafts: bool) -> Iterator[LockedUse]:
    for spec, hub in family.sources():
        record = hub_record(hub)
        for node in hub.quantizations:
            yield LockedUse(spec, hub, text(node) or "", node, record, None)
        draft, copy = hub.draft, files.draft_hub(record) if drafts else None
        if draft is None or copy is None:
            continue
        nodes: Sequence[Node] = scalars(draft.get("quantizations"))
        for name, place in zip(copy.quantizations, nodes or [draft.get("repo_id") or hub.key],
                               strict=True):
            yield LockedUse(spec, hub, name, place, copy, None, draft)


def sources(family: FamilyView, *, drafts: bool = False,
            ) -> Iterator[tuple[LockedUse, LockedSource]]:
    """Each locked source that was on the hub once for each spec, with one use of it.

    Args:
        family: The family.
        drafts: Those of draft models as well.
    """
    seen: set[tuple[int, tuple[str, str, str]]] = set()
    for use in locked_uses(family, drafts=drafts):
        if use.source is not None and (key := (id(use.spec), use.source.key)) not in seen:
            seen.add(key)
            yield use, use.source
