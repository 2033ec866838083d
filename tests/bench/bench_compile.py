"""`compiler build` and `compiler check` as whole processes, cold and warm, beside their floor.

    python -m tests.bench.bench_compile [--quick] [--sizes 160,1000,10000] [--json FILE]

The catalogues: this project's own; the imported Xinference catalogue, where `MODELBOOK_CORPUS`
names the folder that holds it; and synthetic ones (`tests/bench/synthetic.py`). The floor
(`tests/bench/floor.py`) is measured in the same run, so that a ratio says something on any machine.
Nothing is asserted about time; that the output is the same with and without the cache, and with one
and two processes, is.

- `cold` compiles everything with `--no-cache` into a new folder.
- `nothing` has a cache and a built folder, and no file has changed; with `one`, one has.

Times are from start to end. Ratios are those of processor time to the floor's, which other load on
the machine disturbs less. Memory is that of all processes together at their peak, shared pages
counted once, where the system tells (Linux), else that of the largest process.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench import synthetic  # noqa: E402
from tests.bench.memory import Peak  # noqa: E402

QUICK_SIZE = 20
#: From this size on everything is run once.
LARGE = 5000
CORPUS_FILE = "xinference-llm-dev.json"
#: Column → title, of everything that is measured of a catalogue.
MEASURED = {"build_cold": "cold build", "build_cold_one_process": "one process",
            "build_nothing": "nothing changed", "build_one": "one changed",
            "check_cold": "cold check", "check_nothing": "nothing changed",
            "check_one": "one changed"}


@dataclass(frozen=True)
class Run:
    """One process.

    Attributes:
        seconds: From start to end.
        cpu: Seconds of processor time, its children's too.
        megabytes: Peak memory.
        output: What it printed.
    """

    seconds: float
    cpu: float
    megabytes: float
    output: str


class Bench:
    """Measures in a folder of its own, with a cache of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = os.environ | {"PYTHONPATH": str(ROOT),
                                         "MODELBOOK_CACHE": str(folder / "cache")}
        # Installed programs have their bytecode; without it every start compiles the compiler.
        self.environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def run(self, *arguments: str, fails: bool = False) -> Run:
        """Run Python once."""
        started = time.perf_counter()
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=output,
                                       stderr=subprocess.STDOUT, env=self.environment)
            with Peak(process.pid) as peak:
                _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            text = output.read().decode()
        if process.returncode and not fails:
            raise SystemExit(f"{' '.join(arguments)}\n{text}")
        unit = 1 if sys.platform == "darwin" else 1024
        largest = usage.ru_maxrss * unit / 1e6
        return Run(seconds, usage.ru_utime + usage.ru_stime, peak.megabytes or largest, text)

    def best(self, rounds: int, *arguments: str, before: Callable[[], None] = lambda: None,
             fails: bool = False) -> Run:
        """The quickest of several runs, `before` called before each."""
        runs = []
        for _ in range(rounds):
            before()
            runs.append(self.run(*arguments, fails=fails))
        return min(runs, key=lambda run: run.seconds)

    def measure(self, name: str, specs: Path, rounds: int, profile: str = "modelbook",
                ) -> dict[str, object]:
        """All figures of one catalogue."""
        out, cold_out = self.folder / "out", self.folder / "cold"
        families = sorted((specs / "families").glob("*.yaml"))
        build = ("-m", "compiler.cli", "build", "--specs", str(specs), "--keep-claims",
                 "--profile", profile, "--out")
        check = ("-m", "compiler.cli", "check", "--specs", str(specs), "--no-info")

        def remove() -> None:
            shutil.rmtree(cold_out, ignore_errors=True)

        def change() -> None:
            with families[len(families) // 2].open("a", encoding="utf-8") as stream:
                stream.write("# another line\n")

        runs = {
            "build_cold_one_process": self.best(
                min(rounds, 2), *build, str(cold_out), "--no-cache", "--jobs", "1", before=remove),
            "build_cold": self.best(rounds, *build, str(cold_out), "--no-cache", before=remove),
            "check_cold": self.best(rounds, *check, "--no-cache", fails=True),
        }
        for _ in range(2):  # what the first one wrote, the second one reads and remembers
            self.run(*build, str(out))
            self.run(*check, fails=True)
        runs |= {
            "build_nothing": self.best(rounds, *build, str(out)),
            "check_nothing": self.best(rounds, *check, fails=True),
            "build_one": self.best(rounds, *build, str(out), before=change),
            "check_one": self.best(rounds, *check, before=change, fails=True),
        }
        self.run(*build, str(out))
        self.run(*build, str(cold_out), "--no-cache", "--jobs", "2")
        if tree(out) != tree(cold_out):
            raise SystemExit(f"{name}: the output with the cache differs from that without")
        floor = self.floor(specs, out, profile, min(rounds, 3))
        shutil.rmtree(out)
        remove()
        figures: dict[str, object] = {"catalogue": name, "families": len(families), **floor}
        for key in MEASURED:
            run = runs[key]
            figures[key] = {"seconds": run.seconds, "cpu": run.cpu, "megabytes": run.megabytes}
        return figures

    def floor(self, specs: Path, out: Path, profile: str, rounds: int) -> dict[str, object]:
        """The least that a cold build can cost, in seconds of processor time."""
        arguments = ("-m", "tests.bench.floor", str(specs), str(out), profile)
        found = [json.loads(self.run(*arguments).output) for _ in range(rounds)]
        size = found[0].pop("bytes")
        for parts in found:
            parts.pop("bytes", None)
        parts = {"python": self.best(5, "-c", "pass").cpu,
                 **min(found, key=lambda parts: sum(parts.values()))}
        return {"yaml_bytes": size, "floor": sum(parts.values()), "floor_parts": parts}


def tree(folder: Path) -> dict[str, str]:
    """Path → SHA-256 of every file."""
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file()}


