"""What the family schema allows in a field, and the order in which it lists the fields."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import jsonschema_rs

from compiler.schema import files

#: Where a value stands in a family document.
Path = tuple[str | int, ...]
SPEC: Path = ("specs", 0)
HUB: Path = (*SPEC, "hubs", "huggingface")


def _part(path: Path) -> dict[str, Any]:
    return files.property_at(files.load("family"), list(path))


@functools.cache
def _validator(path: Path) -> jsonschema_rs.Draft7Validator:
    definitions = files.load("family").get("definitions", {})
    return jsonschema_rs.Draft7Validator({**_part(path), "definitions": definitions})


def fits(value: object, path: Path) -> bool:
    """Whether the schema allows the value at `path`."""
    items = value if isinstance(value, list) else [value]
    # JSON Schema takes 7.0 for a whole number; the spec language does not.
    return not any(isinstance(item, float) for item in items) and _validator(path).is_valid(value)


@functools.cache
def _rank(path: Path) -> dict[str, int]:
    return {name: number for number, name in enumerate(_part(path)["properties"])}


def in_order(data: Mapping[str, Any], path: Path = ()) -> dict[str, Any]:
    """The fields of the mapping at `path` in the schema's order."""
    rank = _rank(path)
    return dict(sorted(data.items(), key=lambda item: rank[item[0]]))
