"""Asks a hub what a combination's repository has at the revision that is locked."""

from __future__ import annotations

from pathlib import Path

import msgspec

from runtime import fetch_errors
from runtime.combination import Combination
from runtime.errors import UserError
from runtime.hubs.base import Hub, Notify, RemoteFile, Resolved
from runtime.manifest import LockedFile
from runtime.present import Options, wanted_revision


def resolve(hub: Hub, combination: Combination, options: Options, *, work: Path, notify: Notify,
            ) -> Resolved:
    """What the hub has, at the locked commit if there is one.

    Where hashes of all files stand for a commit, since the hub names none, another file that is
    not needed, such as a new card, is no reason to refuse those that are, and are as they were.

    Raises:
        UserError: It cannot be asked, or does not have that (any more).
    """
    revision = wanted_revision(combination, options)
    try:
        return hub.resolve(combination.repo_id, revision, work=work, notify=notify)
    except UserError as error:
        locked = None if options.refresh else combination.locked
        if error.code == "revision-missing" and locked and revision != combination.hub.revision:
            raise fetch_errors.gone(error, combination) from None
        if error.code != "revision-moved" or locked is None:
            raise
        now = hub.resolve(combination.repo_id, combination.hub.revision, work=work, notify=notify)
        by_path = {file.path: file for file in now.files}
        listed = locked.files.get(combination.quantization, [])
        changed = [file.path for file in listed if not _is(by_path.get(file.path), file)]
        if changed or not listed:
            error.why = (f"{', '.join(changed[:4])} is not what was locked, and the hub names no "
                         "commit at which it was" if changed else error.why)
            raise
        return msgspec.structs.replace(
            now, revision=revision, commit=locked.commit,
            files=tuple(by_path[file.path] for file in listed))


def _is(found: RemoteFile | None, locked: LockedFile) -> bool:
    """Whether a file is the locked one for certain."""
    return found is not None and any(
        old is not None and old == new for old, new in (
            (locked.sha256, found.sha256), (locked.git_sha1, found.git_sha1)))
