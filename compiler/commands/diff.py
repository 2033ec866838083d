"""`compiler diff`: tell what changed between two catalogues."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from compiler.diff import Change, Grade, compare, report, sides
from compiler.report.text import listing
from runtime.errors import ExitCode

_EPILOG = """\
BASE and HEAD are each a path that exists (a folder of specs, or a manifest
file) or else a git revision, whose specs are read from --specs without a
checkout. git:REV is always a revision, ./NAME always a path.

grades: removed (an id is gone without due notice), launch (what is run, fetched
or needed changes), docs (additions and texts)
"""
_FORMATS = {"text": report.text, "markdown": report.markdown, "json": report.as_json}
_NEVER = ("never", "none")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.epilog = _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("base", metavar="BASE", help="the catalogue as it was")
    parser.add_argument("head", metavar="HEAD", nargs="?",
                        help="the catalogue as it is to be (default: the specs on disk)")
    parser.add_argument("--specs", metavar="DIR", type=Path, default=Path("specs"),
                        help="specs folder, for revisions and the default HEAD (default: specs)")
    parser.add_argument("--format", choices=list(_FORMATS), default="text",
                        help="markdown fits a pull-request comment (default: text)")
    parser.add_argument("--fail-on", metavar="GRADE", type=str.lower, default="removed",
                        choices=[grade.label for grade in sorted(Grade, reverse=True)]
                        + list(_NEVER),
                        help="exit 1 on a change of this grade or above: removed, launch, docs, "
                             "never (default: removed)")
    parser.add_argument("--today", metavar="YYYY-MM-DD", type=_day, default=None,
                        help="judge announced removals by this day (default: today)")


def run(args: argparse.Namespace) -> int:
    """Compare; 1 for a change at or above --fail-on, and where a side cannot be compiled."""
    base, head = sides.read(args.base, args.specs), sides.read(args.head, args.specs)
    # An error in HEAD is this change's own. One in BASE may be what it puts right.
    if head.errors or (base.errors and head.manifest is not None):
        side, name = (head, "HEAD") if head.errors else (base, "BASE")
        sys.stderr.write(listing(side.errors, side.texts))
        return _cannot_compare(args.format, name, side.label, len(side.errors))
    notes = []
    if base.errors:
        sys.stderr.write(listing(base.errors, base.texts))
        notes.append(f"BASE has errors in {', '.join(sorted(base.broken))}: "
                     "what these files held then is not compared")
    changes = compare(base.compiled(head.documents), head.compiled(),
                      today=args.today or date.today())
    sys.stdout.write(_FORMATS[args.format](changes, base.label, head.label, notes))
    return ExitCode.FAILED if _fails(changes, args.fail_on) else ExitCode.OK


def _fails(changes: Sequence[Change], fail_on: str) -> bool:
    if fail_on in _NEVER:
        return False
    limit = Grade[fail_on.upper()]
    return any(change.grade >= limit for change in changes)


def _cannot_compare(style: str, name: str, label: str, errors: int) -> int:
    count = f"{errors} error{'' if errors == 1 else 's'}"
    message = f"{name} ({label}) has {count}, so it cannot be compared"
    if style == "markdown":
        print(f"## What this changes in the catalogue\n\n{report.escape(message)}; "
              "`compiler check` shows them.")
    elif style == "json":
        print(report.failure(message))
    print(message, file=sys.stderr)
    return ExitCode.FAILED


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2026-11-30") from None
