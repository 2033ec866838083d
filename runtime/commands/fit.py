"""`runtime fit`: the best combinations that fit into an amount of memory."""

from __future__ import annotations

import argparse
import json

from runtime.errors import ExitCode
from runtime.fit import Fitting, Wanted, fitting, in_words, parse_amount
from runtime.known import refuse_unknown
from runtime.locate import add_manifest_argument, load_manifest
from runtime.memory import USUAL_CONTEXT, human
from runtime.options import add_format_argument

#: The best ones that are shown, unless more are asked for.
_SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("--memory", metavar="AMOUNT", required=True,
                        help="memory of the GPU, or of the machine where an engine computes on its "
                             "processor: 24GiB, 16G")
    parser.add_argument("--context-length", metavar="N", type=_tokens,
                        help="tokens of all requests that are served at once (default: "
                             f"{USUAL_CONTEXT}, or the model's own length if that is less); a "
                             "family that is not locked has a reserve for them")
    parser.add_argument("--ability", metavar="NAME", action="append", default=[],
                        help="only models that have it: chat, reasoning, tools, vision …; may be "
                             "given several times")
    parser.add_argument("-e", "--model-engine", metavar="ENGINE", help="only this engine")
    parser.add_argument("-f", "--model-format", metavar="FORMAT", help="only this weight format")
    parser.add_argument("--limit", metavar="N", type=_tokens, default=_SHOWN,
                        help=f"show at most so many (default: {_SHOWN})")
    add_manifest_argument(parser)
    add_format_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Print what fits; 1 where nothing does, 2 for a value that does not exist."""
    memory = parse_amount(args.memory)
    manifest = load_manifest(args)
    refuse_unknown(manifest, abilities=args.ability, engine=args.model_engine,
                   model_format=args.model_format)
    found = fitting(manifest, Wanted(
        memory=memory, context_length=args.context_length, abilities=args.ability,
        engine=args.model_engine, model_format=args.model_format))
    shown = found[:args.limit]
    if args.format == "json":
        print(json.dumps({"memory": memory, "fitting": len(found),
                          "combinations": [_as_json(made) for made in shown]}, indent=2))
    else:
        _print(shown, len(found), in_words(args.memory))
    return ExitCode.OK if found else ExitCode.FAILED


def _tokens(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _print(shown: list[Fitting], count: int, memory: str) -> None:
    if not shown:
        print(f"nothing fits into {memory}; allow a shorter context or fewer abilities")
        return
    width = max(len(made.combination.id) for made in shown)
    for made in shown:
        total = human(made.estimate.total or 0)
        print(f"{made.combination.id:<{width}}  {total:>9}  {made.estimate.basis}")
    more = f"; {count - len(shown)} more with --limit" if count > len(shown) else ""
    if any(made.estimate.reserve for made in shown):
        print("the reserve is a tenth of the weights, 0.5 GiB at the least, and grows with more "
              f"than {USUAL_CONTEXT} tokens")
    print(f"these are estimates; {count} fit into {memory}{more}")


def _as_json(made: Fitting) -> dict[str, object]:
    found = made.estimate
    return {"id": made.combination.id, "total": found.total, "disk": found.disk,
            "weights": found.weights, "cache": found.cache, "reserve": found.reserve,
            "overhead": found.overhead, "context_length": found.context_length,
            "from_lock": found.from_lock}
