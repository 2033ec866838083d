"""Puts generated files in place: all of them or none, and only those that changed.

Every file's content is known before the first is touched. Changed files are written beside their
place first and renamed at the end; whatever fails before or while renaming leaves the folder as it
was. What we wrote is listed in `LIST`, so that a page which is no longer generated can be removed
without touching a file of anyone else.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from runtime.errors import MisuseError, UserError
from runtime.files import unsafe_path_reason
from runtime.manifest import Piece
from runtime.storage import regular

#: What a file is to hold, in one piece or several: the pieces of a large manifest are not joined.
Content = bytes | Sequence[Piece]

#: The files that the last build wrote, relative to the output folder.
LIST = ".modelbook-generated.json"
_STAGE = ".modelbook-stage-"
_ABANDONED = 3600.0  # seconds after which a staging folder belongs to no running build
# Whatever the list says, nothing else is ever removed.
_REMOVABLE = re.compile(
    r"models/[a-z]+/[^/]+\.rst\Z|manifest\.index\Z|verification\.(?:rst|json)\Z")


class Changes(msgspec.Struct, frozen=True):
    """What a build does, or would do, to its output folder; paths relative to it, sorted.

    Attributes:
        new: Files that are not there yet.
        changed: Files whose content differs.
        unchanged: Files that are left alone, their times too.
        stale: Files of an earlier build that are no longer generated.
    """

    new: list[str] = []
    changed: list[str] = []
    unchanged: list[str] = []
    stale: list[str] = []

    def any(self) -> bool:
        """Whether the folder is not what the specs say."""
        return bool(self.new or self.changed or self.stale)


def compare(out: Path, files: Mapping[str, Content], same: Collection[str] = ()) -> Changes:
    """What `write` would do; touches nothing.

    Args:
        out: The output folder.
        files: Path relative to `out`, with forward slashes → content.
        same: Further paths, whose files have just been found to be what they should be.

    Raises:
        UserError: The folder cannot be read, or a path in it leads out of it.
    """
    changes = Changes()
    if out.exists() and not out.is_dir():
        raise MisuseError(f"{out} is not a folder", code="out-not-a-folder",
                          hint="name a folder with --out")
    _refuse_leaving(out, sorted([*files, *same]))
    changes.unchanged.extend(same)
    for path in sorted(files):
        held = _holds(f"{out}/{path}", files[path])
        (changes.new if held is None else changes.unchanged if held else changes.changed
         ).append(path)
    changes.unchanged.sort()
    ours = {*files, *same}
    changes.stale.extend(path for path in _listed(out, ours) if (out / path).is_file())
    return changes


def write(out: Path, files: Mapping[str, Content], same: Collection[str] = ()) -> Changes:
    """Make the generated part of `out` equal to `files` and remove stale pages.

    Args:
        out: The output folder; made if it is not there.
        files: Path relative to `out`, with forward slashes → content.
        same: See `compare`.

    Raises:
        UserError: The folder cannot be read or written, or a path in it leads out of it. It is then
            as it was.
    """
    changes = compare(out, files, same)
    listing = _list_bytes([*files, *same])
    todo = {path: files[path] for path in [*changes.new, *changes.changed]}
    if _read(out / LIST) != listing:
        _refuse_leaving(out, [LIST])
        todo[LIST] = listing
    if not todo and not changes.stale:
        return changes
    put(out, todo, changes.stale)
    return changes


def put(out: Path, files: Mapping[str, Content], stale: Sequence[str] = ()) -> None:
    """Write `files` into the folder `out` and remove those in `stale`: all of it or nothing.

    Raises:
        UserError: The folder cannot be written, or a path leads out of it. It is then as it was.
    """
    _refuse_leaving(out, files)
    with _as_user_error(out):
        out.mkdir(parents=True, exist_ok=True)
        _sweep(out)
        # Inside the folder, so that a rename never crosses file systems.
        stage = Path(tempfile.mkdtemp(prefix=_STAGE, dir=out))
        try:
            for number, data in enumerate(files.values()):
                with open(f"{stage}/{number}.new", "wb") as stream:  # noqa: PTH123 - thousands
                    stream.writelines(pieces_of(data))
            _swap(out, stage, list(files), stale)
        finally:
            shutil.rmtree(stage, ignore_errors=True)


def put_file(path: Path, data: bytes) -> None:
    """Write one file whole or not at all; a link stays a link, a pipe or device is written to.

    Raises:
        UserError: It cannot be written. It is then as it was.
    """
    with _as_user_error(path):
        target = Path(os.path.realpath(path))
        if target.is_symlink():  # part of a circle
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
        if target.exists() and not target.is_file():
            with target.open("wb") as stream:
                stream.write(data)
            return
    put(target.parent, {target.name: data})


def _sweep(out: Path) -> None:
    """Remove what builds that were killed have left; one that may still run is left alone."""
    for stage in out.glob(f"{_STAGE}*"):
        with contextlib.suppress(OSError):
            if stage.is_dir() and time.time() - stage.lstat().st_mtime > _ABANDONED:
                shutil.rmtree(stage, ignore_errors=True)


def _swap(out: Path, stage: Path, paths: Sequence[str], stale: Sequence[str]) -> None:
    """Rename the staged files into place; on any failure put back what was there."""
    undo: list[tuple[Path, Path | None]] = []
    made: list[Path] = []
    ready: set[Path] = set()
    try:
        for number, path in enumerate(stale):
            gone = stage / f"{number}.stale"
            (out / path).replace(gone)
            undo.append((out / path, gone))
        # The list comes last: if we are killed before, the earlier one still names what was ours.
        for number, path in enumerate(paths):
            target = out / path
            if target.parent not in ready:
                made += _make_folders(out, target.parent)
                ready.add(target.parent)
            saved = _save(target, stage / f"{number}.old")
            undo.append((target, saved))
            (stage / f"{number}.new").replace(target)
    except BaseException:  # Ctrl-C too must not leave half of a build
        for target, saved in reversed(undo):
            with contextlib.suppress(OSError):
                if saved is None:
                    target.unlink(missing_ok=True)
                else:
                    saved.replace(target)
        for folder in reversed(made):
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


def _save(target: Path, saved: Path) -> Path | None:
    """Keep the file at `target` a second time; None where there is none."""
    if not os.path.lexists(target):
        return None
    try:
        os.link(target, saved, follow_symlinks=False)
    except (OSError, NotImplementedError):  # a file system without hard links
        shutil.copy2(target, saved, follow_symlinks=False)
    return saved


def _make_folders(out: Path, folder: Path) -> list[Path]:
    """Make `folder` inside `out`; returns those that were not there, outermost first."""
    missing = []
    while folder != out and not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for item in reversed(missing):
        item.mkdir()
    return missing[::-1]


def _refuse_leaving(out: Path, paths: Iterable[str]) -> None:
    """Refuse a path that leaves `out`, by its own text or through a symbolic link."""
    folders: set[str] = set()
    base = os.fspath(out)
    for path in paths:
        if reason := unsafe_path_reason(path):
            raise UserError(f"cannot write {path!r}: {reason}", code="unsafe-path")
        # Each folder is looked at once: pages by the thousand lie in one.
        steps = [path]
        while (cut := steps[-1].rfind("/")) > 0 and steps[-1][:cut] not in folders:
            steps.append(steps[-1][:cut])
        folders.update(steps[1:])
        for step in reversed(steps):
            target = f"{base}/{step}"
            if (os.path.islink(target)  # noqa: PTH114 - thousands, and no Path each
                    and not Path(os.path.realpath(target)).is_relative_to(os.path.realpath(out))):
                raise UserError(f"{Path(target)} is a symbolic link that leaves {out}",
                                code="unsafe-path",
                                why="a build writes only inside its output folder",
                                hint="delete the link, or name another folder with --out")


def _listed(out: Path, ours: Collection[str]) -> Iterator[str]:
    """The removable files that the last build wrote besides `ours`, if its list can be believed."""
    try:
        listing = json.loads((out / LIST).read_bytes())
    except (OSError, ValueError, RecursionError):
        return
    paths = listing.get("files") if isinstance(listing, dict) else None
    for path in sorted({item for item in paths if isinstance(item, str)}
                       if isinstance(paths, list) else ()):
        if path in ours:
            continue
        if _REMOVABLE.match(path) and unsafe_path_reason(path) is None:
            with contextlib.suppress(UserError):
                _refuse_leaving(out, [path])
                yield path


def pieces_of(content: Content) -> Sequence[Piece]:
    """A file's content in pieces."""
    return [content] if isinstance(content, bytes) else content


