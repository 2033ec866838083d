"""`compiler schema`: the JSON Schema of what people edit, and of the manifest."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from compiler.schema import files
from runtime.errors import ExitCode, MisuseError

KINDS = ("family", "engine", "formats", "catalogue", "manifest", "lock")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `compiler schema`."""
    parser.add_argument("kind", nargs="?", choices=KINDS, default="family", metavar="KIND",
                        help=f"one of {', '.join(KINDS)} (default: family)")
    parser.add_argument("--out", type=Path, metavar="FILE",
                        help="write it to a file instead of printing it")


def run(args: argparse.Namespace) -> int:
    """Print or write the schema."""
    text = files.text(args.kind)
    if args.out is None:
        sys.stdout.write(text)
        return ExitCode.OK
    try:
        _write(args.out, text)
    except OSError as error:
        raise MisuseError(f"cannot write {args.out}: {error.strerror}") from None
    return ExitCode.OK


def _write(path: Path, text: str) -> None:
    """Write beside the target and rename, so that a reader never sees half a file."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
