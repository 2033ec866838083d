"""What a hub has now, compared with what it had when a family was locked. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from compiler.lock.sources import printable
from runtime.hubs.base import RemoteFile, Resolved
from runtime.lockfile import LockedSource
from runtime.manifest import LockedFile

#: So many files are named in one sentence.
_NAMED = 4


@dataclass(frozen=True, slots=True, order=True)
class Move:
    """One thing that is no longer as it was locked.

    Attributes:
        family: The family that needs the repository.
        source: Such as `huggingface:org/name`.
        what: What happened, as the rest of a sentence.
    """

    family: str
    source: str
    what: str


def moves(family: str, known: LockedSource, resolved: Resolved, files: Sequence[RemoteFile],
          head: Resolved | None = None) -> list[Move]:
    """What moved in one repository.

    Args:
        family: The family that needs it.
        known: What is locked.
        resolved: What the hub says now.
        files: Its files whose paths are safe.
        head: What the hub has newest, where the specs ask for a fixed commit or release.
    """
    at = f"@{known.revision}" if known.revision else ""
    return [Move(family, f"{known.hub}:{known.repo_id}{at}", what)
            for what in (*_moves(known, resolved, files), *_overtaken(known, head))]


def _overtaken(known: LockedSource, head: Resolved | None) -> Iterator[str]:
    """Whether there is something newer than a fixed commit that was not there at the lock.

    What was there already when the source was locked is not told again: the pin was kept then.
    """
    if head is not None and known.missing is None and head.commit not in (known.commit, known.head):
        newest = "the newest release" if known.hub == "pypi" else "its default branch"
        yield (f"is pinned, and {newest} went on "
               f"from {known.head or known.commit} to {head.commit}")


def _moves(known: LockedSource, resolved: Resolved, files: Sequence[RemoteFile]) -> Iterator[str]:
    if known.missing is not None:
        yield f"has a {known.missing} again, at {resolved.commit}"
    elif known.commit != resolved.commit:
        yield f"moved from {known.commit} to {resolved.commit}"
    old = {file.path: file for file in known.files}
    new = {file.path: file for file in files}
    if changed := [path for path in new if path in old and _differs(old[path], new[path])]:
        yield f"changed {_listed(changed)}"
    if added := [path for path in new if path not in old]:
        yield f"has the new {_listed(added)}"
    if removed := [path for path in old if path not in new]:
        yield f"no longer has {_listed(removed)}"
    was, is_now = known.archive_sha256, resolved.archive_sha256
    if was is not None and is_now is not None and was != is_now:
        yield f"is another archive under the same name: its hash changed from {was} to {is_now}"
    for word, before, now in (("access", known.gated, resolved.gated),
                              ("licence", known.licence, printable(resolved.licence))):
        if before is not None and now is not None and before != now:
            yield f"changed its {word} from {before or 'open'} to {now or 'open'}"
    name = printable(resolved.name) or known.repo_id
    if name != (known.name or known.repo_id):
        yield f"is now called {name}"


def _differs(old: LockedFile, new: RemoteFile) -> bool:
    return any(before is not None and now is not None and before != now for before, now in (
        (old.size, new.size), (old.sha256, new.sha256), (old.git_sha1, new.git_sha1)))


def _listed(paths: Sequence[str]) -> str:
    shown = ", ".join(str(printable(path)) for path in sorted(paths)[:_NAMED])
    return shown + (f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else "")
