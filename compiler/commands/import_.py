"""`compiler import`: another program's catalogue as family specs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from compiler import importers
from compiler.importers import _drafts, _files
from compiler.report import plural
from runtime.errors import ExitCode, MisuseError, UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("form", choices=importers.names(), help="; ".join(
        f"{name}: {importers.load(name).TITLE}" for name in importers.names()))
    parser.add_argument("file", type=Path, help="the file to read, or - for standard input")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR",
                        help="folder for the specs: DIR/families/*.yaml and DIR/catalogue.yaml")
    parser.add_argument("--force", action="store_true",
                        help="overwrite files of DIR that say something else")


def run(args: argparse.Namespace) -> int:
    """Run the verb; returns the exit code."""
    name = "standard input" if str(args.file) == "-" else str(args.file)
    families = importers.load(args.form).convert(_read(args.file), name)
    if isinstance(families, _drafts.Drafts):
        return _draft(families, args, name)
    if not families:
        raise UserError(f"{name} holds no families", code="import-empty")
    done = _files.write(_files.render(families, args.out, name), args.out, force=args.force)
    specs = sum(len(family["specs"]) for family in families)
    count = "1 family" if len(families) == 1 else f"{len(families)} families"
    print(f"{count} with {plural(specs, 'spec')}, each read back and found equal")
    print(f"{args.out}: {plural(len(done.new) + len(done.changed), 'file')} written, "
          f"{len(done.unchanged)} unchanged")
    print(f"next: compiler check {args.out}")
    return ExitCode.OK


def _draft(drafts: _drafts.Drafts, args: argparse.Namespace, name: str) -> int:
    for sentence in drafts.left_out:
        print(f"left out: {sentence}", file=sys.stderr)
    if not drafts.families:
        raise UserError(f"{name} holds no families", code="import-empty")
    done = _files.write(_drafts.render(drafts, args.out, name), args.out, force=args.force)
    specs = sum(len(draft.facts.specs) for draft in drafts.families)
    print(f"{plural(len(drafts.families), 'draft')} with {plural(specs, 'spec')}; a TODO stands "
          "for what that form does not say")
    print(f"{args.out}: {plural(len(done.new) + len(done.changed), 'file')} written, "
          f"{len(done.unchanged)} unchanged")
    print(f"next: compiler check {args.out}, which lists each TODO")
    return ExitCode.OK


def _read(path: Path) -> bytes:
    if str(path) == "-":
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise MisuseError(f"there is no file {path}", code="file-missing") from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}", code="file-unreadable") from None
