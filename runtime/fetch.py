"""From a combination to its files on this machine: downloaded, verified, and only once.

Files lie in `models/<hub>/<repo_id>/<commit>/` under the data folder. Complete means that every
file that the combination needs is there and was verified; then nothing is asked of the hub again,
so a branch stays at the commit that was downloaded until a refresh is asked for.
"""

from __future__ import annotations

import errno
import os
import shutil
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from runtime import downloads, home, layout
from runtime.combination import Combination
from runtime.downloads import Expected, State
from runtime.errors import UserError
from runtime.gguf import pointer_reason
from runtime.hubs import TITLES, load_hub
from runtime.hubs.base import Hub, RemoteFile, Resolved
from runtime.local import LocalFile, Located, checked, from_local_hub, model_in, use_path
from runtime.lock import folder_lock
from runtime.memory import human
from runtime.parallel import StoppedError, in_parallel
from runtime.progress import Reporter, Silent

__all__ = ["Options", "ensure", "preview", "use_path"]

#: Kept free beside the files, for logs and the state.
_SPARE = 64 << 20


@dataclass(frozen=True, slots=True)
class Options:
    """How files are located.

    Attributes:
        model_path: Use this file or folder and download nothing.
        hub_root: Root of the local hub.
        verify: Hash again what was verified before.
        refresh: Ask the hub what the revision stands for now, whatever is locked.
        allow_pickle: Accept pickled weights where there are no others.
        lock_limit: Seconds to wait for another launch that downloads the same repository.
    """

    model_path: Path | None = None
    hub_root: Path | None = None
    verify: bool = False
    refresh: bool = False
    allow_pickle: bool = False
    lock_limit: float = 3600.0


def ensure(combination: Combination, options: Options | None = None,
           reporter: Reporter | None = None) -> Located:
    """Have the combination's files on this machine, complete and verified.

    Raises:
        UserError: They cannot be had; the message says why and what to do.
    """
    options, reporter = options or Options(), reporter or Silent()
    if options.model_path is not None:
        return use_path(combination, options.model_path)
    if combination.hub_name == "local":
        return from_local_hub(combination, options.hub_root)
    repository = home.repository_folder(combination.hub_name, combination.repo_id)
    fresh = options.refresh or options.verify
    if not fresh and (found := _present(combination, repository, options)):
        return found
    home.ensure_folder(repository)
    doing = f"downloading {combination.repo_id}"
    with folder_lock(repository / ".lock", doing=doing, limit=options.lock_limit,
                     notify=reporter.notify):
        try:
            job = _Job(combination, options, reporter, repository)
            job.check_what_is_here()
            # Another launch may have finished the download while this one waited.
            if not options.refresh and (found := _present(combination, repository, options)):
                return found
            return job.run()
        except OSError as error:
            raise _cannot_store(repository, error) from None


def preview(combination: Combination, options: Options | None = None) -> Located | None:
    """What is already here in full, without asking the hub; None if something is missing."""
    options = options or Options()
    if options.model_path is not None:
        return use_path(combination, options.model_path)
    if combination.hub_name == "local":
        return from_local_hub(combination, options.hub_root)
    return _present(combination,
                    home.repository_folder(combination.hub_name, combination.repo_id), options)


def wanted_revision(combination: Combination, options: Options) -> str | None:
    """What the hub is asked for: the locked commit, else what the spec states."""
    locked = None if options.refresh else combination.locked
    return locked.commit if locked else combination.hub.revision


def _present(combination: Combination, repository: Path, options: Options) -> Located | None:
    known = downloads.find(repository, wanted_revision(combination, options))
    if known is None:
        return None
    folder, state = known
    plan = state.plans.get(combination.quantization)
    if not plan or downloads.incomplete(folder, plan, state):
        return None
    expected = combination.expected_files
    if expected is not None and expected != [file.path for file in plan]:
        return None  # the spec's template has changed since
    return _located(combination, folder, state, plan)


def _located(combination: Combination, folder: Path, state: State, plan: Sequence[Expected],
             ) -> Located:
    names = [file.path for file in plan] if combination.layout == "file" else []
    model = model_in(combination, folder, names)
    facts = tuple(LocalFile(file.path, state.verified[file.path].size,
                            state.verified[file.path].digest) for file in plan)
    return checked(Located(model=model, hub=state.hub, repo_id=state.repo_id,
                           revision=combination.hub.revision, commit=state.commit, files=facts))


