"""Which manifest the runtime reads.

In this order: `--manifest`, `$MODELBOOK_MANIFEST`, the one packaged in the wheel, and the one that
`make docs` built in a checkout.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from runtime.errors import MisuseError
from runtime.index import open_indexed
from runtime.manifest import Manifest, load
from runtime.program import collector_off

_PACKAGE = Path(__file__).resolve().parent
PACKAGED = _PACKAGE / "data" / "manifest.json"
CHECKOUT = _PACKAGE.parent / "docs" / "generated" / "manifest.json"


def add_manifest_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--manifest FILE`, the same on every verb."""
    parser.add_argument("--manifest", type=Path, metavar="FILE",
                        help="the compiled manifest to read (default: $MODELBOOK_MANIFEST, "
                             "else the installed one)")


def manifest_path(chosen: Path | None = None) -> Path:
    """The manifest to read, given the `--manifest` argument.

    Raises:
        MisuseError: Nothing was named and none is installed or built.
    """
    if chosen is not None:
        return chosen
    if named := os.environ.get("MODELBOOK_MANIFEST"):
        return Path(named).expanduser()
    for candidate in (PACKAGED, CHECKOUT):
        if candidate.is_file():
            return candidate
    raise MisuseError("there is no manifest to read", code="manifest-missing",
                      why=f"neither {PACKAGED} nor {CHECKOUT} exists",
                      hint="build one with `compiler build --out OUT` and name it with "
                           "--manifest OUT/manifest.json")


def load_manifest(args: argparse.Namespace) -> Manifest:
    """The manifest that the arguments (`args.manifest`) ask for, through its index if it has one.

    Raises:
        UserError: It is missing, unreadable or not a manifest.
    """
    path = manifest_path(getattr(args, "manifest", None))
    # Records form no cycles; on a catalogue of thousands the collector's passes over them would
    # take longer than reading them.
    with collector_off():
        return open_indexed(path) or load(path)
