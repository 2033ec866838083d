"""`runtime fit`: the best combinations that fit into an amount of memory."""

from __future__ import annotations

import argparse
import json
from itertools import groupby

from runtime import errors
from runtime.errors import ExitCode
from runtime.fit import (
    Fitting,
    Wanted,
    fitting,
    group,
    in_words,
    least,
    longest_context,
    parse_amount,
)
from runtime.known import refuse_unknown
from runtime.locate import add_manifest_argument, load_manifest
from runtime.manifest import Manifest
from runtime.memory import USUAL_CONTEXT, human
from runtime.options import add_format_argument, positive

#: Models that are shown, each at one size, unless more are asked for.
_SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("--memory", metavar="AMOUNT", required=True,
                        help="memory of the GPU, or of the machine where an engine computes on its "
                             "processor: 24GiB, 16G")
    parser.add_argument("--context-length", metavar="N", type=positive,
                        help="tokens of all requests that are served at once (default: "
                             f"{USUAL_CONTEXT}, or the model's own length if that is less); a "
                             "family that is not locked has a reserve for them")
    parser.add_argument("--ability", metavar="NAME", action="append", default=[],
                        help="only models that have it: chat, reasoning, tools, vision …; may be "
                             "given several times")
    parser.add_argument("-e", "--model-engine", metavar="ENGINE", help="only this engine")
    parser.add_argument("-f", "--model-format", metavar="FORMAT", help="only this weight format")
    parser.add_argument("--limit", metavar="N", type=positive, default=_SHOWN,
                        help=f"show at most so many models (default: {_SHOWN})")
    add_manifest_argument(parser)
    add_format_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Print what fits; 1 where nothing does, 2 for a value that does not exist."""
    memory = parse_amount(args.memory)
    manifest = load_manifest(args)
    refuse_unknown(manifest, abilities=args.ability, engine=args.model_engine,
                   model_format=args.model_format)
    wanted = Wanted(memory=memory, context_length=args.context_length, abilities=args.ability,
                    engine=args.model_engine, model_format=args.model_format)
    found = fitting(manifest, wanted)
    groups = [list(some) for _, some in groupby(found, group)]
    shown = groups[:args.limit]
    if args.format == "json":
        print(json.dumps({"memory": memory, "fitting": len(found), "combinations": [
            _as_json(made, memory) for some in shown for made in some]}, indent=2))
    elif shown:
        _print(shown, len(groups) - len(shown), memory)
        count = "1 combination fits" if len(found) == 1 else f"{len(found)} combinations fit"
        print(f"{count} into {in_words(args.memory)}, by estimate")
    else:
        print(_nothing(manifest, wanted, in_words(args.memory)))
    return ExitCode.OK if found else ExitCode.FAILED


def _print(shown: list[list[Fitting]], more: int, memory: int) -> None:
    made = [each for some in shown for each in some]
    bases = dict.fromkeys(each.estimate.basis for each in made)
    width = max(len(some[0].combination.id) for some in shown)
    for first, *others in shown:
        words = [f"{first.combination.id:<{width}}  {human(first.estimate.total or 0):>9}"]
        if tokens := longest_context(first.combination, memory):
            words.append(f"{tokens} tokens of context would fit")
        if len(bases) > 1:
            words.append(first.estimate.basis)
        print(errors.shown("  ".join(words)))
        if others:
            print(errors.shown("    also " + ", ".join(map(_short, others))))
    if more:
        models = "1 more model" if more == 1 else f"{more} more models"
        print(f"… and {models}, with --limit {len(shown) + more}")
    print(errors.shown(f"start the first with: {made[0].combination.launch_line}"))
    if len(bases) == 1:
        print(f"estimated {bases.popitem()[0]}")
    if any(each.estimate.reserve for each in made):
        print("the reserve is a tenth of the weights, 0.5 GiB at the least, and grows with more "
              f"than {USUAL_CONTEXT} tokens")
    if any(each.combination.engine.name == "vLLM" for each in made):
        print("vLLM takes most of a GPU whatever it needs, and holds as much context as fits there")


def _short(made: Fitting) -> str:
    """What differs from the first of its group."""
    combination = made.combination
    spec = combination.spec
    variant = f"~{spec.variant} " if spec.variant else ""
    return (f"{variant}{spec.format}/{combination.quantization}/{combination.engine.name} "
            f"{human(made.estimate.total or 0)}")


def _nothing(manifest: Manifest, wanted: Wanted, memory: str) -> str:
    smallest = least(manifest, wanted)
    if smallest is None:
        return "no model has all of what was asked for, whatever the memory"
    return (f"nothing fits into {memory}; {smallest.combination.id} takes the least, "
            f"{human(smallest.estimate.total or 0)}, estimated {smallest.estimate.basis}")


def _as_json(made: Fitting, memory: int) -> dict[str, object]:
    found = made.estimate
    return {"id": made.combination.id, "total": found.total, "disk": found.disk,
            "weights": found.weights, "cache": found.cache, "reserve": found.reserve,
            "draft": found.draft, "overhead": found.overhead,
            "context_length": found.context_length, "from_lock": found.from_lock,
            "longest_context": longest_context(made.combination, memory)}
