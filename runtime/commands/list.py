"""`runtime list`: families and what they come in."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence

from runtime.columns import Cell, fitted
from runtime.errors import MisuseError
from runtime.index import Listed, all_listed
from runtime.locate import add_manifest_argument, load_manifest
from runtime.manifest import Manifest


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
    _refuse_unknown(args, manifest, everything)
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


def _refuse_unknown(args: argparse.Namespace, manifest: Manifest,
                    families: Sequence[Listed]) -> None:
    """Tell a value that cannot fit anything from one that happens to fit nothing."""
    from runtime.abilities import KNOWN
    from runtime.hubs import TITLES

    def known(stated: Iterable[str], used: Iterable[list[str]]) -> list[str]:
        return list(dict.fromkeys([*stated, *(name for names in used for name in names)]))

    _refuse("ability", args.ability, known(KNOWN, (f.abilities for f in families)))
    _refuse("engine", args.model_engine, known((engine.name for engine in manifest.engines),
                                               (f.engines for f in families)))
    _refuse("format", args.model_format, known((known.name for known in manifest.formats),
                                               (f.formats for f in families)))
    _refuse("hub", args.hub, known((hub for hub in TITLES if hub != "local"),
                                   (f.hubs for f in families)))


def _refuse(word: str, wanted: str | None, known: list[str]) -> None:
    if wanted is None or wanted.casefold() in map(str.casefold, known):
        return
    from difflib import get_close_matches

    near = get_close_matches(wanted.casefold(), {name.casefold(): name for name in known}, n=1,
                             cutoff=0.5)
    meant = next((name for name in known if near and name.casefold() == near[0]), "")
    raise MisuseError(f"there is no {word} named {wanted!r}", code=f"no-such-{word}",
                      hint=(f"did you mean {meant}? " if meant else "")
                      + f"there are {', '.join(known)}", details={"known": known})


def _print_table(families: list[Listed]) -> None:
    rows: list[list[Cell]] = []
    for family in families:
        name = f"{family.name} (deprecated)" if family.deprecated else family.name
        sizes = [size.replace("_", ".") for size in family.sizes]
        rows.append([[name], sizes, family.formats, family.engines, family.abilities])
    lines, cut = fitted(["NAME", "SIZES (B)", "FORMATS", "ENGINES", "ABILITIES"], rows)
    for line in lines:
        print(line)
    if cut:
        print("\n+N stands for N more; `runtime show NAME`, `--format json` and a pipe have all")
