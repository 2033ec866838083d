"""Files that the compiler reads at run time, in a checkout and in an installed wheel alike."""

from __future__ import annotations

from pathlib import Path


def find(name: str) -> Path | None:
    """The shipped file or folder `name` (`templates`, `specs/engines`, `specs/formats.yaml`).

    A checkout has it beside the package, a wheel inside it.
    """
    package = Path(__file__).parent
    for root in (package.parent, package / "_data"):
        path = root / name
        if path.exists():
            return path
    return None
