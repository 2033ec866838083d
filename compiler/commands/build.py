"""`compiler build`: specs to pages and the manifest."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from msgspec.structs import replace

from compiler import report, verification
from compiler.assembly import Outputs
from compiler.commands._speed import add_speed_arguments, speed_options
from compiler.emit import language, outputs, profiles
from compiler.emit.turns import turn
from compiler.emit.write import Changes, compare, unified_diff, write
from compiler.finding import Severity
from compiler.pipeline import compile_specs
from compiler.plan import plan
from compiler.report import text
from compiler.review import Review, of_compiled, review
from runtime.errors import ExitCode, MisuseError

DEFAULT_OUT = "build"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `compiler build`."""
    parser.add_argument("--specs", type=Path, default=Path("specs"), metavar="DIR",
                        help="the specs folder (default: specs)")
    parser.add_argument("--profile", default=profiles.DEFAULT, metavar="NAME",
                        help="what pages look like: " + ", ".join(profiles.names())
                        + f" (default: {profiles.DEFAULT})")
    parser.add_argument("--language", default=language.ENGLISH, metavar="NAME",
                        help="the language of what pages say by themselves: "
                        + ", ".join(language.names()) + f" (default: {language.ENGLISH})")
    parser.add_argument("--out", type=Path, default=Path(DEFAULT_OUT), metavar="DIR",
                        help="the output folder: models/<type>/*.rst and manifest.json go there "
                        f"(default: {DEFAULT_OUT})")
    parser.add_argument("--keep-claims", action="store_true",
                        help="build although the checks refute what the specs say: such findings "
                        "are listed and kept; only files that cannot be read stop the build")
    parser.add_argument("--check", action="store_true",
                        help="write nothing; show how the output folder differs from the specs and "
                        "exit with 1 if it does")
    parser.add_argument("--format", choices=("text", "json"), default="text",
                        help="how to report (default: text)")
    add_speed_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Check, plan, render and write; returns the exit code."""
    def waiting() -> None:
        print(f"another build of {args.out} is under way; waiting for it", file=sys.stderr)

    _check_folder(args.out, args.specs)
    with turn(args.out, waiting, make=not args.check):
        return _build(args)


def _check_folder(out: Path, specs: Path) -> None:
    """Refuse to write among the sources or at the root of a disk.

    Raises:
        MisuseError: It is one of them.
    """
    folder, sources = out.resolve(), specs.resolve()
    if folder.parent == folder or folder == sources or sources in folder.parents:
        where = "the root of the disk" if folder.parent == folder else "in the specs folder"
        raise MisuseError(f"--out {out} is {where}", code="out-folder",
                          why="the pages and the manifest would lie among what they are made from "
                              "or among everything else",
                          hint=f"name a folder of its own, such as --out {DEFAULT_OUT}")


def _build(args: argparse.Namespace) -> int:
    profile = replace(profiles.find(args.profile),
                      language=language.find(args.language, args.specs))
    compiled = compile_specs(args.specs, speed_options(args), profile, args.out)
    result = (of_compiled(compiled, info=args.format == "json") if compiled
              else review(args.specs))
    stopping = replace(result, findings=result.catalogue.findings) if args.keep_claims else result
    if stopping.failed:
        return _refuse(stopping, args)
    if compiled is not None and compiled.outputs is not None:
        count, made = compiled.families, compiled.outputs
    else:
        manifest = plan(result.catalogue.documents)
        records = verification.read(args.specs)
        count = len(manifest.families)
        made = Outputs(dict(outputs.render(manifest, profile, records)))
    changes = (compare if args.check else write)(args.out, made.files, made.same)
    if compiled is not None and not args.check:
        compiled.keep()
    if args.check and args.format == "text":
        for line in unified_diff(args.out, made.files, changes):
            print(line)
    if args.format == "json":
        print(_json(args, count, changes, result))
    else:
        if args.keep_claims:
            _list_kept(result)
        print(_summary(args, count, changes), file=sys.stderr if args.check else sys.stdout)
        warnings = result.count(Severity.WARNING)
        if warnings and not args.keep_claims:
            print(f"{report.plural(warnings, 'warning')}; `compiler check` shows them",
                  file=sys.stderr)
    return ExitCode.FAILED if args.check and changes.any() else ExitCode.OK


def _list_kept(result: Review) -> None:
    """What `--keep-claims` builds in spite of, on stderr."""
    kept = [finding for finding in result.findings if finding.severity is not Severity.INFO]
    colour = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    sys.stderr.write(text.listing(kept, result.texts, colour=colour))
    counts = [report.plural(count, severity.label) for severity in (
        Severity.ERROR, Severity.WARNING) if (count := result.count(severity))]
    if counts:
        print(f"kept in spite of {' and '.join(counts)}", file=sys.stderr)


def _refuse(result: Review, args: argparse.Namespace) -> int:
    """Report what stops the build; nothing has been written."""
    if args.format == "text":
        errors = [finding for finding in result.findings if result.fails(finding)]
        result = replace(result, findings=errors)
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    sys.stdout.write(report.render(args.format, result, colour=colour))
    print(f"{args.out} was left as it was", file=sys.stderr)
    return ExitCode.FAILED


def _summary(args: argparse.Namespace, count: int, changes: Changes) -> str:
    parts = [f"{len(names)} {word}" for names, word in (
        (changes.new, "new"), (changes.changed, "changed"), (changes.unchanged, "unchanged"),
        (changes.stale, "stale" if args.check else "removed")) if names]
    parts[0] = parts[0].replace(" ", " file " if parts[0].startswith("1 ") else " files ", 1)
    families = "1 family" if count == 1 else f"{count} families"
    if args.check:
        verdict = "differs from" if changes.any() else "is what it should be for"
        return f"{args.out} {verdict} {families}: {', '.join(parts)}"
    return (f"{families}: {', '.join(parts)}; pages in {args.out / 'models'}, "
            f"manifest {args.out / outputs.MANIFEST}")


def _json(args: argparse.Namespace, count: int, changes: Changes, result: Review) -> str:
    return json.dumps({
        "out": args.out.as_posix(), "families": count, "check": args.check,
        "errors": result.count(Severity.ERROR), "warnings": result.count(Severity.WARNING),
        "new": changes.new, "changed": changes.changed, "unchanged": changes.unchanged,
        "removed" if not args.check else "stale": changes.stale,
    }, indent=2, ensure_ascii=False)
