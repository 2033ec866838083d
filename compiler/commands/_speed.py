"""The options of every verb that compiles a whole catalogue."""

from __future__ import annotations

import argparse

from compiler.pipeline import Options
from runtime.errors import MisuseError


def add_speed_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--jobs` and `--no-cache`."""
    parser.add_argument("--jobs", type=int, metavar="N",
                        help="processes to use (default: as many as there are cores, fewer for a "
                        "small catalogue)")
    parser.add_argument("--no-cache", action="store_true",
                        help="compile everything anew and keep nothing; the outcome is the same")


def speed_options(args: argparse.Namespace) -> Options:
    """What was asked for.

    Raises:
        MisuseError: The number of processes is none.
    """
    if args.jobs is not None and args.jobs < 1:
        raise MisuseError("--jobs must be at least 1", code="jobs")
    return Options(args.jobs, cached=not args.no_cache)
