"""`compiler schema`: the JSON Schema of what people edit, and of the manifest."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from compiler.emit.write import put_file
from compiler.schema import files
from runtime.errors import ExitCode

KINDS = ("family", "engine", "formats", "catalogue", "manifest", "lock")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `compiler schema`."""
    parser.add_argument("kind", nargs="?", choices=KINDS, default="family", metavar="KIND",
                        help=f"one of {', '.join(KINDS)} (default: family)")
    parser.add_argument("--out", type=Path, metavar="FILE",
                        help="write it to a file instead of printing it")


def run(args: argparse.Namespace) -> int:
    """Print or write the schema."""
    text = files.text(args.kind)
    if args.out is None:
        sys.stdout.write(text)
        return ExitCode.OK
    put_file(args.out, text.encode("utf-8"))
    return ExitCode.OK
