"""`runtime cache list|prune`: what was downloaded, and removing what is not needed."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Sequence

from runtime import home
from runtime.columns import fitted
from runtime.errors import ExitCode, MisuseError
from runtime.memory import human
from runtime.options import add_format_argument
from runtime.stored import Pruned, Stored, needless, prune, stored

_DAY = 86400.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the sub-verbs."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="list|prune")
    listing = verbs.add_parser("list", help="what is here, how large it is, and what uses it",
                               allow_abbrev=False)
    pruning = verbs.add_parser(
        "prune", allow_abbrev=False, help="remove downloads",
        description="Removes downloads. Without a pattern or option: what ended downloads left, "
        "folders without a record, and commits that a branch has left since. What a running server "
        "uses, or what is being downloaded, always stays.")
    for each in (listing, pruning):
        add_format_argument(each)
    add = pruning.add_argument
    add("patterns", nargs="*", metavar="PATTERN",
        help="HUB/REPO_ID or REPO_ID, with @COMMIT to name one of several; * and ? as in a shell")
    add("--all", action="store_true", help="everything")
    add("--unused-for", type=float, metavar="DAYS",
        help="only what was not used for so many days; without a pattern, all of that")
    add("--dry-run", action="store_true", help="say what would be removed, and remove nothing")
    add("--yes", action="store_true", help="do not ask")


def run(args: argparse.Namespace) -> int:
    """Do what the sub-verb says."""
    entries = stored()
    if args.verb == "list":
        return _list(entries, args)
    chosen = _chosen(entries, args)
    if chosen and not (args.dry_run or args.yes or _agreed(chosen, args)):
        print("nothing was removed", file=sys.stderr)
        return ExitCode.OK
    done = prune(chosen, dry_run=args.dry_run)
    _print_pruned(done, args)
    return ExitCode.FAILED if done.failed or (done.kept and args.patterns) else ExitCode.OK


def _chosen(entries: Sequence[Stored], args: argparse.Namespace) -> list[Stored]:
    if args.all and args.patterns:
        raise MisuseError("--all leaves no room for a pattern", code="usage")
    if args.unused_for is not None and not args.unused_for >= 0:
        raise MisuseError("--unused-for must be 0 days or more", code="usage")
    chosen = list(entries)
    for pattern in args.patterns:
        if not any(each.matches(pattern) for each in entries):
            names = ", ".join(dict.fromkeys(each.name for each in entries)) or "nothing"
            raise MisuseError(f"no download fits {pattern!r}", code="no-such-download",
                              hint=f"here is {names}")
    if args.patterns:
        chosen = [each for each in entries if any(map(each.matches, args.patterns))]
    elif not args.all and args.unused_for is None:
        chosen = needless(entries)
    if args.unused_for is not None:
        since = time.time() - args.unused_for * _DAY
        chosen = [each for each in chosen if each.used < since]
    return chosen


def _agreed(chosen: Sequence[Stored], args: argparse.Namespace) -> bool:
    """Ask whoever sits at the terminal."""
    if args.format == "json" or not sys.stdin.isatty():
        raise MisuseError("nobody can be asked whether to remove downloads", code="not-asked",
                          hint="--yes removes them, --dry-run shows them")
    for each in chosen:
        print(f"  {_line(each)}", file=sys.stderr)
    print(f"remove {_count(chosen)}? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _list(entries: Sequence[Stored], args: argparse.Namespace) -> int:
    folder = home.models_folder()
    at = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(at).free
    total = sum(each.size for each in entries)
    if args.format == "json":
        print(json.dumps({"folder": str(folder), "size": total, "free": free,
                          "downloads": [_plain(each) for each in entries]},
                         indent=2, ensure_ascii=False))
        return ExitCode.OK
    if entries:
        rows = [([each.name], [each.commit[:12] or "-"],
                 [*each.quantizations, *each.unchecked] or ["-"], [human(each.size)],
                 [_date(each)], [_state(each)]) for each in entries]
        lines, _ = fitted(["DOWNLOAD", "COMMIT", "QUANTIZATIONS", "SIZE", "USED", "STATE"], rows)
        print("\n".join(lines))
    print(f"{_count(entries)} in {folder}; {human(free)} free")
    return ExitCode.OK


def _print_pruned(done: Pruned, args: argparse.Namespace) -> None:
    if args.format == "json":
        print(json.dumps({
            "dry_run": args.dry_run, "freed": done.freed,
            "removed": [_plain(each) for each in done.removed],
            "kept": [{**_plain(each), "why": why} for each, why in done.kept]},
            indent=2, ensure_ascii=False))
        return
    verb = "would remove" if args.dry_run else "removed"
    for each in done.removed:
        print(f"{verb} {_line(each)}")
    for each, why in done.kept:
        print(f"kept {_line(each)}: {why}", file=sys.stderr)
    if done.removed or not done.kept:
        frees = "would free" if args.dry_run else "freed"
        print(f"{frees} {human(done.freed)}" if done.removed else "nothing to remove")


def _line(entry: Stored) -> str:
    what = f"@{entry.commit[:12]}" if entry.commit else f" ({_state(entry)})"
    return f"{entry.name}{what}, {human(entry.size)}"


def _count(entries: Sequence[Stored]) -> str:
    return (f"{len(entries)} download{'' if len(entries) == 1 else 's'}, "
            f"{human(sum(each.size for each in entries))}")


def _date(entry: Stored) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(entry.used)) if entry.used else "-"


def _state(entry: Stored) -> str:
    if entry.used_by:
        return f"used by {', '.join(entry.used_by)}"
    if entry.kind != "model":
        return {"partial": "left by a download", "unknown": "without a record"}[entry.kind]
    if entry.incomplete:
        return f"incomplete: {', '.join(entry.incomplete)}"
    if entry.unchecked:
        return f"to be checked again: {', '.join(entry.unchecked)}"
    return "superseded" if entry.superseded else "complete"


def _plain(entry: Stored) -> dict[str, object]:
    return {
        "hub": entry.hub, "repo_id": entry.repo_id, "commit": entry.commit or None,
        "path": str(entry.path), "kind": entry.kind, "quantizations": list(entry.quantizations),
        "incomplete": list(entry.incomplete), "unchecked": list(entry.unchecked),
        "size": entry.size,
        "used": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(entry.used)),
        "superseded": entry.superseded, "used_by": list(entry.used_by)}
