"""`compiler build`: specs to pages and the manifest."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from compiler.emit import outputs, profiles
from compiler.emit.write import Changes, compare, unified_diff, write
from compiler.plan import plan
from compiler.read.nodes import Mapping
from compiler.read.parse import parse
from runtime.errors import ExitCode, UserError
from runtime.manifest import Manifest

DEFAULT_OUT = "build"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `compiler build`."""
    parser.add_argument("--specs", type=Path, default=Path("specs"), metavar="DIR",
                        help="the specs folder (default: specs)")
    parser.add_argument("--profile", default=profiles.DEFAULT, metavar="NAME",
                        help="what pages look like: " + ", ".join(profiles.names())
                        + f" (default: {profiles.DEFAULT})")
    parser.add_argument("--out", type=Path, default=Path(DEFAULT_OUT), metavar="DIR",
                        help="the output folder: models/<type>/*.rst and manifest.json go there "
                        f"(default: {DEFAULT_OUT})")
    parser.add_argument("--check", action="store_true",
                        help="write nothing; show how the output folder differs from the specs and "
                        "exit with 1 if it does")
    parser.add_argument("--format", choices=("text", "json"), default="text",
                        help="how to report (default: text)")


def run(args: argparse.Namespace) -> int:
    """Check, plan, render and write; returns the exit code."""
    profile = profiles.find(args.profile)
    manifest = plan(_documents(args.specs))
    files = outputs.render(manifest, profile)
    changes = (compare if args.check else write)(args.out, files)
    if args.check and args.format == "text":
        for line in unified_diff(args.out, files, changes):
            print(line)
    if args.format == "json":
        print(_json(args, manifest, changes))
    else:
        print(_summary(args, manifest, changes), file=sys.stderr if args.check else sys.stdout)
    return ExitCode.FAILED if args.check and changes.any() else ExitCode.OK


def _summary(args: argparse.Namespace, manifest: Manifest, changes: Changes) -> str:
    count = len(manifest.families)
    parts = [f"{len(names)} {word}" for names, word in (
        (changes.new, "new"), (changes.changed, "changed"), (changes.unchanged, "unchanged"),
        (changes.stale, "stale" if args.check else "removed")) if names]
    families = f"{count} {'family' if count == 1 else 'families'}"
    if args.check:
        verdict = "differs from" if changes.any() else "is what it should be for"
        return f"{args.out} {verdict} {families}: {', '.join(parts)}"
    return (f"{families}: {', '.join(parts)}; pages in {args.out / 'models'}, "
            f"manifest {args.out / 'manifest.json'}")


def _json(args: argparse.Namespace, manifest: Manifest, changes: Changes) -> str:
    return json.dumps({
        "out": args.out.as_posix(), "families": len(manifest.families), "check": args.check,
        "new": changes.new, "changed": changes.changed, "unchanged": changes.unchanged,
        "removed" if not args.check else "stale": changes.stale,
    }, indent=2, ensure_ascii=False)


@dataclass(frozen=True)
class _File:
    kind: str
    relative: str
    root: Mapping


def _documents(specs: Path) -> list[_File]:
    # Until the catalogue reader stands: no schema, the reader's own findings stop the build.
    found = []
    for path in sorted(specs.rglob("*.yaml")):
        relative = path.relative_to(specs).as_posix()
        top = relative.split("/")[0]
        kind = {"families": "family", "engines": "engine", "formats.yaml": "formats"}.get(top)
        if kind is None:
            continue
        root, findings = parse(path.read_bytes(), path.as_posix())
        if findings or not isinstance(root, Mapping):
            first = findings[0]
            raise UserError(f"{first.file}:{first.span.line}:{first.span.column}: {first.message}",
                            code="spec-invalid")
        found.append(_File(kind, relative, root))
    return found
