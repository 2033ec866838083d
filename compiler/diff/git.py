"""Files of a git revision, read from the object store: no checkout, no filters, no hooks."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from runtime.errors import MisuseError, UserError

_TIMEOUT = 60  # seconds; a catalogue is a few hundred small files
#: Specs, locks and the facts of engines' releases: what the manifest is made of.
_READ = (".yaml", ".yml", ".json")
_REGULAR = (b"100644", b"100755")
_NOT_PASSED = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"})


@dataclass(frozen=True, slots=True)
class Tree:
    """The files of one folder at one revision.

    Attributes:
        commit: Full id of the commit.
        files: Path relative to the folder, with forward slashes → bytes.
    """

    commit: str
    files: dict[str, bytes]


def read_folder(revision: str, folder: Path) -> Tree:
    """The files below `folder` as they were at `revision`.

    Args:
        revision: Anything that git takes for a commit.
        folder: A path in the working tree of a repository; it need not exist there any more.

    Raises:
        MisuseError: There is no repository around `folder`, or it does not know `revision`.
        UserError: git is missing or fails, or the revision has no such folder.
    """
    start = _existing(folder.absolute())
    top = _top(start, revision)
    commit = _commit(top, revision)
    # The working folder may be reached through a link; git speaks of the real one.
    inside = (start.resolve() / folder.absolute().relative_to(start)).relative_to(top)
    prefix = "" if inside == Path() else f"{inside.as_posix()}/"
    blobs = _blobs(top, commit, prefix)
    if not blobs:
        raise UserError(f"{revision} has no folder {inside.as_posix()}", code="revision-no-specs",
                        hint="say with --specs where the specs lie in the repository")
    return Tree(commit, _contents(top, blobs))


def _existing(folder: Path) -> Path:
    while not folder.is_dir():
        folder = folder.parent
    return folder


def _top(start: Path, revision: str) -> Path:
    done = _git(start, "rev-parse", "--show-toplevel")
    if b"dubious ownership" in done.stderr:
        raise UserError(f"git refuses to read {start}: it belongs to somebody else",
                        code="git-failed", hint=f"git config --global --add safe.directory {start}")
    if done.returncode:
        raise MisuseError(
            f"{start} is not in a git repository, so {revision!r} is no revision",
            code="not-a-repository",
            why="it is no existing path either",
            hint="name a revision inside a repository, a folder of specs, or a manifest file")
    return Path(os.fsdecode(done.stdout.rstrip(b"\n"))).resolve()


def _commit(top: Path, revision: str) -> str:
    # --end-of-options: a revision that begins with a hyphen is still only a revision.
    done = _git(top, "rev-parse", "--verify", "--quiet", "--end-of-options",
                f"{revision}^{{commit}}")
    commit = done.stdout.decode("ascii", "replace").strip()
    if done.returncode or not commit:
        shallow = _git(top, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
        hint = "name a branch, tag or commit, a folder of specs, or a manifest file"
        if shallow:
            hint = ("this is a shallow clone: fetch the revision first (with actions/checkout, "
                    "`fetch-depth: 0`)")
        raise MisuseError(f"there is neither a path nor a git revision {revision!r}",
                          code="revision-unknown", hint=hint)
    return commit


def _blobs(top: Path, commit: str, prefix: str) -> dict[str, str]:
    """Path relative to the folder → object id, of regular files; links are no specs."""
    # `:(literal)` would be needed for pathspecs; ls-tree takes paths as they are.
    paths = ["--", prefix] if prefix else []
    done = _checked(top, "ls-tree", "-r", "-z", "--full-tree", commit, *paths)
    found: dict[str, str] = {}
    for entry in done.split(b"\0"):
        if not entry:
            continue
        head, _, raw = entry.partition(b"\t")
        mode, kind, name = head.split(b" ")
        path = os.fsdecode(raw)
        if kind == b"blob" and mode in _REGULAR and path.startswith(prefix):
            relative = path[len(prefix):]
            if ".." not in PurePosixPath(relative).parts:
                found[relative] = name.decode("ascii")
    return found


def _contents(top: Path, blobs: dict[str, str]) -> dict[str, bytes]:
    wanted = {path: name for path, name in blobs.items() if path.endswith(_READ)}
    data = _checked(top, "cat-file", "--batch",
                    stdin="".join(f"{name}\n" for name in wanted.values()).encode("ascii"))
    files: dict[str, bytes] = {}
    position = 0
    for path in wanted:
        end = data.index(b"\n", position)
        head = data[position:end].split(b" ")
        if len(head) != 3:  # "<id> missing": a partial clone without its objects
            raise UserError(f"git does not have the contents of {path}", code="git-failed",
                            hint="fetch the revision whole, without --filter")
        size = int(head[2])
        files[path] = data[end + 1:end + 1 + size]
        position = end + 1 + size + 1
    return files


def _checked(top: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    done = _git(top, *arguments, stdin=stdin)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().split("\n")[-1]
        raise UserError(f"git {arguments[0]} failed: {said}", code="git-failed")
    return done.stdout


def _git(folder: Path, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    # A hook's environment names its own repository; the folder is what counts here.
    environment = {name: value for name, value in os.environ.items() if name not in _NOT_PASSED}
    environment |= {
        "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0",
        "GIT_LITERAL_PATHSPECS": "1", "GIT_NO_LAZY_FETCH": "1"}
    try:
        return subprocess.run(
            ["git", "-C", os.fspath(folder), *arguments],  # noqa: S607
            input=stdin, capture_output=True, timeout=_TIMEOUT, check=False, env=environment)
    except FileNotFoundError:
        raise UserError("git is not installed, so no revision can be read", code="git-missing",
                        hint="install git, or compare folders or manifest files") from None
    except subprocess.TimeoutExpired:
        raise UserError(f"git {arguments[0]} took longer than {_TIMEOUT} seconds",
                        code="git-failed") from None
