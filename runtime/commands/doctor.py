"""`runtime doctor`: which engines work on this machine, and why the others do not."""

from __future__ import annotations

import argparse
import json

from runtime import doctor
from runtime.doctor import Diagnosis, Resources
from runtime.engines import find_engine
from runtime.errors import ExitCode, shown
from runtime.locate import add_manifest_argument, load_manifest
from runtime.machine import Machine
from runtime.options import add_format_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("engine", nargs="?", metavar="ENGINE",
                        help="look at this engine only; any case (default: all)")
    add_manifest_argument(parser)
    add_format_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Print what works; 0 if some engine that was asked about does."""
    manifest = load_manifest(args)
    engines = [find_engine(manifest, args.engine)] if args.engine else manifest.engines
    machine, resources = Machine.here(), doctor.resources()
    found = doctor.examine(engines, machine)
    if args.format == "json":
        import msgspec

        print(json.dumps({"machine": machine.kind(), "resources": msgspec.to_builtins(resources),
                          "engines": msgspec.to_builtins(found)}, indent=2, ensure_ascii=False))
    else:
        _print(machine, resources, found, whole=bool(args.engine))
    return ExitCode.OK if any(each.state == "works" for each in found) else ExitCode.FAILED


def _print(machine: Machine, resources: Resources, found: list[Diagnosis], *, whole: bool) -> None:
    kind = machine.kind()
    flags = kind["cpu_flags"]
    print(f"machine  {kind['system']} on {kind['processor']}, {kind['cpu']}")
    print(f"         {', '.join(machine.accelerators)}; instruction sets "
          f"{', '.join(flags) if isinstance(flags, list) and flags else 'unknown'}")
    if isinstance(names := kind.get("gpus"), list):
        print(f"         {', '.join(map(str, names))}")
    print(f"memory   {doctor.gib(resources.memory_free)} of {doctor.gib(resources.memory)} "
          "available" + (", by the limit of its control group" if resources.memory_limited else ""))
    print(f"disk     {doctor.gib(resources.disk_free)} free for {resources.folder}")
    for warning in resources.warnings:
        print(f"warning: {warning}")
    print()
    names = [(each.engine, each.provider, each.state, each.version) for each in found]
    widths = [max(len(row[column]) for row in names) for column in range(4)]
    for each, row in zip(found, names, strict=True):
        notes = [*([each.fix] if each.fix else []), *each.reasons, *_limits(each, whole=whole)]
        head = "  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=True))
        print(shown(f"{head}  {notes[0] if notes else ''}".rstrip()))
        for note in notes[1:]:
            print(shown(f"{'':<{sum(widths) + 8}}{note}"))


def _limits(each: Diagnosis, *, whole: bool) -> list[str]:
    """What it does not load here: one line for all, or every reason."""
    names = [f"{limit.format} ({', '.join(limit.quantizations)})" if limit.quantizations
             else limit.format for limit in each.limits]
    if whole:
        return [f"no {name}: {reason}" for name, limit in zip(names, each.limits, strict=True)
                for reason in limit.reasons]
    return [f"not {', '.join(names)}; why: runtime doctor {each.engine}"] if names else []
