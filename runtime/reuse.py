"""Files that are on this machine already: from another download, or in the hub clients' own caches.

Nothing is taken without a hash that the hub (or the lock) states for it. A file of another download
was hashed when it arrived; one of a client's cache is hashed now, since the client may have checked
its size alone.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from runtime import downloads, home
from runtime.combination import Combination, hubs_with
from runtime.downloads import Verified
from runtime.errors import UserError
from runtime.hubs import TITLES, available, load_hub
from runtime.hubs.base import RemoteFile, Resolved
from runtime.memory import human
from runtime.progress import Reporter

_SPARE = 64 << 20


class Found(msgspec.Struct, frozen=True):
    """A file in a client's cache that may be the one that is wanted.

    Attributes:
        hub: Whose client's cache.
        path: Where it is.
        file: What it should be.
    """

    hub: str
    path: Path
    file: RemoteFile


def each_hub(combination: Combination) -> Iterator[Combination]:
    """The combination on each hub that has it and that this version can download from."""
    for hub in hubs_with(combination.spec, combination.quantization):
        if available(hub.hub):
            yield replace(combination, hub=hub, hub_name=hub.hub)


def from_downloads(combination: Combination, folder: Path, file: RemoteFile) -> Verified | None:
    """Link the same file from another commit, or from another hub's copy of the model."""
    repositories = [folder.parent]
    for other in each_hub(combination):
        with contextlib.suppress(UserError):  # an unsafe id of another hub is not used here
            repositories.append(home.repository_folder(other.hub_name, other.repo_id))
    for repository in dict.fromkeys(repositories):
        if known := downloads.adopt(folder, file, repository):
            return known
    return None


def in_caches(combination: Combination, resolved: Resolved, files: Iterable[RemoteFile],
              ) -> list[Found]:
    """What of `files` the clients have in caches of their own, as far as names and sizes tell."""
    places = [(combination.hub_name, resolved)]
    places += [(other.hub_name, Resolved(other.repo_id, other.hub.revision,
                                         other.locked.commit if other.locked else "", ()))
               for other in each_hub(combination) if other.hub_name != combination.hub_name]
    wanted = [file for file in files if file.sha256 or file.git_sha1]
    found: dict[str, Found] = {}
    for name, there in places:
        for file in wanted:
            if file.path in found:
                continue
            try:
                path = load_hub(name).cached(there, file)
                fits = path is not None and path.is_file() and path.stat().st_size == file.size
            except (OSError, UserError):  # not readable, or its client is not installed
                continue
            if path is not None and fits:
                found[file.path] = Found(name, path.resolve(), file)
    return list(found.values())


def take(found: Sequence[Found], folder: Path, reporter: Reporter) -> dict[str, Verified]:
    """Link or copy what was found into `folder`, hashed; what is damaged stays where it is.

    Raises:
        UserError: There is not enough room for a copy.
    """
    taken: dict[str, Verified] = {}
    linked = True
    reporter.begin("checking files of the hubs' caches", sum(f.file.size or 0 for f in found))
    try:
        for each in found:
            good, found_digest, link = _take(each, folder, reporter)
            if good is None:
                reporter.notify(f"{each.file.path} in the cache of {TITLES[each.hub]} is damaged "
                                f"({found_digest}), and is left alone: {each.path}")
            else:
                taken[each.file.path] = good
                linked = linked and link
    finally:
        reporter.end()
    if taken:
        size = human(sum(known.size for known in taken.values()))
        titles = " and ".join(dict.fromkeys(TITLES[f.hub] for f in found if f.file.path in taken))
        reporter.notify(f"{len(taken)} files ({size}) {'linked' if linked else 'copied'} from the "
                        f"cache of {titles}, hashes checked")
    return taken


def _take(found: Found, folder: Path, reporter: Reporter) -> tuple[Verified | None, str, bool]:
    """The facts of the file in its place, or None and what was found; and whether it is a link."""
    target = folder / found.file.path
    with tempfile.TemporaryDirectory(prefix=".modelbook-", dir=folder) as work:
        here = Path(work) / "file"
        link = _linked(found.path, here)
        if not link:
            _copy(found, here)
        good, digest = downloads.check(Path(work), replace(found.file, path="file"),
                                       reporter.advance)
        if good is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
            here.replace(target)
        return good, digest, link


def _linked(source: Path, here: Path) -> bool:
    """Link a file, which costs no room; where the system allows none, it is copied."""
    try:
        os.link(source, here)
    except OSError:
        return False
    return True


def _copy(found: Found, here: Path) -> None:
    free, size = shutil.disk_usage(here.parent).free, found.file.size or 0
    if size + _SPARE > free:
        raise UserError(
            f"there is not enough room for a copy of {found.file.path}", code="disk-full",
            why=f"{human(size)} are needed in {here.parent.parent}, {human(free)} are free; "
                f"{found.path} cannot be linked from there",
            hint="free space, or set MODELBOOK_HOME to a folder on the disk of that cache")
    shutil.copyfile(found.path, here)
