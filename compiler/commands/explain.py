"""`compiler explain`: what a code means, why it matters and how to put it right."""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import textwrap

from compiler.check.codes import Explanation, explanations, find
from compiler.check.words import nearest
from runtime.errors import ExitCode, MisuseError

_CODE = re.compile(r"\s*(?:MB)?[-_]?[0-9]", re.IGNORECASE)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("code", nargs="?", metavar="CODE",
                        help="a code such as MB203, or a rule's name")
    parser.add_argument("--all", action="store_true", help="list every code")
    parser.add_argument("--format", choices=("text", "json"), default="text",
                        help="how to print (default: text)")


def run(args: argparse.Namespace) -> int:
    """Print the explanation, or the list of all codes."""
    if args.all == bool(args.code):
        raise MisuseError("name one code, or ask for --all", hint="compiler explain MB203")
    found = list(explanations().values()) if args.all else [_find(args.code)]
    if args.format == "json":
        records = [dataclasses.asdict(item) for item in found]
        print(json.dumps(records if args.all else records[0], indent=2, ensure_ascii=False))
    elif args.all:
        width = max(len(item.name) for item in found)
        for item in found:
            print(f"{item.code}  {item.severity:<7}  {item.name:<{width}}  {item.summary}")
    else:
        print("\n".join(_lines(found[0])))
    return ExitCode.OK


def _find(word: str) -> Explanation:
    if found := find(word):
        return found
    every = explanations().values()
    # A number says nothing about its meaning, so no code is near another.
    near = None if _CODE.match(word) else nearest(word, [item.name for item in every if item.name])
    raise MisuseError(f"there is no code or rule {word!r}", code="unknown-code",
                      hint=(f"did you mean {near}? " if near else "")
                      + f"`compiler explain --all` lists all {len(every)}")


def _lines(item: Explanation) -> list[str]:
    lines = [f"{item.code} {item.name}".rstrip() + f" ({item.severity})", "", item.summary]
    if item.why:
        lines += ["", item.why]
    for heading, example in (("Wrong:", item.wrong), ("Right:", item.right)):
        if example:
            lines += ["", heading, "", textwrap.indent(example.rstrip("\n"), "    ")]
    return lines
