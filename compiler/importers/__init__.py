"""Catalogues of other programs that `compiler import` reads; one module each, found here.

A module holds:

- `TITLE`: what it reads, for `--help`.
- `convert(data, file)`: the plain data of family documents, in catalogue order, each in the order
  in which a person would write it; or `Drafts`, where that form does not say all that a spec must.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any, Protocol, cast

from compiler.importers._drafts import Drafts

#: The plain data of one family document.
Document = Mapping[str, Any]


class Importer(Protocol):
    """What a module of this folder provides."""

    TITLE: str

    def convert(self, data: bytes, file: str) -> list[Document] | Drafts:
        """Family documents, or drafts of them, from a file's bytes.

        Raises:
            UserError: The file is not of this form; the message names the place.
        """


def names() -> list[str]:
    """The names that `compiler import` takes, sorted."""
    return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__)
                  if not module.name.startswith("_"))


def load(name: str) -> Importer:
    """The importer of that name, one of `names()`."""
    module = importlib.import_module(f"{__name__}.{name.replace('-', '_')}")
    return cast("Importer", module)
