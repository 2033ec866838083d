"""`runtime engines list|install|remove|probe`: the inference engines on this machine."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

from runtime import home
from runtime.engines import MODULES, environments, find_engine, probing
from runtime.errors import ExitCode, UserError
from runtime.interrupt import Terminated, raising_on_sigterm
from runtime.locate import add_manifest_argument, load_manifest
from runtime.machine import Machine
from runtime.manifest import Engine, Manifest, Provider
from runtime.options import add_format_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the sub-verbs."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="list|install|remove|probe")
    listing = verbs.add_parser("list", help="what there is, what is installed, what fits here",
                               allow_abbrev=False)
    install = verbs.add_parser("install", help="install an engine into an environment of its own",
                               allow_abbrev=False)
    remove = verbs.add_parser("remove", help="remove an installed engine", allow_abbrev=False)
    probe = verbs.add_parser("probe", help="ask an engine what its release has, into a file",
                             allow_abbrev=False)
    for each in (listing, install, remove, probe):
        add_manifest_argument(each)
        add_format_argument(each)
    for each in (install, remove, probe):
        each.add_argument("engine", metavar="ENGINE", help="such as llama.cpp; any case")
        each.add_argument("--provider", metavar="NAME",
                          help="which way to have it, as `runtime engines list` names them")
    install.add_argument("--for", dest="formats", action="append", default=[], metavar="FORMAT",
                         help="also install what this weight format needs; can be repeated")
    probe.add_argument("--engine-python", type=Path, metavar="FILE",
                       help="interpreter of an environment of your own that has the engine")
    probe.add_argument("--out", type=Path, metavar="FILE",
                       help="file to write (default: in a checkout specs/engines/facts/"
                            "ENGINE-VERSION.json, else the data folder)")


def run(args: argparse.Namespace) -> int:
    """Do what the sub-verb says."""
    manifest = load_manifest(args)
    if args.verb == "list":
        return _list(manifest, args)
    engine = find_engine(manifest, args.engine)
    if args.verb == "probe":
        return _probe(engine, args)
    if args.verb == "install":
        try:
            with raising_on_sigterm():
                entry = environments.install(engine, provider=args.provider, formats=args.formats,
                                             report=_say)
                _ask(engine, entry)
        except Terminated:
            return ExitCode.TERMINATED
        if args.format == "json":
            print(json.dumps(_plain(entry), ensure_ascii=False))
        else:
            print(f"{engine.name} {entry.version} ({entry.provider}) is ready in {entry.folder}")
        return ExitCode.OK
    for entry in environments.remove(engine, args.provider):
        print(f"removed {engine.name} {entry.version} ({entry.provider})")
    return ExitCode.OK


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _ask(engine: Engine, entry: environments.Installation) -> None:
    """Ask a new engine what it has, so that no launch need do it; it works without, too."""
    if probing.known(entry) is None:
        _say(f"asking {entry.provider} what it has")
        provider = next(each for each in engine.providers if each.name == entry.provider)
        try:
            probing.probe(entry, provider)
        except UserError as error:
            _say(f"note: {error.message}: {error.why}")


def _probe(engine: Engine, args: argparse.Namespace) -> int:
    installation, provider = environments.find(engine, provider=args.provider,
                                               python=args.engine_python)
    found = probing.probe(installation, provider)
    folder = probing.checkout_folder() or home.engines_folder() / engine.name.lower() / "probes"
    path = args.out or folder / found.file_name
    probing.write(found, path)
    kinds = {name: len(value) for name in (
        "architectures", "model_types", "quantization_methods", "tensor_types", "tool_parsers",
        "reasoning_parsers", "flags") if (value := getattr(found, name)) is not None}
    if args.format == "json":
        print(json.dumps({"file": str(path), "engine": found.engine, "provider": found.provider,
                          "version": found.version, "counts": kinds}, ensure_ascii=False))
    else:
        told = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in kinds.items())
        print(f"{found.engine} {found.version} ({found.provider}): {told}; written to {path}")
    return ExitCode.OK


def _list(manifest: Manifest, args: argparse.Namespace) -> int:
    machine = Machine.here()
    rows = [(engine, provider, *_state(engine, provider, machine))
            for engine in manifest.engines for provider in engine.providers]
    if args.format == "json":
        print(json.dumps([{"engine": engine.name, "provider": provider.name, "state": state,
                           "detail": detail, "launchable": engine.name.lower() in MODULES}
                          for engine, provider, state, detail in rows], indent=2,
                         ensure_ascii=False))
        return ExitCode.OK
    names = [(engine.name, provider.name, state) for engine, provider, state, _ in rows]
    widths = [max((len(name[column]) for name in names), default=0) for column in range(3)]
    for engine, provider, state, detail in rows:
        print(f"{engine.name:<{widths[0]}}  {provider.name:<{widths[1]}}  "
              f"{state:<{widths[2]}}  {detail}".rstrip())
    return ExitCode.OK


def _state(engine: Engine, provider: Provider, machine: Machine) -> tuple[str, str]:
    """One word and the rest of the sentence."""
    for entry in environments.installed(engine):
        if entry.provider == provider.name:
            return "installed", f"{entry.version} in {entry.folder}"
    if not provider.requirements and provider.executable:
        program = shutil.which(provider.executable)
        return ("found", program) if program else ("absent", f"no {provider.executable} on PATH")
    if why := machine.refuses(provider):
        return "unsupported", why
    if engine.name.lower() not in MODULES:
        return "known", "this version of Modelbook cannot start it yet"
    return "available", f"runtime engines install {engine.name} --provider {provider.name}"


def _plain(entry: environments.Installation) -> dict[str, object]:
    return {"engine": entry.engine, "provider": entry.provider, "version": entry.version,
            "python": str(entry.python), "executable": str(entry.executable or ""),
            "folder": str(entry.folder), "requirements": entry.requirements}
