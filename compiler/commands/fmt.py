"""`compiler fmt`: format specs in place, or tell what formatting would change."""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path

from compiler.fmt import Outcome, format_file
from compiler.fmt.store import find, replace
from compiler.report.text import listing
from runtime.errors import ExitCode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("paths", metavar="PATH", nargs="*", type=Path, default=[Path("specs")],
                        help="spec files or folders of them (default: specs)")
    parser.add_argument("--check", action="store_true",
                        help="write nothing; exit 1 if a file would change")
    parser.add_argument("--diff", action="store_true",
                        help="as --check, and show what would change")
    parser.add_argument("--schema", metavar="PATH_OR_URL",
                        help="schema that the modeline is to name (default: the one it names, "
                             "else the one in the checkout around the file)")


def run(args: argparse.Namespace) -> int:
    """Format; 1 for files that would change under --check, and for files that cannot be read."""
    check = args.check or args.diff
    outcomes = []
    for path in find(args.paths):
        outcome = format_file(path, schema=args.schema)
        if outcome.changed and not check:
            replace(path, outcome.after)
        _tell(outcome, check=check, diff=args.diff)
        outcomes.append(outcome)
    changed = sum(outcome.changed for outcome in outcomes)
    broken = sum(bool(outcome.findings) for outcome in outcomes)
    print(_summary(len(outcomes), changed, broken, check=check), file=sys.stderr)
    return ExitCode.FAILED if broken or (check and changed) else ExitCode.OK


def _tell(outcome: Outcome, *, check: bool, diff: bool) -> None:
    if outcome.findings:
        text = outcome.before.decode("utf-8-sig", "replace")
        sys.stderr.write(listing(outcome.findings, {outcome.file: text}))
    if outcome.left:
        print(f"{outcome.file}: left as it is: {outcome.left}", file=sys.stderr)
    if not outcome.changed:
        return
    if diff:
        before, after = (text.decode("utf-8").splitlines(keepends=True)
                         for text in (outcome.before, outcome.after))
        lines = difflib.unified_diff(before, after, outcome.file, f"{outcome.file} (formatted)")
        for line in lines:
            shown = line.replace("\r\n", "␍\n").replace("\ufeff", "<U+FEFF>")
            sys.stdout.write(shown if shown.endswith("\n") else
                             shown + "\n\\ No newline at end of file\n")
    else:
        print(f"{'would format' if check else 'formatted'} {outcome.file}")


def _summary(total: int, changed: int, broken: int, *, check: bool) -> str:
    verb = "would change" if check else "formatted"
    text = f"{total} file{'' if total == 1 else 's'}, {changed} {verb}"
    return text + (f", {broken} with errors left as they are" if broken else "")
