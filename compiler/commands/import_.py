"""`compiler import`: another program's catalogue as family specs."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from compiler import importers
from compiler.emit.write import Changes
from compiler.importers import _drafts, _files
from compiler.report import plural
from runtime.errors import ExitCode, MisuseError, UserError

#: Many times what the largest catalogue has, in bytes.
_LONGEST = 256 << 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument("form", choices=importers.names(), help="; ".join(
        f"{name}: {importers.load(name).TITLE}" for name in importers.names()))
    parser.add_argument("file", type=Path, help="the file to read, or - for standard input")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR",
                        help="folder for the specs: DIR/families/*.yaml and DIR/catalogue.yaml")
    parser.add_argument("--force", action="store_true",
                        help="overwrite files of DIR that say something else")
    parser.add_argument("--format", choices=("text", "json"), default="text",
                        help="how to report (default: text)")


def run(args: argparse.Namespace) -> int:
    """Run the verb; returns the exit code."""
    name = "standard input" if str(args.file) == "-" else str(args.file)
    families = importers.load(args.form).convert(_read(args.file), name)
    if isinstance(families, _drafts.Drafts):
        files = _drafts.render(families, args.out, name) if families.families else {}
        count, specs = len(families.families), sum(
            len(draft.facts.specs) for draft in families.families)
        left_out = families.left_out
    else:
        files = _files.render(families, args.out, name) if families else {}
        count, specs = len(families), sum(len(family["specs"]) for family in families)
        left_out = None
    if args.format == "text":
        for sentence in left_out or ():
            print(f"left out: {sentence}", file=sys.stderr)
    if not files:
        raise UserError(f"{name} holds no families", code="import-empty")
    done = _files.write(files, args.out, force=args.force)
    if args.format == "json":
        print(json.dumps({
            "out": args.out.as_posix(), "families": count, "specs": specs,
            "drafts": left_out is not None, "left_out": left_out or [], "new": done.new,
            "changed": done.changed, "unchanged": done.unchanged}, indent=2, ensure_ascii=False))
    else:
        _print(args.out, count, specs, done, drafts=left_out is not None)
    return ExitCode.OK


def _print(out: Path, count: int, specs: int, done: Changes, *, drafts: bool) -> None:
    if drafts:
        print(f"{plural(count, 'draft')} with {plural(specs, 'spec')}; a TODO stands for what "
              "that form does not say")
    else:
        families = "1 family" if count == 1 else f"{count} families"
        print(f"{families} with {plural(specs, 'spec')}, each read back and found equal")
    print(f"{out}: {plural(len(done.new) + len(done.changed), 'file')} written, "
          f"{len(done.unchanged)} unchanged")
    print(f"next: compiler check {out}" + (", which lists each TODO" if drafts else ""))


def _read(path: Path) -> bytes:
    """What the user named, which may never end, as /dev/zero."""
    try:
        if str(path) == "-":
            content = sys.stdin.buffer.read(_LONGEST + 1)
        else:
            with path.open("rb") as stream:
                content = stream.read(_LONGEST + 1)
    except FileNotFoundError:
        raise MisuseError(f"there is no file {path}", code="file-missing",
                          hint="name the file to read, or - for standard input") from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}", code="file-unreadable") from None
    if len(content) > _LONGEST:
        raise UserError(f"{path} is larger than {_LONGEST >> 20} MiB", code="file-too-large",
                        hint="no catalogue is; name its file")
    return content
