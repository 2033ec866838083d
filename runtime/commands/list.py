"""`runtime list`: families and what they come in."""

from __future__ import annotations

import argparse

from runtime import naming
from runtime.locate import add_manifest_argument, load_manifest
from runtime.manifest import Family, Manifest


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
    """Print the families; exit code 0 also when none fits."""
    manifest = load_manifest(args)
    families = [family for family in manifest.families if _fits(family, args)]
    if args.format == "json":
        import msgspec

        body = {"digest": manifest.digest, "families": [_summary(family) for family in families]}
        print(msgspec.json.format(msgspec.json.encode(body), indent=2).decode())
        return 0
    _print_table(families, manifest)
    return 0


def _fits(family: Family, args: argparse.Namespace) -> bool:
    def among(wanted: str | None, values: set[str]) -> bool:
        return wanted is None or wanted.casefold() in {value.casefold() for value in values}

    text = (args.text or "").casefold()
    return (
        (text in family.name.casefold() or text in family.description.casefold())
        and among(args.ability, set(family.abilities))
        and among(args.model_engine,
                  {claim.engine for spec in family.specs for claim in spec.engines})
        and among(args.model_format, {spec.format for spec in family.specs})
        and among(args.hub, {hub.hub for spec in family.specs for hub in spec.hubs})
    )


def _summary(family: Family) -> dict[str, object]:
    def distinct(values: list[str]) -> list[str]:
        return list(dict.fromkeys(values))

    return {
        "name": family.name,
        "sizes": distinct([naming.normalize_size(spec.size_in_billions)
                           for spec in family.specs]),
        "formats": distinct([spec.format for spec in family.specs]),
        "engines": distinct([claim.engine for spec in family.specs for claim in spec.engines]),
        "abilities": family.abilities,
        "context_length": family.context_length,
        "deprecated": family.deprecated is not None,
    }


def _print_table(families: list[Family], manifest: Manifest) -> None:
    rows = [("NAME", "SIZES (B)", "FORMATS", "ENGINES", "ABILITIES")]
    for family in families:
        summary = _summary(family)
        name = f"{family.name} (deprecated)" if family.deprecated else family.name
        cells = [name]
        for key in ("sizes", "formats", "engines", "abilities"):
            values = summary[key]
            cells.append(", ".join(values) if isinstance(values, list) else str(values))
        cells[1] = cells[1].replace("_", ".")
        rows.append((cells[0], cells[1], cells[2], cells[3], cells[4]))
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    for row in rows:
        print("  ".join([*(row[i].ljust(widths[i]) for i in range(4)), row[4]]).rstrip())
    if not families:
        print(f"none of the {len(manifest.families)} families fits")
