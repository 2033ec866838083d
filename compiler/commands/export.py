"""`compiler export`: the catalogue in another program's form."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from compiler import exporters
from compiler.emit.write import put_file
from compiler.exporters._source import SpecsSource
from runtime.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("form", choices=exporters.names(), help="; ".join(
        f"{name}: {exporters.load(name).TITLE}" for name in exporters.names()))
    parser.add_argument("--specs", type=Path, default=Path("specs"), metavar="DIR",
                        help="the specs folder (default: specs)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE",
                        help="the file to write, or - for standard output")


def run(args: argparse.Namespace) -> int:
    """Run the verb; returns the exit code."""
    text = exporters.load(args.form).export(SpecsSource(args.specs))
    if str(args.out) == "-":
        sys.stdout.write(text)
    else:
        put_file(args.out, text.encode("utf-8"))
        print(f"wrote {args.out}")
    return ExitCode.OK
