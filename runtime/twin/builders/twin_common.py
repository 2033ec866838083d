"""What the builders share: a job comes in as JSON, results go out as JSON, one file an item.

A result is written when its item is finished, so that the caller knows what a tool that crashed in
the middle had done, and which item it was at.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

Item = dict[str, Any]


def run(build: Callable[[Item, Any], Item], prepare: Callable[[Item], Any]) -> int:
    """Read the job named on the command line and work through its items.

    Args:
        build: Makes one item from it and what `prepare` returned; returns facts for the record.
        prepare: Called once with the job.
    """
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    results = Path(job["results"])
    prepared = prepare(job)
    for item in job["items"]:
        put(results / f"{item['id']}.began", {})
        try:
            outcome = {"made": True, **build(item, prepared)}
        except Exception as error:
            traceback.print_exc()
            outcome = {"made": False, "reason": reason(error)}
        put(results / f"{item['id']}.json", outcome)
    return 0


def reason(error: BaseException) -> str:
    """An error in one line."""
    text = " ".join(str(error).split()) or "no reason given"
    return f"{type(error).__name__}: {text}"[:400]


def put(path: Path, value: Item) -> None:
    """Write a JSON file whole or not at all."""
    fresh = path.with_name(f".{path.name}")
    fresh.write_text(json.dumps(value, sort_keys=True), encoding="utf-8")
    fresh.replace(path)


def versions(*distributions: str) -> dict[str, str]:
    """The installed versions of some distributions."""
    from importlib import metadata

    return {name: metadata.version(name) for name in distributions}


def quiet() -> None:
    """Settings that keep libraries from asking hubs and from using more than one thread.

    One thread: sums of floating-point numbers then come out the same on any number of cores.
    """
    os.environ.update({"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false",
                       "TRANSFORMERS_VERBOSITY": "error"})
