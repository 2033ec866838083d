"""Catalogues of other programs that `compiler export` writes; one module each, found here.

A module holds:

- `TITLE`: what it writes, for `--help`.
- `export(families) -> object`: JSON data from the plain data of family documents.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

#: The plain data of one family document.
Document = Mapping[str, Any]


class Exporter(Protocol):
    """What a module of this folder provides."""

    TITLE: str

    def export(self, families: Sequence[Document]) -> object:
        """JSON data from families that passed their schema, in catalogue order."""


def names() -> list[str]:
    """The names that `compiler export` takes, sorted."""
    return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__)
                  if not module.name.startswith("_"))


def load(name: str) -> Exporter:
    """The exporter of that name, one of `names()`."""
    module = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
    return cast("Exporter", module)