class _Job:
    """One download, under the repository's lock."""

    def __init__(self, combination: Combination, options: Options, reporter: Reporter,
                 repository: Path) -> None:
        self.combination = combination
        self.options = options
        self.reporter = reporter
        self.repository = repository
        self.work = repository / ".work"
        self.state_lock = threading.Lock()
        self.stop = threading.Event()
        self.revision = wanted_revision(combination, options)

    def run(self) -> Located:
        hub = load_hub(self.combination.hub_name)
        try:
            resolved = hub.resolve(self.combination.repo_id, self.revision, work=self.work,
                                   notify=self.reporter.notify)
        except UserError as error:
            raise self._with_missing(error) from None
        chosen = layout.needed(self.combination, resolved.files,
                               allow_pickle=self.options.allow_pickle)
        chosen = self._as_locked(chosen)
        folder = home.ensure_folder(self.repository / resolved.commit)
        _refuse_links(folder)
        state = self._begin(folder, resolved, chosen)
        hub.tidy(folder, self.work, done=False)
        missing = self._adopt(folder, self._missing(folder, chosen, state), state)
        self._check_space(hub, folder, missing)
        if missing:
            self._download(hub, resolved, missing, folder, state)
        self._check_index(folder, chosen)
        hub.tidy(folder, self.work, done=True)
        return _located(self.combination, folder, state, state.plans[self.combination.quantization])

    def _as_locked(self, chosen: Sequence[RemoteFile]) -> list[RemoteFile]:
        """The files with their locked hashes; a hub that states others is refused at once."""
        locked = None if self.options.refresh else self.combination.locked
        listed = locked.files.get(self.combination.quantization, []) if locked else []
        known = {file.path: file for file in listed}
        out: list[RemoteFile] = []
        for file in chosen:
            was = known.get(file.path)
            if was is None:
                out.append(file)
                continue
            for old, new in ((was.sha256, file.sha256), (was.git_sha1, file.git_sha1),
                             (was.size, file.size)):
                if old is not None and new is not None and old != new:
                    raise self._stale_lock(file, old, new)
            out.append(replace(file, size=was.size if file.size is None else file.size,
                               sha256=was.sha256 or file.sha256,
                               git_sha1=was.git_sha1 or file.git_sha1))
        return out

    def _stale_lock(self, file: RemoteFile, locked: object, found: object) -> UserError:
        where = f"{self.combination.repo_id} on {TITLES[self.combination.hub_name]}"
        return UserError(
            f"{file.path} of {where} is not the file that was locked", code="stale-lock",
            why=f"the catalogue expects {locked}, the hub states {found} at the same revision; the "
                "catalogue's entry is stale, no download is damaged",
            hint=f"whoever keeps the catalogue: run `compiler lock {self.combination.family.name}` "
                 "and build it again\nto take what the hub has now: --refresh",
            details={"file": file.path, "expected": str(locked), "found": str(found)})

    def _begin(self, folder: Path, resolved: Resolved, chosen: Sequence[RemoteFile]) -> State:
        """Record what will be there before the first byte, so that a cut leaves a true state."""
        state = downloads.read_state(folder) or State(
            hub=self.combination.hub_name, repo_id=resolved.repo_id, commit=resolved.commit)
        state.plans[self.combination.quantization] = [
            Expected(f.path, f.size, f.sha256, f.git_sha1) for f in chosen]
        asked = resolved.revision or ""
        if asked not in state.revisions:
            state.revisions = sorted([*state.revisions, asked])
        state.resolved_ns = time.time_ns()
        downloads.write_state(folder, state)
        return state

    def check_what_is_here(self) -> None:
        """Hash what an earlier run left unrecorded or what was touched since; no hub is asked."""
        known = downloads.find(self.repository, self.revision)
        plan = known[1].plans.get(self.combination.quantization) if known else None
        if known and plan:
            files = [RemoteFile(f.path, f.size, f.sha256, f.git_sha1) for f in plan]
            self._missing(known[0], files, known[1], everything=self.options.verify)

    def _missing(self, folder: Path, chosen: Sequence[RemoteFile], state: State, *,
                 everything: bool = False) -> list[RemoteFile]:
        """What has to be fetched; files that are there unverified are hashed first."""
        missing: list[RemoteFile] = []
        to_hash: list[RemoteFile] = []
        for file in chosen:
            known = state.verified.get(file.path)
            same = known is not None and _agrees(known.digest, file)
            if same and downloads.untouched(folder, file.path, state) and not everything:
                continue
            (to_hash if _has_size(folder / file.path, file.size) else missing).append(file)
        if to_hash:
            missing += self._hash(folder, to_hash, state)
        return missing

    def _adopt(self, folder: Path, missing: Sequence[RemoteFile], state: State,
               ) -> list[RemoteFile]:
        """Take what another commit of this repository has already; returns what is left."""
        left: list[RemoteFile] = []
        for file in missing:
            if known := downloads.adopt(folder, file):
                state.verified[file.path] = known
            else:
                left.append(file)
        if len(left) < len(missing):
            downloads.write_state(folder, state)
        return left

    def _hash(self, folder: Path, files: Sequence[RemoteFile], state: State) -> list[RemoteFile]:
        """Verify files that are there; the damaged ones are removed and returned."""
        damaged: list[RemoteFile] = []
        self.reporter.begin("verifying", sum(file.size or 0 for file in files))
        try:
            for file in files:
                good, _ = downloads.check(folder, file, self.reporter.advance)
                if good is None:
                    self.reporter.notify(f"{file.path} is damaged and was removed")
                    (folder / file.path).unlink()
                    state.verified.pop(file.path, None)
                    damaged.append(file)
                else:
                    state.verified[file.path] = good
        finally:
            self.reporter.end()
        downloads.write_state(folder, state)
        return damaged

    def _check_space(self, hub: Hub, folder: Path, missing: Sequence[RemoteFile]) -> None:
        wanted = sum(file.size or 0 for file in missing) * hub.COPIES
        free = shutil.disk_usage(folder).free
        if missing and wanted + _SPARE > free:
            raise UserError(
                f"there is not enough room for {self.combination.repo_id}", code="disk-full",
                why=f"{human(wanted)} are needed in {folder}, {human(free)} are free",
                hint="free space, or set MODELBOOK_HOME to a folder on a larger disk",
                details={"needed": wanted, "free": free})

    def _download(self, hub: Hub, resolved: Resolved, missing: Sequence[RemoteFile], folder: Path,
                  state: State) -> None:
        label = f"{self.combination.repo_id} from {TITLES[self.combination.hub_name]}"
        self.reporter.begin(label, sum(file.size or 0 for file in missing))
        try:
            in_parallel(missing, lambda file: self._one(hub, resolved, file, folder, state),
                         self.stop)
        finally:
            self.reporter.end()

    def _one(self, hub: Hub, resolved: Resolved, file: RemoteFile, folder: Path, state: State,
             ) -> None:
        """Fetch and verify one file; one retry when its bytes are wrong."""
        wrong: list[str] = []
        while True:
            arrived = self._fetch(hub, resolved, file, folder, again=bool(wrong))
            if arrived is None:
                good, found = downloads.check(folder, file)
                if good is not None:
                    with self.state_lock:
                        state.verified[file.path] = good
                        downloads.write_state(folder, state)
                    return
                self.reporter.advance(-(file.size or 0))
                pointer = _pointer(folder / file.path)
                (folder / file.path).unlink()
                if pointer:
                    raise self._pointer_error(file, pointer)
            else:
                found = arrived
            wrong.append(found)
            if len(wrong) == 2:
                raise self._wrong_bytes(file, wrong)
            self.reporter.notify(f"{file.path} arrived damaged ({found}); fetching it once more")

    def _fetch(self, hub: Hub, resolved: Resolved, file: RemoteFile, folder: Path, *, again: bool,
               ) -> str | None:
        """Fetch one file; None when it arrived, else what was wrong with its bytes."""
        counted = 0

        def advance(count: int) -> None:
            nonlocal counted
            if self.stop.is_set():
                raise StoppedError
            counted += count
            self.reporter.advance(count)

        try:
            hub.fetch(resolved, file, folder, work=self.work, again=again, advance=advance,
                      notify=self.reporter.notify)
        except UserError as error:
            self.reporter.advance(-counted)
            if error.code == "wrong-bytes":
                return error.why or error.message
            raise
        if file.size is not None:  # retried and compressed parts make the sum differ
            self.reporter.advance(file.size - counted)
        return None

    def _wrong_bytes(self, file: RemoteFile, wrong: Sequence[str]) -> UserError:
        expected = f"sha256:{file.sha256}" if file.sha256 else f"git-sha1:{file.git_sha1}"
        where = f"{self.combination.repo_id} on {TITLES[self.combination.hub_name]}"
        details: dict[str, object] = {"file": file.path, "expected": expected, "found": list(wrong)}
        why = f"expected {expected} and {file.size} bytes, found {wrong[-1]}"
        if wrong[0] == wrong[1]:
            return UserError(
                f"{file.path} of {where} is not the file that was promised", code="stale-hash",
                why=f"{why}; the same wrong bytes came twice, so it is no damaged download",
                hint="the stated hash is stale, or a mirror serves another file: check the "
                     "revision in the YAML, or use another hub", details=details)
        return UserError(f"{file.path} of {where} arrived damaged twice", code="wrong-bytes",
                         why=why, hint="check the network or the mirror, and try again",
                         details=details)

    def _pointer_error(self, file: RemoteFile, pointer: str) -> UserError:
        return UserError(f"{file.path} of {self.combination.repo_id} is not the model: {pointer}",
                         code="lfs-pointer", why="the hub or a mirror serves the pointer itself",
                         hint="use another hub or mirror")

    def _check_index(self, folder: Path, chosen: Sequence[RemoteFile]) -> None:
        """Every shard that the index names must be among the files."""
        paths = {file.path for file in chosen}
        for path in paths:
            if path.endswith(".safetensors.index.json") and not path.startswith("consolidated"):
                named = _shards(folder / path)
                if missing := sorted(named - paths):
                    raise UserError(
                        f"{self.combination.repo_id} is incomplete: its {path} names "
                        f"{', '.join(missing[:4])}", code="files-missing",
                        why="the hub's repository does not have it", details={"missing": missing})

    def _with_missing(self, error: UserError) -> UserError:
        """An unreachable hub's error, with the list of files that are not here yet."""
        if error.code not in ("offline", "hub-unreachable", "hub-timeout"):
            return error
        known = downloads.find(self.repository, self.revision)
        plan = known[1].plans.get(self.combination.quantization) if known else None
        if known and plan:
            missing = downloads.incomplete(known[0], plan, known[1])
        else:
            missing = self.combination.expected_files or []
        if missing:
            error.why = "; ".join(filter(None, [error.why, f"missing: {', '.join(missing)}"]))
            error.details["missing"] = missing
        return error


