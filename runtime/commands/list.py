"""`runtime list`: families and what they come in."""

from __future__ import annotations

import argparse

from runtime.columns import Cell, fitted
from runtime.errors import shown
from runtime.index import Listed, all_listed
from runtime.known import refuse_unknown
from runtime.locate import add_manifest_argument, load_manifest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("text", nargs="?", metavar="TEXT",
                        help="only families whose name or description has TEXT")
    parser.add_argument("--ability", metavar="ABILITY", help="only families with this ability")
    parser.add_argument("--model-engine", metavar="ENGINE",
                        help="only families that the engine is promised for")
    parser.add_argument("--model-format", metavar="FORMAT", help="only families in this format")
    parser.add_argument("--hub", metavar="HUB", help="only families on this hub")
    parser.add_argument("--format", choices=("text", "json"), default="text",
                        help="form of the output (default: text)")
    add_manifest_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Print the families; exit code 0 also when none fits, 2 for a value that does not exist."""
    manifest = load_manifest(args)
    everything = all_listed(manifest)
    refuse_unknown(manifest, abilities=[args.ability] if args.ability is not None else [],
                   engine=args.model_engine, model_format=args.model_format, hub=args.hub)
    families = [family for family in everything if _fits(family, args)]
    if args.format == "json":
        import msgspec

        body = {"digest": manifest.digest, "families": [_summary(family) for family in families]}
        print(msgspec.json.format(msgspec.json.encode(body), indent=2).decode())
        return 0
    _print_table(families)
    if not families:
        print(f"none of the {len(everything)} families fits")
    return 0


def _fits(family: Listed, args: argparse.Namespace) -> bool:
    def among(wanted: str | None, values: list[str]) -> bool:
        return wanted is None or wanted.casefold() in {value.casefold() for value in values}

    text = (args.text or "").casefold()
    return (
        (text in family.name.casefold() or text in family.description.casefold())
        and among(args.ability, family.abilities)
        and among(args.model_engine, family.engines)
        and among(args.model_format, family.formats)
        and among(args.hub, family.hubs)
    )


def _summary(family: Listed) -> dict[str, object]:
    return {"name": family.name, "sizes": family.sizes, "formats": family.formats,
            "engines": family.engines, "abilities": family.abilities,
            "context_length": family.context_length, "deprecated": family.deprecated}


def _print_table(families: list[Listed]) -> None:
    rows: list[list[Cell]] = []
    for family in families:
        name = f"{family.name} (deprecated)" if family.deprecated else family.name
        sizes = [size.replace("_", ".") for size in family.sizes]
        rows.append([[name], sizes, family.formats, family.engines, family.abilities])
    lines, cut = fitted(["NAME", "SIZES (B)", "FORMATS", "ENGINES", "ABILITIES"], rows)
    for line in lines:
        print(shown(line))
    if cut:
        print("\n+N stands for N more; `runtime show NAME`, `--format json` and a pipe have all")
