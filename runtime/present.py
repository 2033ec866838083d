"""What of a combination is on this machine already, in full and verified."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from runtime import downloads
from runtime.combination import Combination
from runtime.downloads import Expected, State
from runtime.local import LocalFile, Located, checked, model_in


class Options(msgspec.Struct, frozen=True):
    """How files are located.

    Attributes:
        model_path: Use this file or folder and download nothing.
        hub_root: Root of the local hub.
        verify: Hash again what was verified before.
        refresh: Ask the hub what the revision stands for now, whatever is locked.
        allow_pickle: Accept pickled weights where there are no others.
        lock_limit: Seconds to wait for another launch that downloads the same repository.
        choosing: Choose among the spec's hubs, and tell this function which one and why; None: use
            the combination's own.
    """

    model_path: Path | None = None
    hub_root: Path | None = None
    verify: bool = False
    refresh: bool = False
    allow_pickle: bool = False
    lock_limit: float = 3600.0
    choosing: Callable[[str], None] | None = None


def wanted_revision(combination: Combination, options: Options) -> str | None:
    """What the hub is asked for: the locked commit, else what the spec states."""
    locked = None if options.refresh else combination.locked
    return locked.commit if locked else combination.hub.revision


def present(combination: Combination, repository: Path, options: Options) -> Located | None:
    """The combination's files, if the last known state of the revision is here in full.

    Raises:
        UserError: They have no names, or unsafe ones.
    """
    expected = combination.expected_files
    known = downloads.find(repository, wanted_revision(combination, options))
    if known is None:
        return None
    folder, state = known
    plan = state.plans.get(combination.quantization)
    if not plan or downloads.incomplete(folder, plan, state):
        return None
    if expected is not None and expected != [file.path for file in plan]:
        return None  # the spec's template has changed since
    return located(combination, folder, state, plan)


def located(combination: Combination, folder: Path, state: State, plan: Sequence[Expected],
            ) -> Located:
    """The files of `plan` as engines and records need them."""
    with contextlib.suppress(OSError):  # when it was last used; see `runtime.stored`
        os.utime(folder / downloads.STATE)
    names = [file.path for file in plan] if combination.layout == "file" else []
    model = model_in(combination, folder, names)
    facts = tuple(LocalFile(file.path, state.verified[file.path].size,
                            state.verified[file.path].digest) for file in plan)
    return checked(Located(model=model, hub=state.hub, repo_id=state.repo_id,
                           revision=combination.hub.revision, commit=state.commit, files=facts))
