"""`runtime logs`: what the engine of a launched model says.

The newest 40 logs are kept, or as many as `$MODELBOOK_KEEP_LOGS` says.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from runtime import logs, running
from runtime.engines.base import clean
from runtime.errors import ExitCode, MisuseError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.add_argument("name", metavar="MODEL",
                        help=f"id, port or family, as in `runtime ps`; the newest {logs.KEPT} logs "
                        f"are kept, or as many as ${logs.KEEP} says")
    parser.add_argument("-f", "--follow", action="store_true", help="go on until the model stops")
    parser.add_argument("-n", "--lines", type=_count, default=100, metavar="N",
                        help="how many lines to begin with (default: %(default)s)")


def _count(text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of lines")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Print the end of the log, and what is added to it if asked to; also of what has ended."""
    try:
        entry = running.find(args.name)
    except MisuseError as error:
        log = logs.newest(args.name) if error.code == "not-running" else None
        if log is None:
            raise
        print(f"{args.name} is not running; its last log is {log}", file=sys.stderr)
        _print_tail(log, args.lines)
        return ExitCode.OK
    if not args.follow:
        _print_tail(entry.log, args.lines)
        return ExitCode.OK
    for line in logs.follow(entry.log, entry.is_alive):
        print(clean(line), flush=True)
    return ExitCode.OK


def _print_tail(log: Path, lines: int) -> None:
    for line in logs.tail(log)[-lines:] if lines > 0 else ():
        print(clean(line))
