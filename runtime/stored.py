"""What was downloaded to this machine, what uses it, and removing what nobody needs.

A download is the folder of one commit. It is removed under the lock that downloads hold, never
while a running server was given a file of it, and its record goes first, so that what a cut leaves
behind never counts as complete.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from runtime import downloads, home, running
from runtime.downloads import State
from runtime.errors import UserError
from runtime.lock import folder_lock

_WORK = ".work"


class Stored(msgspec.Struct, frozen=True):
    """A folder below the models folder.

    Attributes:
        hub: Where it came from.
        repo_id: The repository.
        commit: Commit or version; empty for what is left of a download.
        path: The folder.
        kind: `model`, `partial` (what an ended download left to be resumed) or `unknown` (without a
            record that can be read).
        quantizations: Quantizations that are here in full.
        incomplete: Those of which something is missing.
        unchecked: Those that are there, but were touched or copied since they were verified; their
            next use hashes them.
        size: Bytes on the disk; files that are linked twice in it count once.
        used: When it was last used, seconds since the epoch.
        superseded: A newer commit of every revision that it stood for is here.
        used_by: Ids of the running servers that have it.
    """

    hub: str
    repo_id: str
    commit: str
    path: Path
    kind: str
    quantizations: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()
    size: int = 0
    used: float = 0.0
    superseded: bool = False
    used_by: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Such as `huggingface/o/tiny`."""
        return f"{self.hub}/{self.repo_id}"

    def matches(self, pattern: str) -> bool:
        """Whether a pattern names it: `HUB/REPO_ID` or `REPO_ID`, and `@COMMIT` if given."""
        name, _, commit = pattern.partition("@")
        return (any(fnmatchcase(own.casefold(), name.casefold())
                    for own in (self.name, self.repo_id))
                and (not commit or self.commit.startswith(commit)))


class Pruned(msgspec.Struct):
    """What a removal came to.

    Attributes:
        removed: Downloads that are gone, or would be.
        kept: Those that could not go, and why.
        failed: Whether one of them is not in use: the system refuses to remove it.
        freed: Bytes that became free: files that are linked from elsewhere free none.
    """

    removed: list[Stored] = []
    kept: list[tuple[Stored, str]] = []
    failed: bool = False
    freed: int = 0


def stored() -> list[Stored]:
    """Everything below the models folder, by hub, repository and time of use."""
    found: list[Stored] = []
    users = _users()
    for repository in _repositories(home.models_folder()):
        hub, _, repo_id = repository.relative_to(home.models_folder()).as_posix().partition("/")
        states = {folder: downloads.read_state(folder) for folder in _folders(repository)}
        for folder, state in states.items():
            found.append(_entry(hub, repo_id, folder, state, [
                other for other in states.values() if other is not None and other is not state],
                users))
    return sorted(found, key=lambda each: (each.hub, each.repo_id, -each.used))


def needless(entries: Iterable[Stored]) -> list[Stored]:
    """Those that no later run looks for: leftovers, and commits that a branch has left."""
    return [each for each in entries if each.kind != "model" or each.superseded]


def prune(entries: Sequence[Stored], *, dry_run: bool) -> Pruned:
    """Remove downloads; those that are used by a server or being downloaded stay."""
    done = Pruned()
    links: dict[tuple[int, int], list[int]] = {}
    for each in entries:
        if each.used_by:
            done.kept.append((each, f"{', '.join(each.used_by)} uses it"))
            continue
        try:
            with folder_lock(_lock(each), doing="pruning", limit=0.0, notify=lambda _: None):
                if by := _using(each.path, _users()):
                    done.kept.append((each, f"{', '.join(by)} uses it"))
                    continue
                _note_links(each.path, links)
                if not dry_run:
                    (each.path / downloads.STATE).unlink(missing_ok=True)
                    shutil.rmtree(each.path)
                done.removed.append(each)
        except UserError as error:
            done.kept.append((each, error.why or error.message))
            done.failed |= error.code != "locked"
        except OSError as error:
            done.kept.append((each, f"it cannot be removed: {error.strerror or error}"))
            done.failed = True
    done.freed = sum(size for size, total, seen in links.values() if seen >= total)
    return done


def _lock(entry: Stored) -> Path:
    repository = home.models_folder().joinpath(entry.hub, *entry.repo_id.split("/"))
    return repository / ".lock"


def _repositories(folder: Path) -> Iterator[Path]:
    """The folders in which commits lie: those with a lock file."""
    if not folder.is_dir():
        return
    for base, names, files in os.walk(folder):
        if ".lock" in files and Path(base) != folder:
            names.clear()
            yield Path(base)


def _folders(repository: Path) -> Iterator[Path]:
    for folder in sorted(repository.iterdir()):
        if folder.is_dir() and not folder.is_symlink():
            yield folder


def _entry(hub: str, repo_id: str, folder: Path, state: State | None, others: Sequence[State],
           users: Sequence[tuple[str, list[str]]]) -> Stored:
    size = sum(_sizes(folder))
    by = _using(folder, users)
    if state is None:
        kind = "partial" if folder.name == _WORK else "unknown"
        return Stored(hub, repo_id, "", folder, kind, size=size, used=_time(folder), used_by=by)
    lacking = {name: bool(downloads.incomplete(folder, plan, state))
               for name, plan in state.plans.items()}
    unchecked = tuple(name for name, plan in state.plans.items()
                      if downloads.unchecked(folder, plan, state))
    superseded = bool(state.revisions) and all(
        any(revision in other.revisions and other.resolved_ns > state.resolved_ns
            for other in others) for revision in state.revisions)
    return Stored(
        hub, repo_id, state.commit, folder, "model",
        quantizations=tuple(name for name, is_lacking in lacking.items() if not is_lacking),
        incomplete=tuple(name for name, is_lacking in lacking.items()
                         if is_lacking and name not in unchecked),
        unchecked=unchecked, size=size, used=_time(folder / downloads.STATE),
        superseded=superseded, used_by=by)


def _sizes(folder: Path) -> Iterator[int]:
    seen: set[tuple[int, int]] = set()
    for info in _files(folder):
        if (key := (info.st_dev, info.st_ino)) not in seen:
            seen.add(key)
            yield info.st_size


def _files(folder: Path) -> Iterator[os.stat_result]:
    for base, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):  # it went away meanwhile
                yield Path(base, name).lstat()


def _note_links(folder: Path, links: dict[tuple[int, int], list[int]]) -> None:
    """Count how many of each file's links go: only the last one frees its bytes."""
    for info in _files(folder):
        known = links.setdefault((info.st_dev, info.st_ino), [info.st_size, info.st_nlink, 0])
        known[2] += 1


def _time(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _users() -> list[tuple[str, list[str]]]:
    """Each running server and the words of its processes' command lines."""
    import psutil

    found: list[tuple[str, list[str]]] = []
    for server in running.alive():
        words = [str(server.folder)] if server.folder is not None else []
        with contextlib.suppress(psutil.Error):
            engine = psutil.Process(server.engine_pid)
            for process in (engine, *engine.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    words += process.cmdline()
        found.append((server.id, words))
    return found


def _using(folder: Path, users: Sequence[tuple[str, list[str]]]) -> tuple[str, ...]:
    own = str(folder)
    return tuple(server for server, words in users
                 if any(word == own or own + os.sep in word or word.endswith(f"={own}")
                        for word in words))
