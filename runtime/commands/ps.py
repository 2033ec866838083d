"""`runtime ps`: what runs."""

from __future__ import annotations

import argparse
import json

from runtime import running
from runtime.errors import ExitCode
from runtime.options import add_format_argument


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    add_format_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Print one line for each running server."""
    servers = running.alive()
    if args.format == "json":
        print(json.dumps([_plain(entry) for entry in servers], indent=2, ensure_ascii=False))
        return ExitCode.OK
    if not servers:
        print("nothing is running")
        return ExitCode.OK
    rows = [("ID", "COMBINATION", "MODEL", "BASE URL", "STATE", "SINCE"), *(
        (entry.id, entry.combination, entry.served_model_name, entry.base_url,
         "ready" if entry.ready else "starting", entry.started) for entry in servers)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        print("  ".join(cells).rstrip())
    return ExitCode.OK


def _plain(entry: running.Running) -> dict[str, object]:
    return {
        "id": entry.id, "combination": entry.combination, "engine": entry.engine,
        "provider": entry.provider, "engine_version": entry.version,
        "served_model_name": entry.served_model_name, "base_url": entry.base_url,
        "port": entry.port, "pid": entry.engine_pid, "log": str(entry.log),
        "started": entry.started, "detached": entry.detached, "ready": entry.ready}
