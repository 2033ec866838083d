"""`runtime logs`: what the engine of a launched model says."""

from __future__ import annotations

import argparse

from runtime import logs, running
from runtime.engines.base import clean
from runtime.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.add_argument("name", metavar="MODEL", help="id, port or family, as in `runtime ps`")
    parser.add_argument("-f", "--follow", action="store_true", help="go on until the model stops")
    parser.add_argument("-n", "--lines", type=int, default=100, metavar="N",
                        help="how many lines to begin with (default: %(default)s)")


def run(args: argparse.Namespace) -> int:
    """Print the end of the log, and what is added to it if asked to."""
    entry = running.find(args.name)
    if not args.follow:
        for line in logs.tail(entry.log)[-max(args.lines, 0) or None:]:
            print(clean(line))
        return ExitCode.OK
    for line in logs.follow(entry.log, entry.is_alive):
        print(clean(line), flush=True)
    return ExitCode.OK
