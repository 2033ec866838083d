"""Whole-process start-up of common commands, as ratios to a bare Python in the same run.

Run by `make bench`. Absolute times depend on the machine and its load; the ratios much less, since
a bare process is timed right before and after each command. Fails when a ratio leaves its bound.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNS = 15

LAUNCH = ("--model-engine", "llama.cpp", "--model-name", "smollm2", "--size-in-billions", "0_135",
          "--model-format", "ggufv2", "--quantization", "Q4_1")

#: What is run → the most that it may take, in times of a bare Python process.
COMMANDS: dict[str, tuple[tuple[str, ...], float]] = {
    "compiler check FAMILY": (
        ("-m", "compiler.cli", "check", "specs/families/seed-oss.yaml"), 25),
    "runtime list": (("-m", "runtime.cli", "list"), 12),
    "runtime launch --dry-run": (
        ("-m", "runtime.cli", "launch", "--dry-run", "--force", *LAUNCH), 16),
}


def seconds(arguments: tuple[str, ...]) -> float:
    """Wall time of one Python process."""
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=False, capture_output=True,
                   env=os.environ | {"PYTHONPATH": str(ROOT)})
    return time.perf_counter() - started


def measure(arguments: tuple[str, ...]) -> tuple[float, float]:
    """Median time of a command, and its ratio to the bare process timed around it."""
    seconds(arguments)  # compiles what is not yet compiled
    times, ratios = [], []
    for _ in range(RUNS):
        bare = seconds(("-c", "pass"))
        taken = seconds(arguments)
        bare = (bare + seconds(("-c", "pass"))) / 2
        times.append(taken)
        ratios.append(taken / bare)
    return statistics.median(times), statistics.median(ratios)


def main() -> int:
    """Print a table; 1 when a command is slower than its bound."""
    bare = statistics.median(seconds(("-c", "pass")) for _ in range(RUNS))
    print(f"{'bare Python':<26} {bare * 1000:6.0f} ms     1.0 ×")
    slow = 0
    for name, (arguments, bound) in COMMANDS.items():
        taken, ratio = measure(arguments)
        late = ratio > bound
        slow += late
        print(f"{name:<26} {taken * 1000:6.0f} ms  {ratio:6.1f} ×  (at most {bound:.0f} ×)"
              + ("  TOO SLOW" if late else ""))
    return 1 if slow else 0


if __name__ == "__main__":
    raise SystemExit(main())
