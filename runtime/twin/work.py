"""Runs a builder over a list of items, in the tool's own interpreter."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from runtime import logs
from runtime.engines.base import key_line
from runtime.process import Supervised

BUILDERS = Path(__file__).with_name("builders")
_ENVIRONMENT: dict[str, str | None] = {
    "PYTHONPATH": None, "PYTHONHOME": None, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0",
    # One thread each: sums come out the same on any number of cores.
    "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
}
_POLL = 0.2

Item = dict[str, Any]


def run(python: Path, builder: str, job: Item, items: Sequence[Item], folder: Path,
        ) -> Iterator[tuple[Item, Item]]:
    """Work through `items`, each with the field `id`; yields an item and its result when done.

    A tool that dies is started again for what is left after the item that it died at.

    Args:
        python: The tool's interpreter.
        builder: Name of the script in `builders/`, without `.py`.
        job: What all items share.
        items: The items.
        folder: An existing folder for what is not kept.

    Yields:
        Results: `made` and, where it is false, `reason`.
    """
    left = list(items)
    while left:
        results = folder / "results"
        shutil.rmtree(results, ignore_errors=True)
        results.mkdir()
        path = folder / f"{builder}.json"
        path.write_text(json.dumps({**job, "results": str(results), "items": left}),
                        encoding="utf-8")
        done = 0
        log = logs.new_log(f"twin-{builder}")
        # `-s`: the user's own packages are not the tool's. Its folder comes first on the path.
        argv = [str(python), "-s", str(BUILDERS / f"{builder}.py"), str(path)]
        with Supervised.start(argv, log, environment=_ENVIRONMENT, folder=folder) as process:
            while done < len(left):
                end = process.wait(_POLL)
                while done < len(left) and (result := _result(results, left[done])) is not None:
                    yield left[done], result
                    done += 1
                if end is not None:
                    break
        if done < len(left):
            reason = _reason(log)
            # Nothing was begun: the preparation failed, and would again.
            began = (results / f"{left[done]['id']}.began").exists()
            failed = left[done:done + 1] if began else left[done:]
            for item in failed:
                yield item, {"made": False, "reason": reason}
            done += len(failed)
        left = left[done:]


def _result(results: Path, item: Item) -> Item | None:
    try:
        found = json.loads((results / f"{item['id']}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _reason(log: Path) -> str:
    key = key_line(logs.tail(log), ())
    if key is None:
        return "the tool ended early and said nothing"
    said = f"{key.reason}: {key.line}" if key.reason else key.line
    return f"the tool ended early; its log says: {said}"
