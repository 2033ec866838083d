"""`compiler new`: write the skeleton of a family spec."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from compiler.catalogue import load
from compiler.data import find
from compiler.discover import FORMATS
from compiler.fmt import modeline
from compiler.new import place, prepare, skeleton, store
from compiler.resolve import format_records
from runtime.errors import ExitCode, MisuseError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("name", metavar="NAME", help="the family's name, as its lab writes it")
    parser.add_argument("--from", metavar="HUB:REPO_ID", dest="origin",
                        help="draft it from a hub's repository, such as huggingface:org/name, "
                             "pypi:name or local:org/name; @REVISION may follow")
    parser.add_argument("--specs", metavar="DIR", type=Path, default=Path("specs"),
                        help="specs folder (default: specs)")
    parser.add_argument("--format", metavar="FORMAT", action="append", dest="formats",
                        help="weight format to begin with; may be given several times "
                             "(default: pytorch)")
    parser.add_argument("--size", metavar="SIZE",
                        help="parameters in billions: 7, 0_5 or 0.5")
    parser.add_argument("--repo-id", metavar="ORG/NAME", help="repository on the hub")
    parser.add_argument("--quantization", metavar="NAME", action="append", dest="quantizations",
                        help="quantization of the format; may be given several times")


def run(args: argparse.Namespace) -> int:
    """Write the file; an existing one is never touched."""
    path, text = _drafted(args) if args.origin else prepare(
        args.name, args.specs, formats=args.formats or ["pytorch"], size=args.size,
        repo_id=args.repo_id, quantizations=args.quantizations or [])
    store(path, text)
    print(path)
    print(f"fill in each TODO, then run: compiler check {shlex.quote(str(path))}", file=sys.stderr)
    return ExitCode.OK


def _drafted(args: argparse.Namespace) -> tuple[Path, str]:
    """Where the draft of a repository goes, and its text."""
    from compiler.lock.draft import draft, parse_origin

    for option, value in (("--format", args.formats), ("--size", args.size),
                          ("--repo-id", args.repo_id), ("--quantization", args.quantizations)):
        if value:
            raise MisuseError(f"--from reads from the hub what {option} would say",
                              hint="leave one of them out")
    origin = parse_origin(args.origin)
    path = place(args.name, args.specs)
    facts = draft(args.name, origin, quantizations=_gguf_names(args.specs),
                  notify=lambda text: print(text, file=sys.stderr))
    return path, skeleton(facts, schema=modeline.choose(path, "family", None))


def _gguf_names(specs: Path) -> list[str]:
    """Patterns of the names that quantizations of GGUF files have, as the catalogue says."""
    own = specs / "formats.yaml"
    path = own if own.is_file() else find("specs/formats.yaml")
    documents = load(specs, [path]).documents if path else []
    return [pattern for document in documents if document.kind == FORMATS
            for record in format_records(document.root) if record.name == "ggufv2"
            for pattern in record.quantizations]