def _holds(path: str, content: Content) -> bool | None:
    """Whether a file holds just that; None where there is none."""
    pieces = pieces_of(content)
    try:
        with open(path, "rb", opener=regular) as stream:
            return os.fstat(stream.fileno()).st_size == sum(map(len, pieces)) and all(
                stream.read(len(piece)) == piece for piece in pieces)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: str | Path, error: OSError) -> UserError:
    return UserError(f"cannot read {path}: {error.strerror}", code="out-unreadable")


def _list_bytes(files: Iterable[str]) -> bytes:
    body = {"about": "Files that `compiler build` wrote here; it removes those that it no longer "
                     "generates.",
            "files": sorted(files)}
    return msgspec.json.format(msgspec.json.encode(body), indent=2) + b"\n"


def _read(path: str | Path) -> bytes | None:
    try:
        with open(path, "rb", buffering=0, opener=regular) as stream:
            return stream.read()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unreadable(path, error) from None


@contextlib.contextmanager
def _as_user_error(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = error.filename or out
        raise UserError(f"cannot write {where}: {error.strerror}", code="out-not-writable",
                        why="the output folder was left as it was",
                        hint="name another folder with --out, or make room") from None


def unified_diff(out: Path, files: Mapping[str, Content], changes: Changes) -> Iterator[str]:
    """What separates the folder from `files`, as lines of a unified diff without line ends."""
    import difflib  # a build writes without it

    for path in sorted([*changes.new, *changes.changed, *changes.stale]):
        old = _read(out / path)
        before = [] if old is None else old.decode("utf-8", "replace").splitlines()
        after = b"".join(pieces_of(files[path])).decode("utf-8", "replace").splitlines() if (
            path in files) else []
        yield from difflib.unified_diff(
            before, after, "/dev/null" if old is None else (out / path).as_posix(),
            "/dev/null" if path not in files else (out / path).as_posix(), lineterm="")
