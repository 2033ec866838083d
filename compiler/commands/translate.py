"""`compiler translate`: bring the translations of what specs say up to date."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from compiler import report
from compiler.emit import language, translations
from compiler.emit.write import put_file
from compiler.plan import plan
from compiler.review import review
from runtime.errors import ExitCode, MisuseError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    others = _others()
    parser.add_argument("languages", metavar="LANGUAGE", nargs="*", default=others,
                        help="languages (default: all that pages can be made in: "
                        + ", ".join(others) + ")")
    parser.add_argument("--specs", type=Path, default=Path("specs"), metavar="DIR",
                        help="the specs folder (default: specs)")
    parser.add_argument("--check", action="store_true",
                        help="write nothing; exit with 1 if a translation is of a text that its "
                        "spec no longer says")


def run(args: argparse.Namespace) -> int:
    """Write the files or look at them; 1 where specs have errors or --check finds something."""
    for name in args.languages:
        if name not in _others():
            raise MisuseError(f"there is no translation into {name!r}", code="language-unknown",
                              hint=f"languages: {', '.join(_others())}")
    result = review(args.specs)
    if result.failed:
        sys.stdout.write(report.render("text", result))
        return ExitCode.FAILED
    manifest = plan(result.catalogue.documents)
    stale = 0
    for name in args.languages:
        made = translations.updates(manifest, args.specs / language.TRANSLATIONS / name, name)
        for each in made:
            for text in each.stale:
                print(f"{each.path}: no longer said: {text}")
            if not args.check and each.after != each.before:
                put_file(each.path, each.after.encode())
        stale += sum(len(each.stale) for each in made)
        lacking = sum(len(each.lacking) for each in made)
        print(f"{name}: {report.plural(len(made), 'file')}, "
              f"{report.plural(lacking, 'text')} without a translation", file=sys.stderr)
    return ExitCode.FAILED if args.check and stale else ExitCode.OK


def _others() -> list[str]:
    return [name for name in language.names() if name != language.ENGLISH]
