"""Which repositories a family needs, and what for. Pure functions over manifest records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from runtime import files
from runtime.errors import UserError
from runtime.hubs.base import RemoteFile
from runtime.layout import needed
from runtime.lockfile import LockedSource
from runtime.manifest import Family, Hub, LockedFile, Spec

Key = tuple[str, str, str]


class Use(msgspec.Struct, frozen=True):
    """One quantization of a spec on one hub.

    Attributes:
        spec: The spec.
        hub: The hub's copy of it.
        quantization: As written.
    """

    spec: Spec
    hub: Hub
    quantization: str

    @property
    def hub_name(self) -> str:
        """The hub's name."""
        return self.hub.hub

    @property
    def repo_id(self) -> str:
        """The repository, with the quantization filled in."""
        return files.repo_id(self.hub, self.quantization)

    @property
    def trust_remote_code(self) -> bool:
        """Whether the repository's own code is needed."""
        return self.spec.trust_remote_code

    @property
    def expected_files(self) -> list[str] | None:
        """Exact paths of what is launched, the projector's last; None for a folder format."""
        weights = files.expected_files(self.hub, self.quantization)
        return None if weights is None else [*weights, *self.hub.multimodal_projectors[:1]]

    @property
    def key(self) -> Key:
        """The key of its source in the lock."""
        return (self.hub.hub, self.repo_id, self.hub.revision or "")


class Wanted(msgspec.Struct, frozen=True):
    """One repository at one revision, and everything that a family has from it.

    Attributes:
        hub: Hub name.
        repo_id: The repository.
        revision: What the spec asks for; None: the default branch.
        uses: What it is needed for; at least one.
    """

    hub: str
    repo_id: str
    revision: str | None
    uses: tuple[Use, ...]

    @property
    def key(self) -> Key:
        """The key of its source in the lock."""
        return (self.hub, self.repo_id, self.revision or "")

    def __str__(self) -> str:
        """Such as `huggingface:org/name@revision`."""
        return f"{self.hub}:{self.repo_id}" + (f"@{self.revision}" if self.revision else "")


def uses(family: Family) -> Iterable[Use]:
    """Every quantization of every spec and of its draft model, on every hub that has it."""
    for spec in family.specs:
        for hub in spec.hubs:
            for copy in filter(None, (hub, files.draft_hub(hub))):
                for quantization in copy.quantizations:
                    yield Use(spec, copy, quantization)


def wanted(family: Family) -> list[Wanted]:
    """The repositories that a family needs, in the order of their keys."""
    grouped: dict[Key, list[Use]] = {}
    for use in uses(family):
        grouped.setdefault(use.key, []).append(use)
    return [Wanted(hub, repo_id, revision or None, tuple(grouped[hub, repo_id, revision]))
            for hub, repo_id, revision in sorted(grouped)]


def planned(use: Use, listing: Sequence[RemoteFile]) -> list[RemoteFile]:
    """The files of a listing that a quantization needs; empty where some are not there."""
    try:
        return needed(use, listing)
    except UserError:
        return []


def planned_locked(use: Use, source: LockedSource) -> list[LockedFile]:
    """The files of a locked source that a quantization needs; empty where some are not there."""
    by_path = {file.path: file for file in source.files}
    listing = [RemoteFile(file.path, file.size, file.sha256, file.git_sha1)
               for file in source.files]
    return [by_path[file.path] for file in planned(use, listing)]


def printable(text: str | None) -> str | None:
    """A stranger's word for reports and pages: one line, and not a long one."""
    if text is None:
        return None
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:200]
