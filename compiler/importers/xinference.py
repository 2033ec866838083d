"""Xinference's `llm_family.json` to families, with nothing lost.

A field of theirs becomes a field of ours where ours can hold its value. Whatever is left — their
launcher's own fields, leftovers, values that ours does not allow — goes under `extensions:
{xinference: …}` as it is. What is left is not listed anywhere: it is the difference between the
original and what `compiler.exporters.xinference` makes of our fields, so that import and export
cannot drift apart.

What several hubs share is stated once, at the spec; a hub states only what differs there. The
spec's list of quantizations holds every one that some hub has; a hub with another list states it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from compiler.exporters import xinference as form
from compiler.importers import _variants
from compiler.importers._claims import Claims
from compiler.importers._json import Place, read
from compiler.importers._shape import HUB, SPEC, Path, fits, in_order
from runtime.naming import normalize_size

TITLE = "the JSON list of LLM families that Xinference publishes (llm_family.json)"

#: The hub whose quantizations a page prints: the first of these that the spec has.
PRINTED_HUBS = ("huggingface", "modelscope")

Data = dict[str, Any]


def convert(data: bytes, file: str) -> list[Data]:
    """Families from the file's bytes, in its order; see `compiler.importers`."""
    return [_family(place) for place in Place(read(data, file), file).items()]


def _family(place: Place) -> Data:
    out: Data = {
        "name": place.field("model_name").expect(str),
        "context_length": place.field("context_length").expect(int),
        "languages": _once(place.field("model_lang").texts()),
        "abilities": _once(place.field("model_ability").texts()),
        "description": place.field("model_description").expect(str),
    }
    out |= _fitting(place.value, form.FAMILY_FIELDS, (), out)
    claims = Claims(out["abilities"], out.get("architectures", ()))
    places = place.field("model_specs").items()
    if not places:
        place.field("model_specs").refuse("a family has at least one spec")
    specs = [_spec(spec, claims) for spec in places]
    for spec, name in zip(specs, _variants.names(specs), strict=True):
        if name:
            spec["variant"] = name
    out["specs"] = [in_order(spec, SPEC) for spec in specs]
    # Present even where it is empty: it says that the family came from there.
    out["extensions"] = {"xinference": _left_over(place.value, form.export_family(
        out | {"extensions": {"xinference": {}}}), ignore="model_specs")}
    _verify(place, form.export_family(out))
    return in_order(out)


def _spec(place: Place, claims: Claims) -> Data:
    sources = {hub: _source(place.field("model_src").field(hub))
               for hub in place.field("model_src").expect(dict) if hub in form.HUBS}
    if not sources:
        place.field("model_src").refuse("it names no hub that Modelbook knows",
                                        why=f"it knows {', '.join(form.HUBS)}")
    out: Data = {
        "format": place.field("model_format").expect(str),
        "size_in_billions": _size(place.field("model_size_in_billions")),
    }
    if (activated := _size_or_none(place.value.get("activated_size_in_billions"))) is not None:
        out["activated_size_in_billions"] = activated
    out |= _hubs(sources)
    printed = next((hub for hub in PRINTED_HUBS if hub in sources), next(iter(sources)))
    out["engines"] = claims.engines(out["format"], sources[printed]["quantizations"])
    extension = _spec_extension(place, out)
    if extension:
        out["extensions"] = {"xinference": extension}
    return out


def _source(place: Place) -> Data:
    """One hub's fields under our names, as far as ours can hold them."""
    quantizations = place.field("quantizations").texts()
    if not quantizations:
        place.field("quantizations").refuse("a hub has at least one quantization")
    out: Data = {"repo_id": place.field("model_id").expect(str),
                 "quantizations": _once(quantizations)}
    out |= _fitting(place.value, form.SOURCE_FIELDS, HUB, out)
    draft = _fitting(place.value, form.DRAFT_FIELDS, (*HUB, "draft"), {})
    if "repo_id" in draft:
        out["draft"] = draft
    return out


def _fitting(data: Mapping[str, Any], fields: Mapping[str, str], path: Path,
             known: Mapping[str, Any]) -> Data:
    """The values of `fields` (ours → theirs) that our schema allows, less those in `known`."""
    return {ours: data[theirs] for ours, theirs in fields.items()
            if ours not in known and theirs in data and fits(data[theirs], (*path, ours))}


