"""What every hub module provides, and the records that pass between it and `runtime.fetch`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

import msgspec

#: Called with the number of bytes that arrived since the last call; it raises to stop a transfer.
Advance = Callable[[int], None]
#: Called with one sentence that the user should see now.
Notify = Callable[[str], None]


class RemoteFile(msgspec.Struct, frozen=True):
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


class Resolved(msgspec.Struct, frozen=True):
    """A revision as the hub knows it.

    Attributes:
        repo_id: The repository.
        revision: What was asked for; None for the default branch.
        commit: What it stands for now: a commit of 40 hex digits, a release's version, or a
            revision and a hash of its files where the hub knows no commit of a branch.
        files: Every file of the repository.
        handle: What the hub module needs to fetch; opaque to others.
        name: The hub's own spelling of the repository's id; None where it does not say.
        gated: `auto` or `manual` where its authors let in only who accepted their terms, empty
            where everybody may download; None where the hub does not say.
        licence: As the hub names it; None where it does not say.
        archive_sha256: Hash of the one archive that holds all files; None where there is none.
    """

    repo_id: str
    revision: str | None
    commit: str
    files: tuple[RemoteFile, ...]
    handle: object = None
    name: str | None = None
    gated: str | None = None
    licence: str | None = None
    archive_sha256: str | None = None


def first_bytes(blocks: Iterable[bytes], count: int) -> bytes:
    """The first `count` bytes of a reply's body; the rest is left unread.

    A server may ignore the range that it was asked for and send a file of many gigabytes.
    """
    data = bytearray()
    for block in blocks:
        data += block
        if len(data) >= count:
            break
    return bytes(data[:count])


class Hub(Protocol):
    """What a module in this folder provides.

    Attributes:
        NAME: The hub's name as the specs write it.
        COPIES: How often a file lies on the disk while it is fetched.
    """

    NAME: str
    COPIES: int

    def resolve(self, repo_id: str, revision: str | None, *, work: Path,
                notify: Notify) -> Resolved:
        """Ask the hub what a revision stands for and which files it has.

        Args:
            repo_id: The repository.
            revision: Commit, tag, branch or version; None for the default.
            work: Folder for what has to be fetched to learn that; it need not exist.
            notify: Told about waits and retries.

        Raises:
            UserError: It is missing, not permitted, or the hub cannot be reached.
        """
        ...

    def fetch(self, resolved: Resolved, file: RemoteFile, target: Path, *, work: Path, again: bool,
              advance: Advance, notify: Notify) -> None:
        """Put `file` under `target` at its own path; called from several threads.

        The caller has vetted the path, holds the folder's lock, and checks size and hash
        afterwards.

        Args:
            resolved: What `resolve` returned.
            file: One of its files.
            target: The folder of this commit.
            work: Folder for partial and temporary files.
            again: What was fetched before was wrong and must not be used.
            advance: Told about arriving bytes.
            notify: Told about waits and retries.

        Raises:
            UserError: The file could not be fetched.
        """
        ...

    def read_range(self, resolved: Resolved, file: RemoteFile, start: int, end: int, *, work: Path,
                   notify: Notify) -> bytes:
        """Read a part of a file, or all of a small one, without fetching the rest.

        Called from several threads.

        Args:
            resolved: What `resolve` returned.
            file: One of its files.
            start: First byte.
            end: Where to stop; exclusive. Past the file's end, what is there is returned.
            work: Folder for what has to be fetched for it; it need not exist.
            notify: Told about waits and retries.

        Raises:
            UserError: It cannot be read; code `no-ranges` where the hub serves no parts of files.
        """
        ...

    def cached(self, resolved: Resolved, file: RemoteFile) -> Path | None:
        """Where the client's own cache has the file, as far as names tell; its bytes are unchecked.

        Args:
            resolved: What `resolve` returned, or the same from a lock, without a handle.
            file: One of its files.
        """
        ...

    def arriving(self, resolved: Resolved, file: RemoteFile, target: Path, *, work: Path,
                 ) -> Path | None:
        """Where the client writes a file while `fetch` runs; None where that is not known.

        The file only grows there, and then moves to its place as it is.
        """
        ...

    def tidy(self, target: Path, work: Path, *, done: bool) -> None:
        """Remove temporary files: all when `done`, else those that no later fetch can use."""
        ...
