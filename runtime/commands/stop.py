"""`runtime stop`: end launched models."""

from __future__ import annotations

import argparse

from runtime import running
from runtime.errors import ExitCode, MisuseError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.add_argument("names", nargs="*", metavar="MODEL",
                        help="id, port or family, as `runtime ps` prints it")
    parser.add_argument("--all", action="store_true", help="every running model")


def run(args: argparse.Namespace) -> int:
    """Stop what is named and wait until it is gone."""
    if args.all == bool(args.names):
        raise MisuseError("name the models to stop, or say --all",
                          hint="`runtime ps` shows what runs")
    servers = running.alive() if args.all else [running.find(name) for name in args.names]
    if not servers:
        print("nothing is running")
    for entry in servers:
        running.stop(entry)
        print(f"stopped {entry.id}")
    return ExitCode.OK
