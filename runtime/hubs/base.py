"""What every hub module provides, and the records that pass between it and `runtime.fetch`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

#: Called with the number of bytes that arrived since the last call; negative when bytes are void.
Advance = Callable[[int], None]
#: Called with one sentence that the user should see now.
Notify = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a repository, as the hub describes it.

    Attributes:
        path: Path in the repository; not yet vetted.
        size: Bytes, None where the hub does not say.
        sha256: Hex digest of the content, None where the hub does not say.
        git_sha1: Hex digest of the git blob, for files that git itself holds.
    """

    path: str
    size: int | None
    sha256: str | None = None
    git_sha1: str | None = None


@dataclass(frozen=True, slots=True)
class Resolved:
    """A revision as the hub knows it.

    Attributes:
        repo_id: The repository.
        revision: What was asked for; None for the default branch.
        commit: What it stands for now: a commit of 40 hex digits, or a release's version.
        files: Every file of the repository.
        handle: What the hub module needs to fetch; opaque to others.
    """

    repo_id: str
    revision: str | None
    commit: str
    files: tuple[RemoteFile, ...]
    handle: object = None


class Hub(Protocol):
    """What a module in this folder provides.

    Attributes:
        NAME: The hub's name as the specs write it.
    """

    NAME: str

    def resolve(self, repo_id: str, revision: str | None, notify: Notify) -> Resolved:
        """Ask the hub what a revision stands for and which files it has.

        Raises:
            UserError: It is missing, not permitted, or the hub cannot be reached.
        """
        ...

    def fetch(self, resolved: Resolved, files: Sequence[RemoteFile], target: Path, *,
              again: bool, advance: Advance, notify: Notify) -> None:
        """Put `files` under `target`, each at its own path.

        The caller has vetted the paths, holds the folder's lock, and checks sizes and hashes
        afterwards. A file that is there in full is only fetched once more if `again` is set.

        Raises:
            UserError: A file could not be fetched; those that arrived stay.
        """
        ...

    def tidy(self, target: Path) -> None:
        """Remove what an interrupted `fetch` left beside the files and cannot use again."""
        ...
