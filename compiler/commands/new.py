"""`compiler new`: write the skeleton of a family spec."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from compiler.new import prepare, store
from runtime.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("name", metavar="NAME", help="the family's name, as its lab writes it")
    parser.add_argument("--specs", metavar="DIR", type=Path, default=Path("specs"),
                        help="specs folder (default: specs)")
    parser.add_argument("--format", metavar="FORMAT", action="append", dest="formats",
                        help="weight format to begin with; may be given several times "
                             "(default: pytorch)")
    parser.add_argument("--size", metavar="SIZE",
                        help="parameters in billions: 7, 0_5 or 0.5")
    parser.add_argument("--repo-id", metavar="ORG/NAME", help="repository on the hub")
    parser.add_argument("--quantization", metavar="NAME", action="append", dest="quantizations",
                        help="quantization of the format; may be given several times")


def run(args: argparse.Namespace) -> int:
    """Write the file; an existing one is never touched."""
    path, text = prepare(args.name, args.specs, formats=args.formats or ["pytorch"],
                         size=args.size, repo_id=args.repo_id,
                         quantizations=args.quantizations or [])
    store(path, text)
    print(path)
    print(f"fill in each TODO, then run: compiler check {path}", file=sys.stderr)
    return ExitCode.OK
