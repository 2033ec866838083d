"""The schema files, by kind of document."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

#: Kinds of document, in the order in which they are read.
KINDS = ("formats", "engine", "family", "catalogue")
FOLDER = Path(__file__).parent


@cache
def load(kind: str) -> dict[str, Any]:
    """The schema of a kind of document (`family`, `engine`, `formats`, `catalogue`, `manifest`)."""
    schema: dict[str, Any] = json.loads(text(kind))
    return schema


def text(kind: str) -> str:
    """The schema file of a kind as it is shipped."""
    return (FOLDER / f"{kind}.schema.json").read_text("utf-8")


def property_at(schema: dict[str, Any], path: list[str | int]) -> dict[str, Any]:
    """The part of a schema that describes the value at `path` of a document; `{}` if none does."""
    node: Any = schema
    for step in path:
        if isinstance(step, int):
            node = node.get("items", {})
        else:
            node = node.get("properties", {}).get(step, node.get("additionalProperties", {}))
        if not isinstance(node, dict):
            return {}
    return dict(node)


def with_formats(schema: dict[str, Any], formats: tuple[str, ...]) -> dict[str, Any]:
    """The schema with the catalogue's own weight formats in place of the shipped ones.

    The shipped schema names them too, since editors complete from it; a catalogue with a
    `formats.yaml` of its own decides for itself.
    """
    def walk(node: Any) -> Any:
        if isinstance(node, list):
            return [walk(item) for item in node]
        if not isinstance(node, dict):
            return node
        copy = {key: walk(value) for key, value in node.items()}
        if isinstance(copy.get("format"), dict) and "enum" in copy["format"]:
            copy["format"] = {**copy["format"], "enum": list(formats)}
        return copy

    changed: dict[str, Any] = walk(schema) if formats else schema
    return changed