def _hubs(sources: Mapping[str, Data]) -> Data:
    """The spec's shared values, and `hubs` with what differs."""
    shared: Data = {"quantizations": _union([source["quantizations"]
                                             for source in sources.values()])}
    for field in (*form.SOURCE_FIELDS, "draft"):
        values = [source[field] for source in sources.values() if field in source]
        if len(values) == len(sources) and (value := _common(field, values)) is not None:
            shared[field] = value
    shared["hubs"] = {
        hub: in_order(_own(shared, source), HUB)
        for hub, source in sources.items()}
    return shared


def _common(field: str, values: Sequence[Any]) -> Any:
    """What the spec should state for its hubs; None where each should state its own."""
    if field == "revision":
        # A commit belongs to one repository; only several hubs that agree make it the spec's.
        return values[0] if len(values) > 1 and len(set(values)) == 1 else None
    keys = [_canonical(value) for value in values]
    most, _ = Counter(keys).most_common(1)[0]
    return values[keys.index(most)]


def _own(shared: Data, source: Data) -> Data:
    """What a hub must state beside what it takes from its spec."""
    own = {}
    if source["quantizations"] != shared["quantizations"]:
        own["quantizations"] = source["quantizations"]
    inherited = form.export_source(shared, own)
    for field, theirs in form.SOURCE_FIELDS.items():
        if field in source and not _same(inherited.get(theirs), source[field]):
            own[field] = source[field]
    if "draft" in source and not _same(shared.get("draft"), source["draft"]):
        own["draft"] = source["draft"]
    return own


def _once(names: list[str]) -> list[str]:
    """A name twice means no more than once; the list as it is stays in the extension."""
    return list(dict.fromkeys(names))


def _union(lists: Sequence[list[str]]) -> list[str]:
    """Every quantization once: as a hub that has all lists them, else the first hub's first."""
    union = list(dict.fromkeys(name for names in lists for name in names))
    return next((names for names in lists if len(names) == len(union)), union)


def _size(place: Place) -> int | str:
    size = _size_or_none(place.value)
    if size is None:
        place.refuse(f"{place.value!r} is not a size in billions such as 7, \"0_5\" or 1.5")
    return size


def _size_or_none(value: object) -> int | str | None:
    """The size as our language writes it; whole numbers keep whether they are numbers or text."""
    if isinstance(value, (int, str)) and fits(value, (*SPEC, "size_in_billions")):
        return value
    if isinstance(value, bool) or not isinstance(value, (float, str)):
        return None
    try:
        return normalize_size(str(value))
    except ValueError:
        return None


def _spec_extension(place: Place, spec: Data) -> Data:
    """What our fields do not say of a spec."""
    exported = form.export_spec(spec)
    extension = _left_over(place.value, exported, ignore="model_src")
    added: Data = {}
    for hub, source in place.value["model_src"].items():
        left = _left_over(Place(source, place.file, f"{place.path}.model_src.{hub}").expect(dict),
                          exported["model_src"].get(hub, {}))
        if left or hub not in exported["model_src"]:
            added[hub] = left
    if added:
        extension["model_src"] = _every_hub(added, exported["model_src"])
    return extension


def _every_hub(added: Data, sources: Mapping[str, Any]) -> Data:
    """`added` with what all hubs share stated once."""
    if len(sources) < 2 or set(added) != set(sources):
        return added
    first, *others = added.values()
    shared = {name: value for name, value in first.items()
              if all(name in other and _same(other[name], value) for other in others)}
    if not shared:
        return added
    rest = {hub: {name: value for name, value in fields.items() if name not in shared}
            for hub, fields in added.items()}
    return {form.EVERY_HUB: shared} | {hub: fields for hub, fields in rest.items() if fields}


def _left_over(original: Mapping[str, Any], exported: Mapping[str, Any], ignore: str = "") -> Data:
    return {name: value for name, value in original.items()
            if name != ignore and not (name in exported and _same(exported[name], value))}


def _verify(place: Place, exported: Data) -> None:
    """Refuse what would not come back; nothing known of that catalogue does not."""
    if not _same(exported, place.value):
        changed = sorted(name for name in {*exported, *place.value}
                         if not _same(exported.get(name), place.value.get(name)))
        place.refuse(f"{', '.join(changed)} cannot be carried over without loss",
                     why="exporting the result would give something else",
                     hint="please report it with this family")


def _same(one: object, other: object) -> bool:
    """Whether two values are equal as JSON, where `1` and `true` and `1.0` are three values."""
    return one == other and _canonical(one) == _canonical(other)


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=True)
