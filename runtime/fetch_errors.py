"""What goes wrong with a hub's files, worded for whoever asked for a model."""

from __future__ import annotations

from collections.abc import Sequence

from runtime.combination import Combination
from runtime.errors import UserError
from runtime.gguf import pointer_reason
from runtime.hubs import TITLES
from runtime.hubs.base import RemoteFile


def stale_lock(combination: Combination, file: RemoteFile, locked: object, found: object,
               ) -> UserError:
    """The hub states other facts of a file than the lock, at the same commit."""
    return UserError(
        f"{file.path} of {where(combination)} is not the file that was locked", code="stale-lock",
        why=f"the catalogue expects {locked}, the hub states {found} at the same revision; the "
            "catalogue's entry is stale, no download is damaged",
        hint=f"whoever keeps the catalogue: run `compiler lock {combination.family.name}` "
             "and build it again\nto take what the hub has now: --refresh",
        details={"file": file.path, "expected": str(locked), "found": str(found)})


def gone(error: UserError, combination: Combination) -> UserError:
    """The error for a locked commit that the hub does not have any more."""
    error.why = "the catalogue locked this commit, and the hub has it no more"
    error.hint = (f"whoever keeps the catalogue: run `compiler lock {combination.family.name}` "
                  "and build it again\nto take what the hub has now: --refresh")
    return error


def wrong_bytes(combination: Combination, file: RemoteFile, wrong: Sequence[str]) -> UserError:
    """A file arrived wrong twice."""
    expected = f"sha256:{file.sha256}" if file.sha256 else f"git-sha1:{file.git_sha1}"
    details: dict[str, object] = {"file": file.path, "expected": expected, "found": list(wrong)}
    why = f"expected {expected} and {file.size} bytes, found {wrong[-1]}"
    if wrong[0] == wrong[1]:
        return UserError(
            f"{file.path} of {where(combination)} is not the file that was promised",
            code="stale-hash",
            why=f"{why}; the same wrong bytes came twice, so it is no damaged download",
            hint="the stated hash is stale, or a mirror serves another file: check the "
                 "revision in the YAML, or use another hub", details=details)
    return UserError(f"{file.path} of {where(combination)} arrived damaged twice",
                     code="wrong-bytes", why=why,
                     hint="check the network or the mirror, and try again", details=details)


def pointer(combination: Combination, file: RemoteFile, beginning: bytes) -> UserError | None:
    """The error for a file that begins as a Git LFS pointer does; None if it is none."""
    if not (reason := pointer_reason(beginning)):
        return None
    expected = f"{file.size} bytes were expected; " if file.size else ""
    return UserError(f"{file.path} of {where(combination)} is not the model: {reason}",
                     code="lfs-pointer", why=f"{expected}the hub or a mirror serves the pointer "
                                             "itself", hint="use another hub or mirror")


def incomplete_index(combination: Combination, index: str, missing: Sequence[str]) -> UserError:
    """The index of the weights names parts that the repository does not have."""
    return UserError(
        f"{combination.repo_id} is incomplete: its {index} names {', '.join(missing[:4])}",
        code="files-missing", why="the hub's repository does not have it",
        details={"missing": list(missing)})


def offline(combination: Combination, variable: str) -> UserError:
    """The hub may not be asked."""
    return UserError(f"{where(combination)} cannot be asked: {variable} is set", code="offline",
                     hint=f"unset {variable} to download, or use --model-path")


def with_missing(error: UserError, missing: Sequence[str]) -> UserError:
    """An unreachable hub's error, with the list of files that are not here yet and a way out."""
    if missing and error.code in ("offline", "hub-unreachable", "hub-timeout"):
        error.why = "; ".join(filter(None, [error.why, f"missing: {', '.join(missing)}"]))
        error.details["missing"] = list(missing)
    if error.code == "hub-unreachable":
        error.hint += "; files that you have can be used with --model-path"
    return error


def where(combination: Combination) -> str:
    """Such as `o/tiny on Hugging Face`."""
    return f"{combination.repo_id} on {TITLES[combination.hub_name]}"
