"""`runtime launch`: serve one combination until told to stop."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path

from runtime import launch, ports
from runtime.errors import ExitCode, shown
from runtime.fetch import ensure
from runtime.interrupt import Terminated, raising_on_sigterm
from runtime.launch import Prepared, Server
from runtime.locate import load_manifest
from runtime.options import add_combination_arguments, drafted, fetch_options, wish
from runtime.progress import reporter
from runtime.readiness import ended
from runtime.request import DEFAULT_TIMEOUT, Request
from runtime.select import select

PASSES_ON = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    add_combination_arguments(parser)
    parser.usage = "%(prog)s [options] [-- ENGINE OPTIONS]"
    parser.epilog = "What follows `--` is passed on to the engine as it is."
    add_engine_arguments(parser)
    group = parser.add_argument_group("how it is served")
    add = group.add_argument
    add("--host", default="127.0.0.1", metavar="ADDRESS",
        help="address to listen on (default: 127.0.0.1, this machine only)")
    add("--port", type=int, metavar="N", help="TCP port (default: the first free from 8000)")
    add("--context-length", type=int, metavar="TOKENS", help="prompt and answer of one request")
    add("--served-model-name", metavar="NAME",
        help="model name for requests, where the engine can choose it (default: the family)")
    add("--api-key-file", type=Path, metavar="FILE",
        help="file with the key that requests must carry")
    add("--trust-remote-code", action="store_true",
        help="run Python code that comes with the weights")
    add("--detach", action="store_true", help="leave it running and return once it answers")
    add("--dry-run", action="store_true", help="print what would be done, and do nothing")


def add_engine_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that `verify` has as well."""
    group = parser.add_argument_group("the engine on this machine")
    group.add_argument("--provider", metavar="NAME",
                       help="which way to have the engine, as `runtime engines list` names them")
    group.add_argument("--engine-python", type=Path, metavar="FILE",
                       help="interpreter of an environment of your own that has the engine")
    group.add_argument("--timeout", type=float, default=DEFAULT_TIMEOUT, metavar="SECONDS",
                       help="time until it must have answered (default: %(default).0f)")
    group.add_argument("--tensor-parallel-size", type=int, metavar="N",
                       help="GPUs that share each layer; it must divide the attention heads")
    group.add_argument("--gpus", metavar="INDICES", help="GPUs to use, such as 0 or 0,1")
    group.add_argument("--gpu-memory-fraction", type=float, metavar="PART",
                       help="part of each GPU's memory that the engine may take, such as 0.8")


def run(args: argparse.Namespace) -> int:
    """Launch, wait, and explain the end."""
    launch.check_platform()
    request = _request(args)
    combination = drafted(select(load_manifest(args), wish(args)), args)
    if args.dry_run:
        _print_plan(launch.planned(combination, request), args)
        return ExitCode.OK
    with raising_on_sigterm():
        try:
            return _serve(launch.prepare(combination, request), args)
        except Terminated:
            _say("stopped by SIGTERM")
            return ExitCode.TERMINATED
        except KeyboardInterrupt:
            _say("stopped by Ctrl-C")
            return ExitCode.INTERRUPTED


def _request(args: argparse.Namespace) -> Request:
    return Request(
        host=args.host, port=args.port, context_length=args.context_length, provider=args.provider,
        engine_python=args.engine_python, tensor_parallel_size=args.tensor_parallel_size,
        gpus=args.gpus, gpu_memory_fraction=args.gpu_memory_fraction,
        served_model_name=args.served_model_name,
        api_key=launch.read_api_key(args.api_key_file) if args.api_key_file else None,
        trust_remote_code=args.trust_remote_code, timeout=args.timeout, force=args.force,
        extra=tuple(args.passed_on))


def _serve(prepared: Prepared, args: argparse.Namespace) -> int:
    with ports.reserve(args.host, args.port) as port:
        located = ensure(prepared.combination, fetch_options(args),
                         reporter(silent=args.format == "json"))
        if (warning := launch.exposure_note(args.host, prepared.request.api_key)) is not None:
            _say(f"warning: {warning}")
        for note in prepared.notes:
            _say(f"note: {note}")
        _say(f"starting {prepared.title} on port {port.number}")
        with launch.start(prepared, located.model, port, report=_say) as server:
            _print_ready(server, args)
            if args.detach:
                server.detach()
                return ExitCode.OK
            return _wait(server)


def _wait(server: Server) -> int:
    while (end := server.process.wait(3600.0)) is None:
        pass
    if end.code == 0 or end.signal in (signal.SIGTERM, signal.SIGINT):
        _say(f"{server.target.title} was stopped")
        return ExitCode.OK
    raise ended(server.target, end)


def _print_ready(server: Server, args: argparse.Namespace) -> None:
    entry = server.entry
    if args.format == "json":
        print(json.dumps({
            "id": entry.id, "combination": entry.combination, "engine": entry.engine,
            "provider": entry.provider, "engine_version": entry.version,
            "base_url": entry.base_url, "served_model_name": entry.served_model_name,
            "port": entry.port, "pid": entry.engine_pid, "log": str(entry.log),
            "seconds": round(server.seconds, 3), "curl": server.curl(args.api_key_file),
            "detached": args.detach}, ensure_ascii=False), flush=True)
        return
    lines = [f"{entry.combination} answers after {server.seconds:.1f} s",
             f"  base URL  {entry.base_url}",
             f"  model     {entry.served_model_name}",
             f"  log       {entry.log}",
             "  try it:", f"    {server.curl(args.api_key_file)}"]
    lines += [f"  note: {note}" for note in server.command.notes]
    lines.append(f"  stop it: runtime stop {entry.id}" if args.detach else "  stop it: Ctrl-C")
    print(shown("\n".join(lines)), flush=True)


def _print_plan(prepared: Prepared, args: argparse.Namespace) -> None:
    from runtime.plan import launch_plan, plan_lines

    plan = launch_plan(prepared, fetch_options(args), args.api_key_file)
    if args.format == "json":
        print(json.dumps(plan, indent=2, ensure_ascii=False, default=str))
    else:
        print(shown("\n".join(plan_lines(plan))))


def _say(line: str) -> None:
    print(shown(line), file=sys.stderr, flush=True)
