"""What a manifest carries of a lock: commits and hashes of the planned files. Pure functions."""

from __future__ import annotations

import msgspec

from compiler.lock.sources import Use, planned_locked
from runtime.files import draft_hub
from runtime.lockfile import Lock, LockedSource
from runtime.manifest import Attention, Hub, Locked, LockedFile, Spec


def with_lock(spec: Spec, lock: Lock | None) -> Spec:
    """A spec with what is locked of each of its hubs, and of their draft models."""
    if lock is None:
        return spec
    return msgspec.structs.replace(spec, hubs=[_hub(spec, hub, lock) for hub in spec.hubs])


def _hub(spec: Spec, hub: Hub, lock: Lock) -> Hub:
    draft = hub.draft
    if draft is not None and (copy := draft_hub(hub)) is not None:
        draft = msgspec.structs.replace(draft, locked=_locked(spec, copy, lock))
    return msgspec.structs.replace(hub, locked=_locked(spec, hub, lock), draft=draft)


def _locked(spec: Spec, hub: Hub, lock: Lock) -> list[Locked]:
    found: dict[str, tuple[LockedSource, dict[str, list[LockedFile]]]] = {}
    for quantization in hub.quantizations:
        use = Use(spec, hub, quantization)
        source = lock.source(hub.hub, use.repo_id, hub.revision)
        if source is None or source.missing is not None:
            continue
        # A spec that does not fit its lock is an error of `check`; nothing is pinned for it.
        if planned := planned_locked(use, source):
            found.setdefault(use.repo_id, (source, {}))[1][quantization] = planned
    return [Locked(repo_id=repo_id, commit=source.commit, checked=source.checked, files=files,
                   attention=_attention(source, files))
            for repo_id, (source, files) in found.items()]


def _attention(source: LockedSource, files: dict[str, list[LockedFile]]) -> Attention | None:
    """What the context's memory depends on, from the weights themselves if they say."""
    for planned in files.values():
        header = source.facts(planned[0].path)
        if header is not None and header.attention is not None:
            return header.attention
    return source.config.attention if source.config else None
