"""`runtime twin`: build a family's tiny twin, to try engines with in place of the real weights."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from runtime.errors import ExitCode
from runtime.interrupt import Terminated, raising_on_sigterm
from runtime.launch import check_platform
from runtime.locate import add_manifest_argument, load_manifest
from runtime.memory import human
from runtime.options import add_format_argument
from runtime.progress import reporter
from runtime.select import find_family
from runtime.twin.build import Outcome, build, default_folder, wanted


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    add = parser.add_argument
    add("family", metavar="FAMILY", help="family, as `runtime list` prints it")
    add("--out", type=Path, metavar="DIR",
        help="folder for the twin, laid out for --hub local (default: in the data folder)")
    add("--size-in-billions", metavar="SIZE", help="only this size")
    add("--model-format", metavar="FORMAT", help="only this weight format")
    add("--quantization", metavar="NAME", help="only this quantization")
    add("--seed", type=int, default=0, metavar="N",
        help="seed of the weights (default: %(default)s); one seed gives one twin")
    add("--strict", action="store_true",
        help="exit with 1 if a quantization could not be made by any tool")
    add_manifest_argument(parser)
    add_format_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Build it, telling what became of each quantization."""
    check_platform()
    family = find_family(load_manifest(args), args.family)
    chosen = wanted(family, args.seed, model_format=args.model_format,
                    quantization=args.quantization, size=args.size_in_billions)
    root = (args.out or default_folder(family)).expanduser().absolute()
    report = reporter(silent=args.format == "json")
    done: list[Outcome] = []
    with raising_on_sigterm():
        try:
            for outcome in build(family, chosen, root, seed=args.seed, report=report.notify):
                done.append(outcome)
                if args.format == "text":
                    print(_line(outcome, len(done), len(chosen)), flush=True)
        except Terminated:
            return ExitCode.TERMINATED
    missing = [each for each in done if each.state == "missing"]
    if args.format == "json":
        print(json.dumps({"folder": str(root), "builds": [_as_json(each) for each in done]},
                         indent=2, ensure_ascii=False))
    else:
        size = human(sum(each.size for each in done))
        print(f"{len(done) - len(missing)} of {len(done)} quantizations, {size}, in {root}")
        print(f"try them: runtime verify '{family.name}/**' --twin {root}")
    made = len(missing) < len(done)
    return ExitCode.OK if made and not (missing and args.strict) else ExitCode.FAILED


def _line(outcome: Outcome, number: int, total: int) -> str:
    line = f"{number:>3}/{total}  {outcome.state:<7}  {outcome.key}"
    if outcome.state != "missing":
        line += f"  {human(outcome.size)}"
    if note := outcome.reason or outcome.approximation:
        line += f"\n                  {note}"
    return line


def _as_json(outcome: Outcome) -> dict[str, object]:
    return {"key": outcome.key, "state": outcome.state, "size": outcome.size,
            "reason": outcome.reason or None, "approximation": outcome.approximation or None}
