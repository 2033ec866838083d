"""What the lock says of the sources that a spec names, for the rules that compare the two."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

import msgspec

from compiler.check.view import FamilyView, SpecView
from compiler.lock.sources import Use, planned_locked
from compiler.plan import hub_record
from compiler.read.nodes import Node, Scalar
from compiler.resolve import EffectiveHub, text
from runtime import files
from runtime.errors import UserError
from runtime.hubs import TITLES
from runtime.lockfile import GgufFacts, LockedSource
from runtime.manifest import Hub, LockedFile, Source, Spec

_WEIGHTS = (".safetensors", ".gguf", ".bin", ".pt", ".pth")


class LockedUse(msgspec.Struct, frozen=True):
    """One quantization of a spec on one hub, with what the lock says of its repository.

    Attributes:
        spec: The spec.
        hub: The hub's copy of it.
        quantization: Its node in the list.
        record: The hub as the manifest has it.
        source: What is locked; None where this source is not in the family's lock.
    """

    spec: SpecView
    hub: EffectiveHub
    quantization: Scalar
    record: Hub
    source: LockedSource | None

    @property
    def name(self) -> str:
        """The quantization's name."""
        return text(self.quantization) or ""

    @property
    def repo_id(self) -> str:
        """The repository, with the quantization filled in."""
        return files.repo_id(self.record, self.name)

    @property
    def repo_node(self) -> Node:
        """Where the repository is named."""
        return self.hub.repo_id or self.hub.key

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


def locked_uses(family: FamilyView, *, found: bool = True) -> Iterator[LockedUse]:
    """Every quantization on every hub; nothing at all where the family has no lock.

    Args:
        family: The family.
        found: Only those whose source is in the lock and was on the hub.
    """
    lock = family.lock
    if lock is None:
        return
    for spec, hub in family.sources():
        record = hub_record(hub)
        for node in hub.quantizations:
            repo_id = files.repo_id(record, text(node) or "")
            source = lock.source(hub.hub, repo_id, record.revision)
            if not found or (source is not None and source.missing is None):
                yield LockedUse(spec, hub, node, record, source)


def sources(family: FamilyView) -> Iterator[tuple[LockedUse, LockedSource]]:
    """Each locked source that was on the hub once for each spec, with one use of it."""
    seen: set[tuple[int, tuple[str, str, str]]] = set()
    for use in locked_uses(family):
        if use.source is not None and (key := (id(use.spec), use.source.key)) not in seen:
            seen.add(key)
            yield use, use.source
