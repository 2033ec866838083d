"""Values of files that come from strangers, taken where they have the type that they should."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

_MOST = 10**12
_NAME = re.compile(r"[A-Za-z0-9_.:/+-]{1,120}\Z")


def integer(value: object) -> int | None:
    """A positive whole number of a size that a model can have."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < _MOST:
        return None
    return int(value) if int(value) == value else None


def first(config: Mapping[str, Any], keys: Sequence[str]) -> int | None:
    """The number under the first key that has one; of a number for each layer the largest."""
    for key in keys:
        value = config.get(key)
        numbers = [number for item in (value if isinstance(value, list) else [value])
                   if (number := integer(item))]
        if numbers:
            return max(numbers)
    return None


def name(value: object) -> str | None:
    """A word."""
    return value if isinstance(value, str) and _NAME.match(value) else None


def names(value: object) -> list[str]:
    """The words of a short list."""
    return [word for item in value[:20] if (word := name(item))] if isinstance(value, list) else []


def mapping(config: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """What lies under a key; empty where that is no mapping."""
    value = config.get(key)
    return value if isinstance(value, Mapping) else {}


def mappings(values: object) -> list[Mapping[str, Any]]:
    """The mappings among the values of a list or mapping."""
    several = list(values.values()) if isinstance(values, Mapping) else values
    return [value for value in several if isinstance(value, Mapping)] if (
        isinstance(several, list)) else []