def _agrees(digest: str, file: RemoteFile) -> bool:
    wanted = (f"sha256:{file.sha256}" if file.sha256
              else f"git-sha1:{file.git_sha1}" if file.git_sha1 else "size")
    return digest == wanted.lower()


def _has_size(path: Path, size: int | None) -> bool:
    try:
        return path.is_file() and (size is None or path.stat().st_size == size)
    except OSError:
        return False


def _pointer(path: Path) -> str | None:
    if path.stat().st_size > 1024:
        return None
    return pointer_reason(path.read_bytes())


def _shards(index: Path) -> set[str]:
    class Index(msgspec.Struct):
        weight_map: dict[str, str]

    try:
        return set(msgspec.json.decode(index.read_bytes(), type=Index).weight_map.values())
    except msgspec.DecodeError as error:
        raise UserError(f"{index} is not a safetensors index: {error}",
                        code="model-damaged") from None


def _cannot_store(repository: Path, error: OSError) -> UserError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UserError(f"the disk is full: {repository}", code="disk-full",
                         hint="free space, or set MODELBOOK_HOME to a folder on a larger disk; "
                              "finished files are kept")
    return UserError(f"cannot store files in {repository}: {error.strerror or error}",
                     code="cannot-store",
                     hint="set MODELBOOK_HOME to a folder that you can write to")


def _refuse_links(folder: Path) -> None:
    """A link inside the folder could lead a write out of it."""
    for base, folders, names in os.walk(folder):
        for name in (*folders, *names):
            if (link := Path(base, name)).is_symlink():
                raise UserError(f"{link} is a link", code="unsafe-path",
                                why="a download could be written through it",
                                hint="remove it, or use --model-path")
