"""A folder of repositories on this machine: the local hub, for twins and shops without a network.

A repository lies at `<root>/<hub>/<repo_id>/` or `<root>/<repo_id>/`. It has no branches: what is
there now is all there is, and its commit is made of the names and hashes of its files, so that a
spec can hold on to it. The files are trusted as far as their owner trusts whoever put them there.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import msgspec

from runtime import home
from runtime.downloads import Verified
from runtime.errors import MisuseError, UserError
from runtime.files import unsafe_path_reason
from runtime.hubs.base import Advance, Notify, RemoteFile, Resolved
from runtime.storage import cannot_store, write_whole

NAME = "local"
COPIES = 1

_BLOCK = 1 << 20
#: Files of this size are worth a word before they are hashed.
_LONG = 1 << 30
#: What was hashed, in the data folder: path → size, time and sha256.
_HASHES = "local-hub.json"


def root_of(named: Path | None = None) -> Path:
    """The folder of repositories: `named`, else `$MODELBOOK_LOCAL_HUB`.

    Raises:
        MisuseError: None is named, or it is no folder.
    """
    if named is None and (stated := os.environ.get("MODELBOOK_LOCAL_HUB")):
        named = Path(stated)
    if named is None:
        raise MisuseError("the local hub needs a folder", code="hub-root-missing",
                          hint="set MODELBOOK_LOCAL_HUB to it; `runtime` takes --hub-root DIR as "
                               "well")
    root = named.expanduser().absolute()
    if not root.is_dir():
        raise MisuseError(f"no such folder: {root}", code="hub-root-missing",
                          hint="name the local hub's folder with MODELBOOK_LOCAL_HUB, or "
                               "`runtime`'s --hub-root DIR")
    return root


def places(root: Path, hub: str, repo_id: str) -> list[Path]:
    """Where a hub's repository may lie, the more exact place first.

    Raises:
        UserError: Its id would lead out of `root`.
    """
    if reason := unsafe_path_reason(repo_id):
        raise UserError(f"the repository id {repo_id!r} is not safe: {reason}", code="unsafe-path")
    return [root / hub / repo_id, root / repo_id]


def resolve(repo_id: str, revision: str | None, *, work: Path, notify: Notify) -> Resolved:
    """See `runtime.hubs.base.Hub.resolve`; every file is hashed, once as long as it stays."""
    looked = places(root_of(), NAME, repo_id)
    folder = next((place for place in looked if place.is_dir()), None)
    if folder is None:
        raise UserError(f"there is no {repo_id} in the local hub", code="repo-missing",
                        why=f"looked for {', '.join(map(str, looked))}",
                        hint="put the repository's files there, or correct the repository id")
    return at(folder, repo_id, revision, notify=notify)


def at(folder: Path, repo_id: str, revision: str | None, *, notify: Notify) -> Resolved:
    """The repository that lies in `folder`; see `resolve`."""
    known = digests(folder, _paths(folder), notify=notify)
    files = tuple(RemoteFile(path, one.size, one.digest.removeprefix("sha256:"))
                  for path, one in known.items())
    stated = "".join(f"{file.path}\0{file.size}\0{file.sha256}\n" for file in files)
    commit = hashlib.sha256(stated.encode()).hexdigest()[:40]
    if revision not in (None, commit):
        raise UserError(f"{repo_id} in the local hub has no revision {revision!r}",
                        code="revision-missing", why=f"{folder} is at {commit}",
                        hint="put the files of that revision back, or correct `revision` in the "
                             "YAML; without one, whatever the folder holds is taken")
    return Resolved(repo_id, revision, commit, files, folder)


def digests(folder: Path, paths: Iterable[str], *, notify: Notify) -> dict[str, Verified]:
    """Size, time and sha256 of files; what was hashed before and was not touched is remembered.

    Raises:
        UserError: One cannot be read.
    """
    remembered = _remembered()
    found: dict[str, Verified] = {}
    told = False
    for path in paths:
        file = folder / path
        try:
            info, known = file.stat(), remembered.get(str(file))
            if known is None or (known.size, known.mtime_ns) != (info.st_size, info.st_mtime_ns):
                if info.st_size >= _LONG and not told:
                    notify(f"hashing the files in {folder}, which takes a while this first time")
                    told = True
                with file.open("rb") as stream:
                    digest = hashlib.file_digest(stream, "sha256").hexdigest()
                known = Verified(info.st_size, info.st_mtime_ns, f"sha256:{digest}")
        except OSError as error:
            raise _unreadable(file, error) from None
        found[path] = known
    fresh = {str(folder / path): known for path, known in found.items()}
    if fresh.items() - remembered.items():
        _remember(remembered | fresh)
    return found


def fetch(resolved: Resolved, file: RemoteFile, target: Path, *, work: Path, again: bool,
          advance: Advance, notify: Notify) -> None:
    """See `runtime.hubs.base.Hub.fetch`: a copy, since the folder's own file may be written to."""
    goal = target / file.path
    part = goal.with_name(goal.name + ".part")
    try:
        source = _path(resolved, file).open("rb")
    except OSError as error:
        raise _unreadable(_path(resolved, file), error) from None
    try:
        goal.parent.mkdir(parents=True, exist_ok=True)
        with source, part.open("wb") as sink:
            while block := source.read(_BLOCK):
                sink.write(block)
                advance(len(block))
        part.replace(goal)
    except OSError as error:
        raise cannot_store(f"{file.path} of {resolved.repo_id}", error) from None
    finally:
        part.unlink(missing_ok=True)


def read_range(resolved: Resolved, file: RemoteFile, start: int, end: int, *, work: Path,
               notify: Notify) -> bytes:
    """See `runtime.hubs.base.Hub.read_range`."""
    try:
        with _path(resolved, file).open("rb") as stream:
            stream.seek(start)
            return stream.read(end - start)
    except OSError as error:
        raise _unreadable(_path(resolved, file), error) from None


def cached(resolved: Resolved, file: RemoteFile) -> Path | None:
    """See `runtime.hubs.base.Hub.cached`: its files are used where they are."""
    return None


def arriving(resolved: Resolved, file: RemoteFile, target: Path, *, work: Path) -> Path | None:
    """See `runtime.hubs.base.Hub.arriving`."""
    return None


def tidy(target: Path, work: Path, *, done: bool) -> None:
    """See `runtime.hubs.base.Hub.tidy`."""
    shutil.rmtree(work, ignore_errors=True)


def _path(resolved: Resolved, file: RemoteFile) -> Path:
    assert isinstance(resolved.handle, Path)  # noqa: S101 - it is what `resolve` returned
    return resolved.handle / file.path


def _paths(folder: Path) -> list[str]:
    """A repository's files; those that no other hub could name safely are left out."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in found if unsafe_path_reason(path) is None)


def _unreadable(path: Path, error: OSError) -> UserError:
    return UserError(f"cannot read {path}: {error.strerror or error}", code="model-unreadable",
                     hint="check that the file is there and may be read")


def _remembered() -> dict[str, Verified]:
    try:
        data = (home.data_home() / _HASHES).read_bytes()
        return msgspec.json.decode(data, type=dict[str, Verified])
    except (OSError, msgspec.DecodeError, RecursionError):
        return {}


def _remember(hashes: dict[str, Verified]) -> None:
    """Keep what was hashed, less what is gone; where that cannot be, it is hashed again."""
    there = {path: known for path, known in hashes.items() if Path(path).is_file()}
    with contextlib.suppress(OSError, UserError):
        write_whole(home.ensure_folder(home.data_home()) / _HASHES,
                    msgspec.json.encode(there, order="sorted"))
