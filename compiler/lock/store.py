"""Locks on the disk, and how a new answer of a hub is joined with what was known."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import msgspec

from compiler.catalogue import LONGEST_LOCK
from compiler.lock.ask import MISSING
from compiler.lock.sources import Wanted
from runtime import lockfile
from runtime.errors import UserError
from runtime.lockfile import Before, Lock, LockedSource, Provenance
from runtime.manifest import Family
from runtime.storage import regular, write_whole


def path_of(specs: Path, family: Family) -> Path:
    """Where the lock of a family is: named as its file."""
    return specs / lockfile.FOLDER / lockfile.file_name(PurePosixPath(family.source.file).stem)


def orphans(specs: Path, families: Iterable[Family]) -> list[Path]:
    """Locks that belong to none of the families, such as one of a family that was renamed."""
    known = {path_of(specs, family) for family in families}
    return sorted(set((specs / lockfile.FOLDER).glob(f"*{lockfile.SUFFIX}")) - known)


def read(path: Path, family: str) -> Lock | None:
    """The lock of that family at `path`; None where there is none.

    Raises:
        UserError: It cannot be read.
    """
    try:
        with open(path, "rb", opener=regular) as stream:
            data = stream.read(LONGEST_LOCK + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}", code="lock-unreadable") from None
    lock = lockfile.decode(data, str(path))
    if lock.family != family:
        raise UserError(f"{path} is the lock of {lock.family}, not of {family}",
                        code="lock-invalid", hint="run `compiler lock`, which writes a new one")
    return lock


def write(path: Path, lock: Lock) -> bool:
    """Write a lock whole or not at all; False where it stands there already, byte for byte.

    Raises:
        UserError: It cannot be written, or would be too long to be read.
    """
    data = lockfile.encode(lock)
    if len(data) > LONGEST_LOCK:
        raise UserError(f"the lock of {lock.family} would have {len(data)} bytes; "
                        f"{LONGEST_LOCK} are read", code="lock-too-long",
                        hint="name repositories that hold the model alone")
    try:
        path.parent.mkdir(exist_ok=True)
        if not path.parent.resolve().is_relative_to(path.parent.parent.resolve()):
            raise UserError(f"{path.parent} is a symbolic link that leads out of the specs folder",
                            code="unsafe-path", why="locks are written only inside it",
                            hint="put a folder there")
        if path.is_file() and path.read_bytes() == data:
            return False
        write_whole(path, data)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}", code="write-failed") from None
    return True


def joined(known: LockedSource | None, fresh: LockedSource) -> LockedSource:
    """The new answer; the old one as it was where nothing but the time of asking differs."""
    if known is None:
        return fresh
    fresh = msgspec.structs.replace(fresh, before=_before(known, fresh))
    same = msgspec.structs.replace(fresh, provenance=known.provenance)
    return known if same == known else fresh


def _before(known: LockedSource, fresh: LockedSource) -> Before | None:
    """What the source said of access and licence before they changed."""
    earlier = known.before or Before()
    values: dict[str, str | None] = {}
    for field in ("gated", "licence"):
        was, old, new = (getattr(source, field) for source in (earlier, known, fresh))
        first = old if was is None else was
        values[field] = first if first is not None and new is not None and first != new else None
    return Before(**values) if any(value is not None for value in values.values()) else None


def gone(wanted: Wanted, known: LockedSource | None, error: UserError, provenance: Provenance,
         ) -> LockedSource:
    """What is kept of a source that the hub does not have (any more)."""
    missing = MISSING[error.code]
    if known is None:
        return LockedSource(hub=wanted.hub, repo_id=wanted.repo_id, revision=wanted.revision,
                            commit="", provenance=provenance, missing=missing)
    if known.missing == missing:
        return known
    return msgspec.structs.replace(known, missing=missing, provenance=provenance)


def accepted(lock: Lock) -> Lock:
    """The lock without what its sources said before."""
    return msgspec.structs.replace(lock, sources=[
        msgspec.structs.replace(source, before=None) for source in lock.sources])
