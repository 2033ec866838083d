"""Reading YAML: our reader beside PyYAML's ways of loading, as ratios in the same run.

Run by `python tests/bench/bench_read.py`. Fails when the reader is not the several times faster
than the pure-Python loader that was the reason to build on libyaml.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import yaml
from yaml.cyaml import CParser

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from compiler.read import parse as reader  # noqa: E402
from compiler.read.nodes import plain  # noqa: E402
from compiler.read.pure import PureParser  # noqa: E402
from compiler.schema.validate import validate  # noqa: E402

RUNS = 5
#: The pure-Python loader must take at least this many times as long as the reader.
FACTOR = 4


def large_family() -> str:
    """The seed family with many more specs."""
    text = (ROOT / "specs/families/seed-oss.yaml").read_text(encoding="utf-8")
    head, specs = text.split("specs:\n", 1)
    return f"{head}specs:\n{specs * 40}"


def best(function: Callable[[], object]) -> float:
    """Shortest of several runs, in seconds."""
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        function()
        times.append(time.perf_counter() - started)
    return min(times)


def events(parser: Callable[[str], object], text: str) -> None:
    """Run through all events of a parser."""
    get = parser(text).get_event  # type: ignore[attr-defined]
    while not isinstance(get(), yaml.StreamEndEvent):
        pass


def pure(data: bytes) -> object:
    """Our reader over PyYAML's pure-Python parser."""
    kept = reader._Parser
    reader._Parser = PureParser
    try:
        return reader.parse(data, "f")
    finally:
        reader._Parser = kept


def main() -> int:
    """Print a table; 1 when libyaml has lost its advantage."""
    text = large_family()
    data = text.encode()
    tree, findings = reader.parse(data, "f")
    assert tree is not None
    assert not findings
    plain(tree)
    ways: dict[str, Callable[[], object]] = {
        "read (positions, C parser)": lambda: reader.parse(data, "f"),
        "events only, C parser": lambda: events(CParser, text),
        "compose(), C loader": lambda: yaml.compose(text, yaml.CSafeLoader),
        "load(), C loader": lambda: yaml.load(text, yaml.CSafeLoader),
        "read (positions, pure parser)": lambda: pure(data),
        "load(), pure loader": lambda: yaml.load(text, yaml.SafeLoader),
        "schema": lambda: validate(tree, "family", "f"),
    }
    times = {name: best(way) for name, way in ways.items()}
    ours = times["read (positions, C parser)"]
    print(f"a family of {len(data) // 1000} kB")
    for name, taken in times.items():
        print(f"{name:<32} {taken * 1000:7.1f} ms  {taken / ours:5.2f} ×")
    return 0 if times["load(), pure loader"] > FACTOR * ours else 1


if __name__ == "__main__":
    raise SystemExit(main())
