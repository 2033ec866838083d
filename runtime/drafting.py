"""The draft model that a spec names: a small one that guesses tokens ahead of the large one.

It lies in a repository of its own on the same hub, and is fetched like any other; an engine that
takes none is given none, and none is fetched for it.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import structs
from msgspec.structs import replace

from runtime import files, local
from runtime.combination import Combination, hubs_with
from runtime.engines.base import LocalModel
from runtime.errors import MisuseError
from runtime.manifest import Draft, Hub


def of(combination: Combination, hub: str | None = None) -> Combination | None:
    """The draft model as a combination of its own; None where there is none to serve with.

    Args:
        combination: The large model.
        hub: Where its files are from; None: as the combination says.
    """
    hubs = [copy for each in hubs_with(combination.spec, combination.quantization)
            if (copy := files.draft_hub(each)) is not None]
    if not hubs or not _taken(combination):
        return None
    name = hub or combination.hub_name
    found = next((h for h in hubs if h.hub == name), hubs[0] if name == "local" else None)
    if found is None:
        return None
    named = dict.fromkeys(quantization for each in hubs for quantization in each.quantizations)
    spec = structs.replace(combination.spec, quantizations=list(named), hubs=hubs)
    draft = replace(combination, spec=spec, quantization=found.quantizations[0], hub=found,
                    hub_name=name)
    if name == "local" or draft.locked is not None:
        return draft
    # Code is only run at a fixed commit, and a spec fixes none of its draft: the lock does.
    return replace(draft, spec=structs.replace(spec, trust_remote_code=False))


def expected(combination: Combination) -> LocalModel:
    """Where a hub's files of both will be; see `runtime.local.expected`."""
    model, draft = local.expected(combination), of(combination)
    if draft is None:
        return model
    return structs.replace(model, draft=local.expected(draft).path)


def _taken(combination: Combination) -> bool:
    from runtime.engines import MODULES, engine_module

    engine = combination.engine.name
    return engine.lower() in MODULES and combination.layout in engine_module(engine).DRAFTS


def without(combination: Combination) -> Combination:
    """The combination with no draft model."""
    return _changed(combination, lambda draft: None)


def with_quantization(combination: Combination, name: str) -> Combination:
    """The combination with one quantization of its draft model, instead of the first.

    Raises:
        MisuseError: The spec names no draft model, or it does not have that quantization.
    """
    draft = combination.hub.draft
    known = draft.quantizations if draft else []
    found = next((each for each in known if each.casefold() == name.casefold()), None)
    if draft is None or found is None:
        why = ("its quantizations: " + ", ".join(known) if known else
               "it has just one" if draft else "the spec names none")
        raise MisuseError(f"{combination.id} has no draft model in {name}",
                          code="no-such-quantization", why=why)
    return _changed(combination, lambda each: structs.replace(
        each, quantizations=[found]) if found in each.quantizations else each)


def _changed(combination: Combination, change: Callable[[Draft], Draft | None]) -> Combination:
    def changed(hub: Hub) -> Hub:
        return hub if hub.draft is None else structs.replace(hub, draft=change(hub.draft))

    spec = structs.replace(combination.spec, hubs=list(map(changed, combination.spec.hubs)))
    return replace(combination, spec=spec, hub=changed(combination.hub))
