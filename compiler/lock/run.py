"""Locks families: asks all their hubs, a few at a time, and keeps what is known when some fail."""

from __future__ import annotations

import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from compiler.lock import compare, store
from compiler.lock.ask import MISSING, ask, client, head_of, safe_files, stamp
from compiler.lock.sources import Key, Wanted, wanted
from runtime.errors import UserError
from runtime.hubs import available, load_hub
from runtime.lockfile import FORMAT, FORMAT_VERSION, Lock, LockedSource, Provenance
from runtime.manifest import Family
from runtime.parallel import in_parallel

#: Told about one sentence from any thread.
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Failure:
    """A repository that could not be asked about.

    Attributes:
        family: The family that needs it.
        source: Such as `huggingface:org/name`.
        error: Why.
    """

    family: str
    source: str
    error: UserError


@dataclass(slots=True)
class Outcome:
    """What came of locking, or of looking whether locks still hold.

    Attributes:
        written: Families whose lock is new or changed.
        unchanged: Families whose lock stays as it was.
        failures: Repositories that could not be asked about; what was known of them is kept.
        missing: Repositories and revisions that the hubs do not have.
        moved: What differs from a lock, with `check`; one sentence each.
        notes: What a person should know, though it is no reason to fail.
        skipped: Repositories on hubs that this version cannot ask, or that were not asked for.
    """

    written: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    moved: list[compare.Move] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Whether the job is to end with exit code 1."""
        return bool(self.failures or self.missing or self.moved)


@dataclass(frozen=True, slots=True)
class _Job:
    family: str
    wanted: Wanted
    known: LockedSource | None


def lock_families(specs: Path, families: Sequence[Family], *, hubs: Collection[str] = (),
                  jobs: int = 4, tell: Tell, now: datetime | None = None) -> Outcome:
    """Ask the hubs about every source of the families, and write their locks.

    Args:
        specs: The specs folder.
        families: Planned families.
        hubs: Ask only these; empty for all. What is known of the others is kept.
        jobs: How many repositories are asked about at a time.
        tell: Told how far it is.
        now: The time to note; None for the present.

    Raises:
        UserError: A lock cannot be read or written.
    """
    outcome = Outcome()
    time = stamp(now)
    todo, known = _jobs(specs, families, hubs, outcome, anew=True)

    def work(job: _Job, folder: Path) -> None:
        try:
            fresh = ask(job.wanted, time=time, work=folder, notify=tell)
            known[job.family][job.wanted.key] = store.joined(job.known, fresh)
        except UserError as error:
            if error.code not in MISSING:
                raise
            outcome.missing.append(f"{job.family}: {error.message}")
            known[job.family][job.wanted.key] = store.gone(
                job.wanted, job.known, error, Provenance(time=time, client=client(job.wanted.hub)))

    def write(family: Family) -> None:
        if sources := list(known[family.name].values()):
            lock = Lock(format=FORMAT, format_version=FORMAT_VERSION, family=family.name,
                        sources=sources)
            try:
                changed = store.write(store.path_of(specs, family), lock)
            except UserError as error:
                if error.code != "lock-too-long":
                    raise
                outcome.failures.append(Failure(family.name, "its lock", error))
                return
            (outcome.written if changed else outcome.unchanged).append(family.name)

    by_name = {family.name: family for family in families}
    left = Counter(job.family for job in todo)

    def settled(job: _Job) -> None:
        # Each family as soon as it can be: a catalogue takes long, and may be interrupted.
        left[job.family] -= 1
        if not left[job.family]:
            write(by_name[job.family])

    for family in families:
        if not left[family.name]:
            write(family)
    _each(todo, work, outcome, jobs, tell, settled)
    order = {name: number for number, name in enumerate(by_name)}
    outcome.written.sort(key=order.__getitem__)
    outcome.unchanged.sort(key=order.__getitem__)
    return outcome


def check_families(specs: Path, families: Sequence[Family], *, hubs: Collection[str] = (),
                   jobs: int = 4, tell: Tell) -> Outcome:
    """Say what moved on the hubs since the families were locked; nothing is written.

    Raises:
        UserError: A lock cannot be read.
    """
    outcome = Outcome()
    todo, _ = _jobs(specs, families, hubs, outcome)

    def work(job: _Job, folder: Path) -> None:
        if job.known is None:
            # It never was, so nothing moved; `compiler check` says the same (MB614).
            outcome.notes.append(f"{job.family}: {job.wanted} is not locked")
            return
        try:
            hub = load_hub(job.wanted.hub)
            resolved = hub.resolve(
                job.wanted.repo_id, job.wanted.revision, work=folder, notify=tell)
            head = head_of(hub, resolved, work=folder, notify=tell)
        except UserError as error:
            if error.code not in MISSING:
                raise
            if job.known.missing is None:
                outcome.moved.append(compare.Move(job.family, str(job.wanted),
                                                  f"is gone: {error.message}"))
            return
        outcome.moved += compare.moves(
            job.family, job.known, resolved, safe_files(resolved), head)

    _each(todo, work, outcome, jobs, tell)
    outcome.moved.sort()
    outcome.notes.sort()
    return outcome


def _jobs(specs: Path, families: Sequence[Family], hubs: Collection[str], outcome: Outcome,
          *, anew: bool = False) -> tuple[list[_Job], dict[str, dict[Key, LockedSource]]]:
    """What to ask, and what is known of all that each family still needs.

    Args:
        specs: The specs folder.
        families: The families.
        hubs: The hubs to ask; empty: all.
        outcome: Where it is noted what is not asked.
        anew: Go on without a lock that cannot be read, such as one with the marks of a merge.

    Raises:
        UserError: A lock cannot be read.
    """
    todo: list[_Job] = []
    known: dict[str, dict[Key, LockedSource]] = {}
    for family in families:
        try:
            lock = store.read(store.path_of(specs, family), family.name)
        except UserError as error:
            if not anew or error.code != "lock-invalid":
                raise
            outcome.notes.append(f"{error.message}; it is written anew")
            lock = None
        locked = {source.key: source for source in lock.sources} if lock else {}
        needs = wanted(family)
        known[family.name] = {need.key: locked[need.key] for need in needs if need.key in locked}
        for need in needs:
            if available(need.hub) and (not hubs or need.hub in hubs):
                todo.append(_Job(family.name, need, locked.get(need.key)))
            else:
                outcome.skipped.append(f"{family.name}: {need}")
    return todo, known


def _each(todo: Sequence[_Job], work: Callable[[_Job, Path], None], outcome: Outcome, jobs: int,
          tell: Tell, settled: Callable[[_Job], None] = lambda job: None) -> None:
    """Do every job, a few at a time; a failure is noted and the others go on.

    Args:
        todo: The jobs.
        work: Does one, with a folder of its own.
        outcome: Where failures are noted.
        jobs: How many at a time.
        tell: Told how far it is.
        settled: Called after each job, whatever came of it, never twice at once.
    """
    counter = threading.Lock()
    done = 0

    def one(job: _Job) -> None:
        nonlocal done
        failure = ""
        try:
            # Each has a folder of its own, since a client may put half a file there.
            with tempfile.TemporaryDirectory(prefix="modelbook-lock-") as folder:
                work(job, Path(folder))
        except UserError as error:
            failure = f": {error.message}"
            outcome.failures.append(Failure(job.family, str(job.wanted), error))
        with counter:
            done += 1
            tell(f"[{done}/{len(todo)}] {job.family}: {job.wanted}{failure}")
            settled(job)

    in_parallel(todo, one, threading.Event(), max(1, jobs))
    outcome.failures.sort(key=lambda failure: (failure.family, failure.source))
    outcome.missing.sort()
