"""`runtime stop`: end launched models."""

from __future__ import annotations

import argparse
import sys

from runtime import running
from runtime.errors import ExitCode, MisuseError, UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.add_argument("names", nargs="*", metavar="MODEL",
                        help="id, port or family, as `runtime ps` prints it")
    parser.add_argument("--all", action="store_true", help="every running model")


def run(args: argparse.Namespace) -> int:
    """Stop what is named and wait until it is gone; 1 where something is not."""
    if args.all == bool(args.names):
        raise MisuseError("name the models to stop, or say --all",
                          hint="`runtime ps` shows what runs")
    servers = running.alive() if args.all else [running.find(name) for name in args.names]
    if not servers:
        print("nothing is running")
    code = ExitCode.OK
    for entry in servers:
        try:
            running.stop(entry)
            print(f"stopped {entry.id}")
        except UserError as error:  # the others are to end all the same
            print("\n".join(error.lines()), file=sys.stderr, flush=True)
            code = ExitCode.FAILED
    return code
