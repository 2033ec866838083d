"""`compiler export`: the families in another program's form."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from compiler import exporters
from compiler.emit.write import put
from compiler.exporters import _read
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
    families = _read.families(args.specs)
    text = json.dumps(exporters.load(args.form).export(families), indent=2, ensure_ascii=False)
    if str(args.out) == "-":
        sys.stdout.write(text + "\n")
    else:
        put(args.out.parent, {args.out.name: (text + "\n").encode("utf-8")})
        print(f"{args.out}: {len(families)} families")
    return ExitCode.OK
