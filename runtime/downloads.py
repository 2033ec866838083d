"""What was downloaded into one commit's folder, so that nothing is fetched or hashed twice.

Beside the files lies `.modelbook.json`: which files a combination needs at this commit, and for
each file that was verified its size, time and digest at that moment. A folder without it, or a file
whose size or time has changed since, counts as unverified, never as complete.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import msgspec

from runtime.hubs.base import RemoteFile
from runtime.storage import cannot_store, write_whole

STATE = ".modelbook.json"
_BLOCK = 1 << 20


class Verified(msgspec.Struct, frozen=True):
    """A file as it was when its bytes were checked.

    Attributes:
        size: Bytes.
        mtime_ns: Modification time.
        digest: `sha256:…`, `git-sha1:…`, or `size` where the hub names no hash.
    """

    size: int
    mtime_ns: int
    digest: str


class Expected(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file as the hub described it."""

    path: str
    size: int | None = None
    sha256: str | None = None
    git_sha1: str | None = None


class State(msgspec.Struct, omit_defaults=True):
    """The state of one commit's folder.

    Attributes:
        hub: Hub name.
        repo_id: Repository.
        commit: Commit or version.
        revisions: Revisions that resolved to this commit; the empty text is the default branch.
        plans: Quantization → the files that it needs.
        verified: Path → the file when it was last checked.
        resolved_ns: When a revision last resolved to this commit.
    """

    hub: str
    repo_id: str
    commit: str
    revisions: list[str] = []
    plans: dict[str, list[Expected]] = {}
    verified: dict[str, Verified] = {}
    resolved_ns: int = 0


def read_state(folder: Path) -> State | None:
    """The state of a commit's folder; None if there is none that can be read."""
    try:
        return msgspec.json.decode((folder / STATE).read_bytes(), type=State)
    except (OSError, msgspec.DecodeError, RecursionError):
        return None


def write_state(folder: Path, state: State) -> None:
    """Replace the state at once.

    Raises:
        UserError: It cannot be written.
    """
    data = msgspec.json.format(msgspec.json.encode(state, order="sorted"), indent=1)
    try:
        write_whole(folder / STATE, data + b"\n")
    except OSError as error:
        raise cannot_store(f"what is known of {folder}", error) from None


def find(repository: Path, revision: str | None) -> tuple[Path, State] | None:
    """The commit's folder that `revision` last resolved to, as far as this machine knows."""
    found: list[tuple[Path, State]] = []
    if repository.is_dir():
        for folder in repository.iterdir():
            state = read_state(folder) if folder.is_dir() else None
            if state and (revision == state.commit or (revision or "") in state.revisions):
                found.append((folder, state))
    return max(found, key=lambda item: item[1].resolved_ns, default=None)


def untouched(folder: Path, path: str, state: State) -> bool:
    """Whether a file still is the one that was verified, by its size and time."""
    known = state.verified.get(path)
    if known is None:
        return False
    try:
        info = (folder / path).stat()
    except OSError:
        return False
    return info.st_size == known.size and info.st_mtime_ns == known.mtime_ns


def incomplete(folder: Path, plan: list[Expected], state: State) -> list[str]:
    """The paths of `plan` that are not there in full and verified."""
    return [file.path for file in plan if not untouched(folder, file.path, state)]


def unchecked(folder: Path, plan: list[Expected], state: State) -> bool:
    """Whether all of `plan` is there in full, but touched or copied since it was verified."""
    for file in plan:
        known = state.verified.get(file.path)
        try:
            if known is None or (folder / file.path).stat().st_size != known.size:
                return False
        except OSError:
            return False
    return bool(incomplete(folder, plan, state))


def adopt(folder: Path, file: RemoteFile, repository: Path) -> Verified | None:
    """Link a file that another commit in `repository` has verified already.

    Most files stay the same when a branch moves; a link costs neither time nor room. Downloads
    replace files instead of writing into them, so the other commit's file can never change.
    """
    digest = wanted_digest(file)
    if digest == "size" or not repository.is_dir():
        return None
    for sibling in repository.iterdir():
        state = read_state(sibling) if sibling != folder and sibling.is_dir() else None
        for path in state.verified if state else ():
            known = state.verified[path] if state else None
            if state and known and known.digest == digest and untouched(sibling, path, state):
                target = folder / file.path
                try:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.unlink(missing_ok=True)
                    target.hardlink_to(sibling / path)
                except OSError:  # a file system without links: fetch it
                    return None
                return known
    return None


def wanted_digest(file: RemoteFile) -> str:
    """The digest that a file must have, as it is kept in the state; `size` if none is known."""
    return (f"sha256:{file.sha256}" if file.sha256
            else f"git-sha1:{file.git_sha1}" if file.git_sha1 else "size").lower()


def followed(folder: Path, file: RemoteFile, sha256: str | None) -> Verified | None:
    """The facts of a file whose bytes were hashed while they arrived; None if they do not fit."""
    info = (folder / file.path).stat()
    if not sha256 or not file.sha256 or sha256 != file.sha256.lower() or info.st_size != file.size:
        return None
    return Verified(info.st_size, info.st_mtime_ns, f"sha256:{sha256}")


def check(folder: Path, file: RemoteFile, advance: Callable[[int], None] | None = None,
          ) -> tuple[Verified | None, str]:
    """Check one file's size and digest against what the hub says.

    Returns:
        The facts to keep, and the digest found; None and what was found instead if it is wrong.
    """
    path = folder / file.path
    info = path.stat()
    if file.size is not None and info.st_size != file.size:
        return None, f"{info.st_size} bytes"
    kind, wanted = ("sha256", file.sha256) if file.sha256 else ("git-sha1", file.git_sha1)
    if wanted is None:
        return Verified(info.st_size, info.st_mtime_ns, "size"), "size"
    digest = hashlib.sha256() if file.sha256 else hashlib.sha1(
        b"blob %d\0" % info.st_size, usedforsecurity=False)
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
            if advance:
                advance(len(block))
    found = f"{kind}:{digest.hexdigest()}"
    if digest.hexdigest() != wanted.lower():
        return None, found
    return Verified(info.st_size, info.st_mtime_ns, found), found
