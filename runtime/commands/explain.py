"""`runtime explain`: the combination that a wish comes to, and why each other one is refused."""

from __future__ import annotations

import argparse
import json
import shutil

from runtime import explain
from runtime.combination import Combination
from runtime.engines import environments
from runtime.errors import ExitCode, MisuseError, shown
from runtime.explain import INSTALLABLE, MISSING, READY, Considered, Question
from runtime.fit import longest_context
from runtime.locate import add_manifest_argument, load_manifest
from runtime.machine import Machine
from runtime.manifest import Manifest, Provider
from runtime.memory import human
from runtime.options import add_format_argument, positive
from runtime.room import OfMachine, Rooms, asked, unlimited
from runtime.select import find_family

_STATES = {READY: "ready to start", INSTALLABLE: "its engine must be installed first"}
_PLATFORMS = {"linux": ("cpu", "cuda", "rocm"), "darwin": ("cpu", "metal"),
              "win32": ("cpu", "cuda")}
#: So many families are tried for a wish that names none.
_SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    add = parser.add_argument
    add("name", nargs="?", metavar="NAME",
        help="family, as `runtime list` prints it (default: what fits of every family)")
    add("-e", "--model-engine", "--engine", dest="engine", metavar="ENGINE",
        help="this engine only; any case")
    add("-s", "--size-in-billions", dest="size", metavar="SIZE", help="this size only")
    add("-f", "--model-format", dest="model_format", metavar="FORMAT", help="this format only")
    add("-q", "--quantization", metavar="NAME", help="this quantization only")
    add("--ability", dest="abilities", action="append", default=[], metavar="NAME",
        help="an ability that it must claim, such as tools; can be repeated")
    add("--memory", metavar="AMOUNT",
        help="what it may take by estimate: 24GiB, 16G, or `any` for no limit (default: the memory "
             "of this machine, of its largest NVIDIA GPU for a provider that computes on that "
             "alone; no limit with --platform)")
    add("--context-length", metavar="N", type=positive,
        help="tokens that the estimate is for (default: as `runtime fit`)")
    add("--platform", choices=tuple(_PLATFORMS), metavar="SYSTEM",
        help="explain for another system (linux, darwin or win32) with any accelerator, instead of "
             "for this machine")
    add_manifest_argument(parser)
    add_format_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Explain; 0 if there is a combination that can be launched."""
    manifest = load_manifest(args)
    machine = _machine(args.platform)
    question = Question(
        machine=machine, here=args.platform is None, engine=args.engine,
        size=args.size, model_format=args.model_format, quantization=args.quantization,
        abilities=tuple(args.abilities), room=_room(args, machine),
        context_length=args.context_length)
    if args.engine and args.engine.casefold() not in {e.name.casefold() for e in manifest.engines}:
        raise MisuseError(f"there is no engine named {args.engine!r}", code="no-such-engine",
                          hint="engines: " + ", ".join(e.name for e in manifest.engines))
    readiness = _Readiness(here=question.here)
    if args.name is None:
        return _every_family(manifest, question, readiness, args)
    found = explain.explain(manifest, find_family(manifest, args.name), question, readiness)
    if args.format == "json":
        print(json.dumps(_as_json(found), indent=2, ensure_ascii=False))
    else:
        _print(found)
    return ExitCode.OK if found and not found[0].code else ExitCode.FAILED


def _room(args: argparse.Namespace, machine: Machine) -> Rooms:
    if args.memory is not None:
        rooms = asked(args.memory)
    else:
        rooms = OfMachine(machine) if args.platform is None else unlimited
    if rooms is unlimited and args.context_length is not None:
        raise MisuseError("--context-length is for the estimate of --memory",
                          hint="say how much memory there is")
    return rooms


class _Readiness:
    """Tells how ready providers are; each is looked up once."""

    def __init__(self, *, here: bool) -> None:
        self._here = here
        self._known: dict[tuple[str, str], int] = {}

    def __call__(self, c: Combination, provider: Provider) -> int:
        key = (c.engine.name, provider.name)
        if key not in self._known:
            self._known[key] = self._look(c, provider)
        return self._known[key]

    def _look(self, c: Combination, provider: Provider) -> int:
        if not self._here:
            return INSTALLABLE
        if not provider.requirements:
            return READY if provider.executable and shutil.which(provider.executable) else MISSING
        there = any(entry.provider == provider.name for entry in environments.installed(c.engine))
        return READY if there else INSTALLABLE


def _machine(platform: str | None) -> Machine:
    if platform is None:
        return Machine.here()
    return Machine(platform, "aarch64" if platform == "darwin" else "x86_64", _PLATFORMS[platform])


def _every_family(manifest: Manifest, question: Question, readiness: _Readiness,
                  args: argparse.Namespace) -> int:
    best: list[Considered] = []
    for family in manifest.families:
        found = explain.explain(manifest, family, question, readiness)
        best += found[:1] if found and not found[0].code else []
    if args.format == "json":
        print(json.dumps([_one(each) for each in best], indent=2, ensure_ascii=False))
    else:
        for each in best[:_SHOWN]:
            print(shown(f"{each.combination.id}  ({each.provider}; "
                        f"{_STATES[each.readiness]})"))
        if len(best) > _SHOWN:
            print(f"and {len(best) - _SHOWN} more families; narrow it with the options")
        if not best:
            print("nothing fits")
        for words in dict.fromkeys(each.room.words for each in best if each.room):
            print(f"what takes more than {words} by estimate was left out")
    return ExitCode.OK if best else ExitCode.FAILED


def _print(found: list[Considered]) -> None:
    fitting = [each for each in found if not each.code]
    if not fitting:
        print("nothing of it can be launched")
    else:
        chosen = fitting[0]
        print(shown(f"chosen   {chosen.combination.id}"))
        print(f"         by {chosen.provider}; {_STATES[chosen.readiness]}")
        print(f"         {_memory(chosen)}")
        print(shown(f"         {chosen.combination.launch_line}"))
        for line in explain.shortened(fitting[1:]):
            print(shown(f"also     {line}"))
    for (code, reason), group in explain.grouped(e for e in found if e.code).items():
        if code != "not-asked":
            plain = explain.is_plain(code)
            count = f", {_combinations(len(group))}" if plain else ""
            print(shown(f"refused  {reason.rstrip('.')} [{code}]{count}"))
            for line in () if plain else explain.shortened(group):
                print(shown(f"           {line}"))
    left = sum(each.code == "not-asked" for each in found)
    if left:
        print(f"{left} others were not asked for")


def _combinations(count: int) -> str:
    return "1 combination" if count == 1 else f"{count} combinations"


def _memory(each: Considered) -> str:
    if each.room is None:
        return "its memory is not considered"
    if each.estimate is None or each.memory is None:
        return f"what it takes is not known; there are {each.room.words}"
    told = (f"takes {human(each.memory)} of {each.room.words}, estimated {each.estimate.basis}")
    tokens = longest_context(each.combination, each.room.size)
    return f"{told}; {tokens} would fit" if tokens else told


def _one(each: Considered) -> dict[str, object]:
    return {"id": each.combination.id, "provider": each.provider,
            "installed": each.readiness == READY, **_memory_json(each)}


def _memory_json(each: Considered) -> dict[str, object]:
    """What it takes, and what there is; the latter null where no limit holds."""
    room = each.room and {"bytes": each.room.size, "source": each.room.source}
    if each.estimate is None or each.memory is None:
        return {"room": room}
    return {"memory": each.memory, "draft": each.estimate.draft,
            "from_lock": each.estimate.from_lock, "room": room}


def _as_json(found: list[Considered]) -> dict[str, object]:
    fitting = [each for each in found if not each.code]
    return {"chosen": {**_one(fitting[0]), "command": fitting[0].combination.launch_line}
            if fitting else None,
            "also": [_one(each) for each in fitting[1:]],
            "refused": [{"id": each.combination.id, "code": each.code, "reason": each.reason,
                         **(_memory_json(each) if each.code == "memory" else {})}
                        for each in found if each.code]}
