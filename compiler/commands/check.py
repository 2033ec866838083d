"""`compiler check`: what is wrong with specs, where, and how to put it right."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from compiler import report
from compiler.commands._speed import add_speed_arguments, speed_options
from compiler.review import review
from runtime.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `compiler check`."""
    parser.add_argument("paths", nargs="*", metavar="PATH",
                        help="files, folders or glob patterns (default: the whole specs folder)")
    parser.add_argument("--specs", type=Path, metavar="DIR",
                        help="the specs folder that the paths belong to (default: specs, or the "
                        "folder that a path lies in)")
    parser.add_argument("--strict", action="store_true", help="let warnings fail the check too")
    parser.add_argument("--format", choices=report.names(),
                        help="how to report (default: text; in a GitHub workflow also annotations)")
    parser.add_argument("--no-info", action="store_true",
                        help="leave out findings that are only for information")
    add_speed_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Check and report; 0 without errors, 1 with, 2 where there is nothing to check."""
    result = review(args.specs, args.paths, strict=args.strict, info=not args.no_info,
                    options=speed_options(args))
    formats = [args.format] if args.format else ["text"]
    if not args.format and os.environ.get("GITHUB_ACTIONS") == "true":
        formats.append("github")
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    for name in formats:
        sys.stdout.write(report.render(name, result, colour=colour))
    return ExitCode.FAILED if result.failed else ExitCode.OK
