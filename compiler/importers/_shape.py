"""What the family schema allows in a field, and the order in which it lists the fields."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import jsonschema_rs


@functools.cache
def _schema() -> dict[str, Any]:
    text = files("compiler.schema").joinpath("family.schema.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


@functools.cache
def _validator(path: tuple[str, ...]) -> jsonschema_rs.Draft7Validator:
    schema = _schema()
    for step in path:
        schema = schema[step]
    return jsonschema_rs.Draft7Validator(schema)


def fits(value: object, path: tuple[str, ...]) -> bool:
    """Whether the sub-schema at `path` allows the value."""
    return _validator(path).is_valid(value)


@functools.cache
def _rank(path: tuple[str, ...]) -> dict[str, int]:
    schema = _schema()
    for step in path:
        schema = schema["items"] if step == "items" else schema["properties"][step]
    return {name: number for number, name in enumerate(schema["properties"])}


def in_order(data: Mapping[str, Any], *path: str) -> dict[str, Any]:
    """The fields in the schema's order; `path` leads to the object (`items` enters a list)."""
    rank = _rank(path)
    return dict(sorted(data.items(), key=lambda item: rank[item[0]]))
