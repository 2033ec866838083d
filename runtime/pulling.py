"""One download: from what a hub says to files that are here and verified."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from runtime import asking, downloads, fetch_errors, home, layout, reuse
from runtime.combination import Combination
from runtime.downloads import Expected, State
from runtime.errors import UserError
from runtime.following import Follower, worth_following
from runtime.hubs import TITLES, forbidden_by, load_hub
from runtime.hubs.base import Hub, RemoteFile, Resolved
from runtime.local import Located
from runtime.memory import human
from runtime.parallel import StoppedError, in_parallel
from runtime.present import Options, located, wanted_revision
from runtime.progress import Reporter

#: Kept free beside the files, for logs and the state.
_SPARE = 64 << 20
#: Bytes of a file's beginning that tell a Git LFS pointer from the file.
_POINTER = 1 << 10


class Job:
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
        self.locked = None if options.refresh else combination.locked

    def run(self) -> Located:
        """Have every file, and say where.

        Raises:
            UserError: A file cannot be had.
            OSError: It cannot be written.
        """
        hub = load_hub(self.combination.hub_name)
        if done := self._without_asking(hub):
            return done
        resolved = self._resolve(hub)
        chosen = self._as_locked(layout.needed(self.combination, resolved.files,
                                               allow_pickle=self.options.allow_pickle))
        folder, state, missing = self._prepare(hub, resolved, chosen)
        self._check_space(hub, resolved, folder, missing)
        if missing:
            self._download(hub, resolved, missing, folder, state)
        return self._finish(hub, chosen, folder, state)

    def _without_asking(self, hub: Hub) -> Located | None:
        """What is locked, where other downloads and the clients' caches have all of it."""
        listed = self._locked_files()
        if self.locked is None or not listed:
            return None
        resolved = Resolved(self.locked.repo_id, self.combination.hub.revision, self.locked.commit,
                            tuple(listed))
        chosen = layout.needed(self.combination, listed, allow_pickle=self.options.allow_pickle)
        cached = {found.file.path
                  for found in reuse.in_caches(self.combination, resolved, chosen)}
        folder = self.repository / resolved.commit
        elsewhere = [file for file in chosen if file.path not in cached
                     and not (folder / file.path).is_file()]
        if elsewhere and not forbidden_by(self.combination.hub_name):
            return None
        folder, state, missing = self._prepare(hub, resolved, chosen)
        return None if missing else self._finish(hub, chosen, folder, state)

    def _locked_files(self) -> list[RemoteFile]:
        listed = self.locked.files.get(self.combination.quantization, []) if self.locked else []
        return [RemoteFile(file.path, file.size, file.sha256, file.git_sha1) for file in listed]

    def _resolve(self, hub: Hub) -> Resolved:
        if variable := forbidden_by(self.combination.hub_name):
            raise fetch_errors.with_missing(fetch_errors.offline(self.combination, variable),
                                            self._not_here())
        try:
            return asking.resolve(hub, self.combination, self.options, work=self.work,
                                  notify=self.reporter.notify)
        except UserError as error:
            raise fetch_errors.with_missing(error, self._not_here()) from None

    def _not_here(self) -> list[str]:
        """The files that are known to be needed and are not here in full."""
        known = downloads.find(self.repository, self.revision)
        plan = known[1].plans.get(self.combination.quantization) if known else None
        if known and plan:
            return downloads.incomplete(known[0], plan, known[1])
        return [file.path for file in self._locked_files()] or self.combination.expected_files or []

    def _prepare(self, hub: Hub, resolved: Resolved, chosen: Sequence[RemoteFile],
                 ) -> tuple[Path, State, list[RemoteFile]]:
        """The folder, its state, and what is still missing in it."""
        folder = home.ensure_folder(self.repository / resolved.commit)
        _refuse_links(folder)
        state = self._begin(folder, resolved, chosen)
        hub.tidy(folder, self.work, done=False)
        missing = self._missing(folder, chosen, state)
        return folder, state, self._reuse(resolved, folder, missing, state)

    def _finish(self, hub: Hub, chosen: Sequence[RemoteFile], folder: Path, state: State,
                ) -> Located:
        self._check_index(folder, chosen)
        hub.tidy(folder, self.work, done=True)
        return located(self.combination, folder, state, state.plans[self.combination.quantization])

    def _as_locked(self, chosen: Sequence[RemoteFile]) -> list[RemoteFile]:
        """The files with their locked hashes; a hub that states others is refused at once."""
        known = {file.path: file for file in self._locked_files()}
        out: list[RemoteFile] = []
        for file in chosen:
            was = known.get(file.path)
            if was is None:
                out.append(file)
                continue
            for old, new in ((was.sha256, file.sha256), (was.git_sha1, file.git_sha1),
                             (was.size, file.size)):
                if old is not None and new is not None and old != new:
                    raise fetch_errors.stale_lock(self.combination, file, old, new)
            out.append(msgspec.structs.replace(
                file, size=was.size if file.size is None else file.size,
                sha256=was.sha256 or file.sha256, git_sha1=was.git_sha1 or file.git_sha1))
        return out

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
            same = known is not None and known.digest == downloads.wanted_digest(file)
            if same and downloads.untouched(folder, file.path, state) and not everything:
                continue
            (to_hash if _has_size(folder / file.path, file.size) else missing).append(file)
        if to_hash:
            missing += self._hash(folder, to_hash, state)
        return missing

    def _reuse(self, resolved: Resolved, folder: Path, missing: Sequence[RemoteFile], state: State,
               ) -> list[RemoteFile]:
        """Take what is on this machine already; returns what is left."""
        taken: dict[str, downloads.Verified] = {}
        for file in missing:
            if known := reuse.from_downloads(self.combination, folder, file):
                taken[file.path] = known
        left = [file for file in missing if file.path not in taken]
        if found := reuse.in_caches(self.combination, resolved, left):
            taken |= reuse.take(found, folder, self.reporter)
        if taken:
            state.verified |= taken
            downloads.write_state(folder, state)
        return [file for file in missing if file.path not in taken]

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

    def _check_space(self, hub: Hub, resolved: Resolved, folder: Path,
                     missing: Sequence[RemoteFile]) -> None:
        begun = sum(_on_disk(hub.arriving(resolved, file, folder, work=self.work))
                    for file in missing)
        wanted = max(0, sum(file.size or 0 for file in missing) * hub.COPIES - begun)
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
            good, found = self._arrive(hub, resolved, file, folder, again=bool(wrong))
            path = folder / file.path
            if path.is_file() and (pointer := fetch_errors.pointer(
                    self.combination, file, _beginning(path))):
                path.unlink()
                raise pointer
            if good is not None:
                with self.state_lock:
                    state.verified[file.path] = good
                    downloads.write_state(folder, state)
                return
            if path.is_file():
                self.reporter.advance(-(file.size or 0))
                path.unlink()
            wrong.append(found)
            if len(wrong) == 2:
                raise self._served_pointer(hub, resolved, file) or fetch_errors.wrong_bytes(
                    self.combination, file, wrong)
            self.reporter.notify(f"{file.path} arrived damaged ({found}); fetching it once more")

    def _served_pointer(self, hub: Hub, resolved: Resolved, file: RemoteFile) -> UserError | None:
        """The error for a pointer that the client did not even store; None if it is none."""
        try:
            found = hub.read_range(resolved, file, 0, _POINTER, work=self.work,
                                   notify=self.reporter.notify)
        except UserError:
            return None
        return fetch_errors.pointer(self.combination, file, found)

    def _arrive(self, hub: Hub, resolved: Resolved, file: RemoteFile, folder: Path, *, again: bool,
                ) -> tuple[downloads.Verified | None, str]:
        """Fetch one file, hashed on its way where that saves reading it again."""
        follower = Follower(lambda: hub.arriving(resolved, file, folder, work=self.work))
        with follower if worth_following(file.size, file.sha256) else contextlib.nullcontext() as f:
            counted, wrong = self._fetch(hub, resolved, file, folder, again=again,
                                         arrived=f.more if f else lambda _: None)
            if wrong is not None:
                return None, wrong
            # More or fewer bytes than the file has: some of them came twice, so look again.
            digest = f.digest_of(folder / file.path) if f and counted == file.size else None
        if good := downloads.followed(folder, file, digest):
            return good, good.digest
        return downloads.check(folder, file)

    def _fetch(self, hub: Hub, resolved: Resolved, file: RemoteFile, folder: Path, *, again: bool,
               arrived: Callable[[int], None]) -> tuple[int, str | None]:
        """Fetch one file; how many bytes came, and what was wrong with them."""
        counted = 0

        def advance(count: int) -> None:
            nonlocal counted
            if self.stop.is_set():
                raise StoppedError
            counted += count
            self.reporter.advance(count)
            arrived(count)

        try:
            hub.fetch(resolved, file, folder, work=self.work, again=again, advance=advance,
                      notify=self.reporter.notify)
        except UserError as error:
            self.reporter.advance(-counted)
            if error.code == "wrong-bytes":
                return counted, error.why or error.message
            raise
        if file.size is not None:  # retried and compressed parts make the sum differ
            self.reporter.advance(file.size - counted)
        return counted, None

    def _check_index(self, folder: Path, chosen: Sequence[RemoteFile]) -> None:
        """Every shard that the index names must be among the files."""
        paths = {file.path for file in chosen}
        for path in paths:
            if path.endswith(".safetensors.index.json") and not path.startswith("consolidated"):
                named = _shards(folder / path)
                if missing := sorted(named - paths):
                    raise fetch_errors.incomplete_index(self.combination, path, missing)


def _on_disk(part: Path | None) -> int:
    """Bytes that a file takes which an ended download left; holes in it take none."""
    try:
        info = part.stat() if part is not None else None
    except OSError:
        return 0
    if info is None:
        return 0
    return min(info.st_size, getattr(info, "st_blocks", info.st_size) * 512)


def _beginning(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_POINTER)


def _has_size(path: Path, size: int | None) -> bool:
    try:
        return path.is_file() and (size is None or path.stat().st_size == size)
    except OSError:
        return False


def _shards(index: Path) -> set[str]:
    class Index(msgspec.Struct):
        weight_map: dict[str, str]

    try:
        return set(msgspec.json.decode(index.read_bytes(), type=Index).weight_map.values())
    except (msgspec.DecodeError, RecursionError) as error:
        raise UserError(f"{index} is not a safetensors index: {error}",
                        code="model-damaged") from None


def _refuse_links(folder: Path) -> None:
    """A link inside the folder could lead a write out of it."""
    for base, folders, names in os.walk(folder):
        for name in (*folders, *names):
            if (link := Path(base, name)).is_symlink():
                raise UserError(f"{link} is a link", code="unsafe-path",
                                why="a download could be written through it",
                                hint="remove it, or use --model-path")
