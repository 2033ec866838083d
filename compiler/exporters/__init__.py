"""Forms that `compiler export` writes; one module each, found here.

A module holds:

- `TITLE`: what it writes, for `--help`.
- `export(source) -> str`: the text, from the families as they are written (`source.families`) or
  as they are compiled (`source.manifest`).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

from runtime.manifest import Manifest

#: The plain data of one family document.
Document = Mapping[str, Any]


class Source(Protocol):
    """The catalogue that is exported."""

    @property
    def families(self) -> Sequence[Document]:
        """Every family as it is written, in catalogue order."""

    @property
    def manifest(self) -> Manifest:
        """The compiled catalogue."""


class Exporter(Protocol):
    """What a module of this folder provides."""

    TITLE: str

    def export(self, source: Source) -> str:
        """The text of the file.

        Raises:
            UserError: The catalogue cannot be told in this form.
        """


def names() -> list[str]:
    """The names that `compiler export` takes, sorted."""
    return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__)
                  if not module.name.startswith("_"))


def load(name: str) -> Exporter:
    """The exporter of that name, one of `names()`."""
    module = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
    return cast("Exporter", module)
