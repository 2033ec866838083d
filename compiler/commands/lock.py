"""`compiler lock`: ask the hubs what they have, and keep the answers beside the specs."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from compiler.catalogue import load
from compiler.lock.run import Outcome, check_families, lock_families
from compiler.lock.store import accepted, orphans, path_of, read, write
from compiler.plan import plan
from compiler.report import plural
from runtime.errors import ExitCode, MisuseError
from runtime.hubs import MODULES
from runtime.manifest import Family


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `compiler lock`."""
    parser.add_argument("families", nargs="*", metavar="FAMILY",
                        help="names of families (default: all; with --check: those with a lock)")
    parser.add_argument("--specs", type=Path, default=Path("specs"), metavar="DIR",
                        help="the specs folder (default: specs)")
    parser.add_argument("--hub", action="append", dest="hubs", choices=sorted(MODULES),
                        help="ask only this hub, and keep what is known of the others; may be "
                        "given several times")
    parser.add_argument("--jobs", type=_positive, default=4, metavar="N",
                        help="how many repositories are asked about at a time (default: 4)")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true",
                      help="write nothing; say what moved on the hubs since, and exit with 1 if "
                      "something did")
    what.add_argument("--accept", action="store_true",
                      help="ask nobody; forget what access and licences were before they changed")
    parser.add_argument("--format", choices=("text", "json"), default="text",
                        help="how to report (default: text)")
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def run(args: argparse.Namespace) -> int:
    """Lock, check or accept; returns the exit code."""
    families, complete = _chosen(args.specs, args.families)
    if not complete:
        print("files that cannot be read are left out; `compiler check` says which and why",
              file=sys.stderr)
    elif not args.families:
        for path in orphans(args.specs, families):
            print(f"{path} is the lock of no family; remove it", file=sys.stderr)
    if args.accept:
        return _accept(args.specs, families)
    if args.check:
        locked = [family for family in families if path_of(args.specs, family).exists()]
        if not locked:
            raise MisuseError("none of these families is locked" if args.families
                              else f"no family of {args.specs} is locked", code="nothing-to-check",
                              hint="run `compiler lock` first")
        families = families if args.families else locked

    def tell(text: str) -> None:
        if not args.quiet:
            print(text, file=sys.stderr, flush=True)

    job = check_families if args.check else lock_families
    outcome = job(args.specs, families, hubs=args.hubs or (), jobs=args.jobs, tell=tell)
    if args.format == "json":
        print(json.dumps(_as_json(outcome), indent=2, ensure_ascii=False))
    else:
        _print(outcome, len(families), check=args.check)
    return ExitCode.FAILED if outcome.failed or not complete else ExitCode.OK


def _positive(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 64:
        raise argparse.ArgumentTypeError("between 1 and 64")
    return number


def _chosen(specs: Path, names: Sequence[str]) -> tuple[list[Family], bool]:
    """The families of those names, or all; and whether every file that is asked for was read."""
    catalogue = load(specs, locks=False)
    known = {family.name: family for family in plan(catalogue.documents).families}
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            raise MisuseError(f"there is no family {name!r} in {specs} that can be read",
                              code="no-such-family",
                              hint=f"did you mean {near[0]}?" if near
                              else "`compiler check` says what cannot be read")
    complete = catalogue.complete and catalogue.families_complete
    return [known[name] for name in dict.fromkeys(names or known)], bool(names) or complete


def _accept(specs: Path, families: Sequence[Family]) -> int:
    some = False
    for family in families:
        path = path_of(specs, family)
        lock = read(path, family.name)
        if lock is not None and write(path, accepted(lock)):
            some = True
            print(f"accepted: {family.name}")
    if not some:
        print("there is nothing to accept: no access and no licence changed")
    return ExitCode.OK


def _print(outcome: Outcome, count: int, *, check: bool) -> None:
    for move in outcome.moved:
        print(f"{move.family}: {move.source} {move.what}")
    for text in outcome.notes:
        print(f"note: {text}")
    for text in outcome.missing:
        print(f"missing: {text}")
    for failure in outcome.failures:
        print(f"failed: {failure.family}: {failure.source}: {failure.error.message}")
        if failure.error.hint:
            print(f"  fix: {failure.error.hint}")
    if outcome.skipped:
        print(f"not asked: {plural(len(outcome.skipped), 'source')} on other hubs")
    families = "1 family" if count == 1 else f"{count} families"
    if check:
        told = f"{plural(len(outcome.moved), 'change')}" if outcome.moved else "nothing moved"
        print(f"{families}: {told}, {plural(len(outcome.failures), 'source')} could not be asked")
        return
    print(f"{families}: {plural(len(outcome.written), 'lock')} written, "
          f"{len(outcome.unchanged)} unchanged, {plural(len(outcome.missing), 'source')} missing, "
          f"{len(outcome.failures)} failed"
          + (" (what was known of them is kept)" if outcome.failures else ""))


def _as_json(outcome: Outcome) -> dict[str, object]:
    return {
        "written": outcome.written, "unchanged": outcome.unchanged, "missing": outcome.missing,
        "moved": [{"family": move.family, "source": move.source, "what": move.what}
                  for move in outcome.moved],
        "failures": [{"family": failure.family, "source": failure.source,
                      "code": failure.error.code, "message": failure.error.message,
                      "hint": failure.error.hint} for failure in outcome.failures],
        "notes": outcome.notes, "skipped": outcome.skipped,
    }
