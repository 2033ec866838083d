"""What the family schema allows in a field, and the order in which it lists the fields."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import jsonschema_rs

from compiler.schema import files

#: Paths of sub-schemas.
SPEC = ("properties", "specs", "items")
HUB = ("definitions", "hub")


def _part(path: tuple[str, ...]) -> dict[str, Any]:
    schema = files.load("family")
    for step in path:
        schema = schema[step]
    return schema


@functools.cache
def _validator(path: tuple[str, ...]) -> jsonschema_rs.Draft7Validator:
    definitions = files.load("family")["definitions"]
    return jsonschema_rs.Draft7Validator({**_part(path), "definitions": definitions})


def fits(value: object, path: tuple[str, ...]) -> bool:
    """Whether the sub-schema at `path` allows the value."""
    return _validator(path).is_valid(value)


@functools.cache
def _rank(path: tuple[str, ...]) -> dict[str, int]:
    return {name: number for number, name in enumerate(_part(path)["properties"])}


def in_order(data: Mapping[str, Any], *path: str) -> dict[str, Any]:
    """The fields in the order of the sub-schema at `path`."""
    rank = _rank(path)
    return dict(sorted(data.items(), key=lambda item: rank[item[0]]))
