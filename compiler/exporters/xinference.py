"""Families in the form of Xinference's `llm_family.json`.

Every field of that form is either derived from a field of ours or stands under
`extensions: {xinference: …}` by its own name; what stands there wins. At a spec, the extension's
`model_src` adds fields to single hubs, and under the key `*` to every hub.

What that form has no place for is left out: the `pypi` hub, variants, engines, licence, homepage,
parsers by engine, deprecations, `trust_remote_code`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from compiler.exporters import Source
from runtime.errors import UserError

TITLE = "the JSON list of LLM families that Xinference reads (llm_family.json)"

#: Our field → theirs, where the value is the same.
FAMILY_FIELDS = {
    "name": "model_name",
    "context_length": "context_length",
    "languages": "model_lang",
    "abilities": "model_ability",
    "description": "model_description",
    "architectures": "architectures",
    "model_type": "model_type",
    "reasoning_start_tag": "reasoning_start_tag",
    "reasoning_end_tag": "reasoning_end_tag",
    "stop": "stop",
    "stop_token_ids": "stop_token_ids",
    "chat_template": "chat_template",
}
SPEC_FIELDS = {
    "format": "model_format",
    "size_in_billions": "model_size_in_billions",
    "activated_size_in_billions": "activated_size_in_billions",
}
SOURCE_FIELDS = {
    "repo_id": "model_id",
    "revision": "model_revision",
    "file_template": "model_file_name_template",
    "split_file_template": "model_file_name_split_template",
    "split_parts": "quantization_parts",
    "multimodal_projectors": "multimodal_projectors",
}
DRAFT_FIELDS = {
    "repo_id": "draft_model_id",
    "quantizations": "draft_quantizations",
    "file_template": "draft_model_file_name_template",
}
#: Hubs that both know by the same name.
HUBS = ("huggingface", "modelscope", "openmind_hub", "csghub")
#: In an extension's `model_src`: fields of every hub.
EVERY_HUB = "*"
#: The form's version, stated for families that were not imported from it.
VERSION = 2

Data = Mapping[str, Any]


def export(source: Source) -> str:
    """The catalogue as JSON.

    Raises:
        UserError: A family cannot be told in that form, since none of its specs has a hub that
            Xinference knows.
    """
    families = [export_family(family) for family in source.families]
    return json.dumps(families, indent=2, ensure_ascii=False) + "\n"


def export_family(family: Data) -> dict[str, Any]:
    """The plain data of one family in that form; see `export`."""
    own = _extension(family)
    specs = [exported for spec in family["specs"]
             if (exported := export_spec(spec))["model_src"]]
    if not specs:
        raise UserError(
            f"{family['name']} has no spec on a hub that Xinference knows", code="not-exportable",
            why=f"it knows {', '.join(HUBS)}", hint="add such a hub, or leave the family out")
    out: dict[str, Any] = {} if own is not None else {"version": VERSION}
    out |= _renamed(family, FAMILY_FIELDS)
    out["model_specs"] = specs
    return out | dict(own or {})


def export_spec(spec: Data) -> dict[str, Any]:
    """One spec; its `model_src` is empty where it has no hub that Xinference knows."""
    own = dict(_extension(spec) or {})
    added = own.pop("model_src", {})
    out = _renamed(spec, SPEC_FIELDS)
    out["model_src"] = {
        hub: export_source(spec, fields) | added.get(EVERY_HUB, {}) | added.get(hub, {})
        for hub, fields in spec["hubs"].items() if hub in HUBS
    }
    for hub, fields in added.items():
        if hub != EVERY_HUB and hub not in out["model_src"]:
            out["model_src"][hub] = fields
    return out | own


def export_source(spec: Data, hub: Data) -> dict[str, Any]:
    """One hub of a spec, with what it inherits from the spec filled in."""
    quantizations = hub.get("quantizations", spec["quantizations"])
    effective = {name: hub.get(name, spec.get(name)) for name in (*SOURCE_FIELDS, "draft")
                 if name in hub or name in spec}
    if "split_parts" in effective and "split_parts" not in hub:
        missing = set(spec["quantizations"]).difference(quantizations)
        effective["split_parts"] = {name: parts for name, parts in spec["split_parts"].items()
                                    if name not in missing}
    out = _renamed(effective, SOURCE_FIELDS) | _renamed(effective.get("draft", {}), DRAFT_FIELDS)
    out["quantizations"] = quantizations
    return out


def _renamed(data: Data, fields: Mapping[str, str]) -> dict[str, Any]:
    return {theirs: data[ours] for ours, theirs in fields.items() if ours in data}


def _extension(data: Data) -> Data | None:
    extension: Data | None = data.get("extensions", {}).get("xinference")
    return extension
