"""From what a user asks for to exactly one combination, or to an error that lists what there is.

Everything is decided from the manifest, so that an impossible wish is refused before a byte is
downloaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec
from msgspec.structs import replace

from runtime import naming
from runtime.combination import Combination, all_combinations, hubs_with
from runtime.errors import MisuseError, UserError
from runtime.hubs import TITLES, available, explain_unavailable
from runtime.index import families_named, names
from runtime.manifest import Family, Hub, Manifest

#: At most this many values are named in one sentence.
_NAMED = 12
#: At most this many rows of what there is are in an error.
_ROWS = 6


class Wish(msgspec.Struct, frozen=True):
    """What a user asks for; None where it is left open.

    Attributes:
        name: Family name.
        engine: Engine name, any case.
        size: `36`, `0_5` or `0.5`.
        model_format: Format name, any case.
        quantization: Quantization name, any case.
        variant: Variant name.
        hub: Hub name, `local`, or `auto`: the spec's first here, chosen when files are fetched.
        force: Take a combination that the engine's facts refuse.
        any_hub: The files do not come from a hub, so none needs to be reachable.
        any_engine: The engine does not matter, so the first promised one is taken (`pull`).
    """

    name: str
    engine: str | None = None
    size: str | None = None
    model_format: str | None = None
    quantization: str | None = None
    variant: str | None = None
    hub: str | None = None
    force: bool = False
    any_hub: bool = False
    any_engine: bool = False


class _Axis(msgspec.Struct, frozen=True):
    """One option: how to read its value off a combination and how to compare it."""

    field: str
    option: str
    word: str
    value: Callable[[Combination], str]


_AXES = (
    _Axis("size", "--size-in-billions", "size", lambda c: c.spec.size_in_billions),
    _Axis("model_format", "--model-format", "format", lambda c: c.spec.format),
    _Axis("variant", "--variant", "variant", lambda c: c.spec.variant or ""),
    _Axis("quantization", "--quantization", "quantization", lambda c: c.quantization),
    _Axis("engine", "--model-engine", "engine", lambda c: c.engine.name),
)


def find_family(manifest: Manifest, name: str) -> Family:
    """The family called `name`, without regard to case.

    Raises:
        MisuseError: There is none; the nearest names are in the message.
    """
    wanted = name.strip().casefold()
    if found := families_named(manifest, lambda known: known.casefold() == wanted):
        return found[-1]
    near = _nearest(name, names(manifest))
    raise MisuseError(
        f"there is no model named {name!r}", code="no-such-model",
        hint=(f"did you mean {_listed(near)}? " if near else "")
        + "`runtime list` shows all of them",
        details={"nearest": near})


def select(manifest: Manifest, wish: Wish) -> Combination:
    """Resolve a wish to exactly one combination.

    What is left open is filled in where only one value is possible; an open quantization becomes
    the spec's first that the engine is promised for (and that the hub has, if one is named).

    Raises:
        MisuseError: Nothing or more than one thing fits; the message lists the possible values.
        UserError: The engine's facts refuse it (code `refused`), or the hub does not have it.
    """
    family = find_family(manifest, wish.name)
    everything = list(all_combinations(manifest, family))
    if wish.size and wish.variant is None and "~" in wish.size:  # as ids and tables have it
        size, _, variant = wish.size.partition("~")
        wish = replace(wish, size=size, variant=variant)
    fitting = _narrow(family, everything, wish)
    chosen = _choose_open(family, fitting, wish)
    chosen = _check_refusal(chosen, wish, everything)
    return _choose_hub(_with_deprecations(chosen), wish)


def _narrow(family: Family, everything: Sequence[Combination], wish: Wish) -> list[Combination]:
    """The combinations that have every stated value; the first value that fits nothing is named."""
    if not everything:
        raise MisuseError(f"{family.name} has no specs", code="no-such-combination")
    rest = list(everything)
    given: list[str] = []
    for axis in _AXES:
        wanted = getattr(wish, axis.field)
        if wanted is None:
            continue
        kept = _matching(rest, axis, wanted)
        if not kept:
            raise _no_match(family, everything, rest, axis, wish, given)
        rest = kept
        given.append(f"{axis.word} {axis.value(kept[0])}")
    return rest


def _matching(rest: Iterable[Combination], axis: _Axis, wanted: str) -> list[Combination]:
    rest = list(rest)
    if axis.field == "size":
        try:
            size = naming.normalize_size(wanted.strip())
        except ValueError:
            return []
        return [c for c in rest if naming.normalize_size(axis.value(c)) == size]
    # Two quantizations may differ in case alone; then the case as written decides.
    exact = [c for c in rest if axis.value(c) == wanted]
    return exact or [c for c in rest if axis.value(c).casefold() == wanted.strip().casefold()]


def _no_match(family: Family, everything: Sequence[Combination], rest: Sequence[Combination],
              axis: _Axis, wish: Wish, given: Sequence[str]) -> MisuseError:
    wanted = getattr(wish, axis.field)
    elsewhere = _matching(everything, axis, wanted)
    possible = _values(rest, axis, promised=True) or _values(rest, axis)
    near = _nearest(wanted, possible) or _nearest(wanted, _values(everything, axis))
    with_what = f" with {', '.join(given)}" if given else ""
    message = f"{family.name} has no {axis.word} {wanted!r}{with_what}"
    hint = f"did you mean {_listed(near)}? " if near and set(near) != set(possible) else ""
    hint += f"possible here: {_listed([v or '(none)' for v in possible])}"
    if given and (there := [_short(c) for c in elsewhere if c.promised]):
        hint += f"\n{wanted} exists as {_listed(there)}"
    return MisuseError(message, code=f"no-such-{axis.word}",
                       hint=f"{hint}\n{offer(_left(rest, wish))}",
                       details={"option": axis.option, "possible": possible, "nearest": near})


def _left(rest: Sequence[Combination], wish: Wish) -> Sequence[Combination]:
    """Those that have every stated value, but for the values that nothing has."""
    rest = [c for c in rest if c.promised and c.verdict.supported] or rest
    for axis in _AXES:
        if (wanted := getattr(wish, axis.field)) is not None:
            rest = _matching(rest, axis, wanted) or rest
    return rest


def _choose_open(family: Family, fitting: list[Combination], wish: Wish) -> Combination:
    """Fill in what the wish leaves open, or say which values are possible."""
    promised = [c for c in fitting if c.promised]
    # Nothing promised: one refused combination still stands, so that its reason can be told.
    rest = [c for c in promised if c.verdict.supported] or promised or fitting
    if wish.hub and wish.hub.strip().casefold() not in ("local", "auto"):
        rest = [c for c in rest if any(h.hub == wish.hub.casefold()
                                       for h in hubs_with(c.spec, c.quantization))] or rest
    for axis in _AXES:
        values = _values(rest, axis)
        if len(values) <= 1:
            continue
        if axis.field == "quantization" or (axis.field == "engine" and wish.any_engine):
            rest = [c for c in rest if axis.value(c) == values[0]]
            continue
        names = _listed(v or "(none)" for v in values)
        raise MisuseError(
            f"{family.name} comes in more than one {axis.word}: {names}",
            code="ambiguous", hint=f"choose one with {axis.option}\n{offer(rest)}",
            details={"option": axis.option, "possible": values})
    return rest[0]


def _check_refusal(chosen: Combination, wish: Wish, everything: Sequence[Combination],
                   ) -> Combination:
    if chosen.promised and chosen.verdict.supported:
        return chosen
    if chosen.verdict.supported:
        code, reason = "not-promised", (f"the catalogue does not name {chosen.engine.name} for "
                                        f"{_short(chosen)}")
    else:
        code, reason = chosen.verdict.code, chosen.verdict.reason
    if wish.force and not chosen.verdict.never:
        return replace(chosen, notices=(*chosen.notices, f"forced although {code}: {reason}"))
    others = [c for c in everything if c.promised and c.verdict.supported]
    same = [c for c in others if c.engine is chosen.engine or c.spec is chosen.spec] or others
    hint = "" if chosen.verdict.never else "--force tries it all the same\n"
    raise MisuseError(f"{chosen.engine.name} does not load {_short(chosen)}: {reason}",
                      code="refused", why=f"rule {code}", hint=hint + offer(same),
                      details={"rule": code, "reason": reason, "combination": chosen.id})


def _with_deprecations(chosen: Combination) -> Combination:
    notices = list(chosen.notices)
    for what, deprecation in (
        (f"model {chosen.family.name}", chosen.family.deprecated),
        (f"quantization {chosen.quantization}",
         chosen.spec.deprecated_quantizations.get(chosen.quantization)),
    ):
        if deprecation is None:
            continue
        text = f"{what} is deprecated since {deprecation.since}: {deprecation.reason.rstrip('.')}"
        if deprecation.renamed_to:
            text += f"; use {deprecation.renamed_to} instead"
        if deprecation.remove_after:
            text += f" (it may be removed after {deprecation.remove_after})"
        notices.append(text)
    return replace(chosen, notices=tuple(notices))


def on_hub(combinations: Sequence[Combination], wanted: str | None) -> list[Combination]:
    """Those of several combinations that a hub has, taken from there.

    Where the hub is left open, all of them, each on its spec's first hub that this version knows.

    Raises:
        MisuseError: The hub is not known, or has none of them.
        UserError: This version cannot download from it.
    """
    if wanted is None or wanted.strip().casefold() == "auto":
        return [_on_first(each) for each in combinations]
    found: list[Combination] = []
    missing: MisuseError | None = None
    for each in combinations:
        try:
            found.append(_choose_hub(each, Wish(name=each.family.name, hub=wanted)))
        except MisuseError as error:
            if error.code != "not-on-hub":
                raise
            missing = missing or error
    if missing is not None and not found:
        raise missing
    return found


def _on_first(combination: Combination) -> Combination:
    for hub in hubs_with(combination.spec, combination.quantization):
        if available(hub.hub):
            return replace(combination, hub=hub, hub_name=hub.hub)
    return combination


def _choose_hub(chosen: Combination, wish: Wish) -> Combination:
    hubs = hubs_with(chosen.spec, chosen.quantization)
    if not hubs:
        raise UserError(f"no hub has {_short(chosen)}", code="no-hub")
    wanted = (wish.hub or "auto").strip().casefold()
    if wish.any_hub and wanted == "auto":
        return replace(chosen, hub=hubs[0], hub_name=hubs[0].hub)
    if wanted == "auto":  # which of them answers is seen when files are fetched
        for hub in hubs:
            if available(hub.hub):
                return replace(chosen, hub=hub, hub_name=hub.hub)
        raise explain_unavailable(hubs[0].hub, [hub.hub for hub in hubs])
    if wanted == "local":
        named = next((hub for hub in hubs if hub.hub == "local"), hubs[0])
        return replace(chosen, hub=named, hub_name="local")
    if wanted not in TITLES:
        near = _nearest(wanted, list(TITLES))
        raise MisuseError(f"there is no hub named {wish.hub!r}", code="no-such-hub",
                          hint=(f"did you mean {_listed(near)}? " if near else "")
                          + f"hubs: {_listed(TITLES)}, auto")
    for hub in hubs:
        if hub.hub == wanted:
            if not available(wanted) and not wish.any_hub:
                raise explain_unavailable(wanted, [h.hub for h in hubs])
            return replace(chosen, hub=hub, hub_name=hub.hub)
    raise _not_on_hub(chosen, wanted, hubs)


def _not_on_hub(chosen: Combination, wanted: str, hubs: Sequence[Hub]) -> UserError:
    there = next((hub for hub in chosen.spec.hubs if hub.hub == wanted), None)
    hint = "it is on " + "; ".join(f"{TITLES.get(h.hub, h.hub)} (--hub {h.hub})" for h in hubs)
    if there is not None:
        hint += f"\n{TITLES[wanted]} has {_listed(there.quantizations)}"
    return MisuseError(f"{_short(chosen)} is not on {TITLES[wanted]}", code="not-on-hub",
                       why="the family's specs name no source for it there", hint=hint,
                       details={"hubs": [h.hub for h in hubs], "combination": chosen.id})


def offer(combinations: Iterable[Combination]) -> str:
    """A short table of what of a family can be launched: engine, format, size, quantizations."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    family = ""
    for c in combinations:
        family = c.family.name
        if c.promised and c.verdict.supported:
            key = (c.engine.name, c.spec.format, naming.spec_key(c.spec.size_in_billions,
                                                                 c.spec.variant))
            rows.setdefault(key, []).append(c.quantization)
    if not rows:
        return "nothing of it can be launched"
    table = [("engine", "format", "size", "quantizations"),
             *((*key, _listed(names)) for key, names in list(rows.items())[:_ROWS])]
    widths = [max(len(row[i]) for row in table) for i in range(3)]
    lines = ["  ".join([*(row[i].ljust(widths[i]) for i in range(3)), row[3]]) for row in table]
    if len(rows) > _ROWS:
        lines.append(f"… and {len(rows) - _ROWS} more (runtime show {family})")
    return "\n".join(lines)


def _values(rest: Iterable[Combination], axis: _Axis, *, promised: bool = False) -> list[str]:
    return list(dict.fromkeys(axis.value(c) for c in rest if c.promised or not promised))


def _short(c: Combination) -> str:
    key = naming.spec_key(c.spec.size_in_billions, c.spec.variant)
    return f"{c.family.name}/{key}/{c.spec.format}/{c.quantization}"


def _nearest(wanted: str, values: Sequence[str]) -> list[str]:
    from difflib import get_close_matches

    folded = {value.casefold(): value for value in reversed(values) if value}
    close = get_close_matches(wanted.strip().casefold(), folded, n=3, cutoff=0.5)
    return [folded[name] for name in close]


def _listed(values: Iterable[str]) -> str:
    names = list(dict.fromkeys(values))
    shown = ", ".join(names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown} and {len(names) - _NAMED} more"
