"""`compiler import`: another program's catalogue as family specs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from compiler import importers
from compiler.importers import _files
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
    if not families:
        raise UserError(f"{name} holds no families", code="import-empty")
    done = _files.write(_files.render(families, args.out, name), args.out, force=args.force)
    specs = sum(len(family["specs"]) for family in families)
    print(f"{len(families)} families with {specs} specs, each read back and found equal")
    print(f"{args.out}: {len(done.new) + len(done.changed)} files written, "
          f"{len(done.unchanged)} unchanged")
    print(f"next: compiler check {args.out}")
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