def runtime_figures(bench: Bench, specs: Path, rounds: int) -> dict[str, dict[str, float]]:
    """The launcher's verbs on the manifest of a catalogue."""
    out = bench.folder / "runtime"
    bench.run("-m", "compiler.cli", "build", "--specs", str(specs), "--out", str(out), "--no-cache")
    manifest = ("--manifest", str(out / "manifest.json"))
    name = synthetic.name(5)
    size = synthetic.SIZES[5 % len(synthetic.SIZES)]
    verbs = {
        "bare Python": ("-c", "pass"),
        "list smol": ("-m", "runtime.cli", "list", "smol", *manifest),
        "show": ("-m", "runtime.cli", "show", name, *manifest),
        "launch --dry-run": (
            "-m", "runtime.cli", "launch", "--dry-run", "--model-name", name,
            "--model-engine", "llama.cpp", "--model-format", "ggufv2",
            "--size-in-billions", size, "--hub", "huggingface", *manifest),
    }
    runs = {label: bench.best(rounds, *arguments) for label, arguments in verbs.items()}
    shutil.rmtree(out)
    return {label: {"seconds": run.seconds, "cpu": run.cpu} for label, run in runs.items()}


def print_table(rows: Sequence[dict[str, object]]) -> None:
    """The figures, each with its ratio to the floor; one line a catalogue and measure."""
    for row in rows:
        floor = float(row["floor"])  # type: ignore[arg-type]
        parts: dict[str, float] = row["floor_parts"]  # type: ignore[assignment]
        print(f"\n{row['catalogue']}: {row['families']} families, "
              f"{float(row['yaml_bytes']) / 1e6:.1f} MB of YAML")  # type: ignore[arg-type]
        told = ", ".join(f"{part} {seconds:.2f}" for part, seconds in parts.items())
        print(f"  {'floor':<24}{'':>10}{floor:8.2f} s CPU   1.0 ×   ({told})")
        for key, title in MEASURED.items():
            run: dict[str, float] = row[key]  # type: ignore[assignment]
            verb = "build: " if key.startswith("build") and "build" not in title else (
                "check: " if key.startswith("check") and "check" not in title else "")
            print(f"  {verb + title:<24}{run['seconds']:8.2f} s{run['cpu']:8.2f} s CPU"
                  f"{run['cpu'] / floor:6.1f} ×{run['megabytes']:6.0f} MB")


def print_runtime(launcher: dict[str, dict[str, dict[str, float]]]) -> None:
    """The launcher's figures, each with its ratio to a bare Python process."""
    for size, figures in launcher.items():
        bare = figures["bare Python"]["cpu"]
        print(f"\nruntime on {size} families")
        for verb, run in figures.items():
            print(f"  {verb:<24}{run['seconds']:8.2f} s{run['cpu']:8.2f} s CPU"
                  f"{run['cpu'] / bare:6.1f} ×")


def catalogues(bench: Bench, sizes: Sequence[int], *, quick: bool) -> dict[str, tuple[Path, str]]:
    """Name → specs folder and profile, of everything but the synthetic ones."""
    found = {}
    if not quick:
        found["own"] = (Path(shutil.copytree(ROOT / "specs", bench.folder / "own")), "modelbook")
    corpus = os.environ.get("MODELBOOK_CORPUS")
    if corpus and not quick:
        specs = bench.folder / "corpus"
        path = Path(corpus) / CORPUS_FILE if Path(corpus).is_dir() else Path(corpus)
        bench.run("-m", "compiler.cli", "import", "xinference", str(path), "--out", str(specs))
        found["corpus"] = (specs, "xinference")
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print the figures and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help=f"one catalogue of {QUICK_SIZE}")
    parser.add_argument("--sizes", default="160,1000,10000", help="families, with commas")
    parser.add_argument("--rounds", type=int, default=5, help="of the small catalogues")
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "bench.json")
    args = parser.parse_args(argv)
    sizes = [QUICK_SIZE] if args.quick else [int(size) for size in args.sizes.split(",") if size]
    rounds = 1 if args.quick else args.rounds
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    machine = {"processor": platform.processor() or platform.machine(), "cores": cores,
               "python": platform.python_version(), "load_before": os.getloadavg()[0]}
    rows: list[dict[str, object]] = []
    launcher: dict[str, dict[str, dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(Path(name))
        for title, (specs, profile) in catalogues(bench, sizes, quick=args.quick).items():
            rows.append(bench.measure(title, specs, rounds, profile))
        for size in sizes:
            specs = synthetic.write(size, Path(name) / f"synthetic-{size}")
            rows.append(bench.measure("synthetic", specs, 1 if size >= LARGE else rounds))
            launcher[str(size)] = runtime_figures(bench, specs, rounds)
            shutil.rmtree(specs)
    print_table(rows)
    print_runtime(launcher)
    print(f"\n{cores} cores; load average before: {machine['load_before']:.1f}")
    args.json.parent.mkdir(parents=True, exist_ok=True)
    args.json.write_text(json.dumps({"machine": machine, "compiler": rows, "runtime": launcher},
                                    indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
