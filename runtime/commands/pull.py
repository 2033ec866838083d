"""`runtime pull`: download and verify the files of a combination, without starting anything."""

from __future__ import annotations

import argparse
import json

from msgspec.structs import replace

from runtime import drafting, fetch
from runtime.combination import Combination
from runtime.errors import ExitCode, shown
from runtime.hubs import TITLES
from runtime.local import Located
from runtime.locate import load_manifest
from runtime.memory import human
from runtime.options import add_combination_arguments, drafted, fetch_options, wish
from runtime.progress import Reporter, reporter
from runtime.reuse import each_hub
from runtime.select import select


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    add_combination_arguments(parser)
    parser.add_argument("--dry-run", action="store_true",
                        help="print what would be downloaded; no file is fetched")
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def run(args: argparse.Namespace) -> int:
    """Download, verify, and print where the files are."""
    # The engine decides nothing about the files, so it may be left open here.
    combination = drafted(select(load_manifest(args), replace(wish(args), any_engine=True)), args)
    options = fetch_options(args)
    as_json = args.format == "json"
    report = reporter(silent=args.quiet or as_json)
    for notice in combination.notices:
        report.notify(f"note: {notice}")
    if args.dry_run:
        _print_plan(combination, fetch.preview(combination, options), options, as_json=as_json)
        return ExitCode.OK
    _announce(combination, options, report)
    located = fetch.ensure(combination, options, report)
    if as_json:
        print(json.dumps(_as_json(combination, located), indent=2, ensure_ascii=False))
        return ExitCode.OK
    print(located.path)
    hashed = all(file.digest != "size" for file in located.files)
    count = len(located.files)
    report.notify(f"{combination.id}: {count} file{'' if count == 1 else 's'}, "
                  f"{human(located.size)}, "
                  + ("verified" if hashed else "not all verified: nothing states their hashes"))
    return ExitCode.OK


def _announce(combination: Combination, options: fetch.Options, report: Reporter) -> None:
    if options.model_path is None and options.choosing is None:
        title = TITLES.get(combination.hub_name, combination.hub_name)
        report.notify(f"{combination.repo_id} on {title}")


def _print_plan(combination: Combination, located: Located | None, options: fetch.Options, *,
                as_json: bool) -> None:
    hubs = list(each_hub(combination)) if options.choosing is not None else [combination]
    if located is not None:  # with --hub auto, what is here may come from another hub
        hubs = [each for each in hubs if each.hub_name == located.hub] or [combination]
    combination = hubs[0]
    titles = ", ".join(TITLES.get(each.hub_name, each.hub_name) for each in hubs)
    revision = fetch.wanted_revision(combination, options)
    files = combination.expected_files
    draft = drafting.of(combination)
    body: dict[str, object] = {
        "combination": combination.id,
        "hub": combination.hub_name if len(hubs) == 1 else "auto",
        "repo_id": combination.repo_id, "revision": revision,
        "expected_files": files, "complete": located is not None,
        "path": str(located.path) if located else None,
    }
    if draft is not None:
        body["draft"] = {"repo_id": draft.repo_id, "expected_files": draft.expected_files,
                         "revision": fetch.wanted_revision(draft, options)}
    if as_json:
        print(json.dumps(body, indent=2, ensure_ascii=False))
        return
    lines = [combination.id,
             f"  hub       {titles if len(hubs) == 1 else f'the first that answers of {titles}'}",
             f"  repo      {combination.repo_id}",
             f"  revision  {revision or 'the default branch'}"
             + (f" (locked on {combination.locked.checked})" if combination.locked else "")]
    lines += [f"  file      {path}" for path in
              files or ["weights (.safetensors) and what engines read beside them"]]
    if draft is not None:
        at = f" at {draft.locked.commit}" if draft.locked else ""
        lines.append(f"  draft     {' '.join([draft.repo_id, *(draft.expected_files or ())])}{at}")
    lines.append(f"  here      {located.path if located else 'not yet, or not in full'}")
    print(shown("\n".join(lines)))


def _as_json(combination: Combination, located: Located) -> dict[str, object]:
    draft = {"draft": _as_json(combination, located.draft)} if located.draft else {}
    return {
        **draft, "combination": combination.id, "hub": located.hub, "repo_id": located.repo_id,
        "revision": located.revision, "commit": located.commit, "path": str(located.path),
        "files": [{"path": file.path, "size": file.size, "digest": file.digest}
                  for file in located.files],
    }
