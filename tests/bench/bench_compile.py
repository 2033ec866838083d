"""`compiler build` and `compiler check` as whole processes, cold and warm, beside their floor.

    python -m tests.bench.bench_compile [--quick] [--sizes 160,1000,10000] [--json FILE]

The catalogues: the imported Xinference catalogue, where `MODELBOOK_CORPUS` names its JSON file, and
synthetic ones (`tests/bench/synthetic.py`). The floor (`tests/bench/floor.py`) is measured in the
same run, so that the ratio says something on any machine. Nothing is asserted about time; that the
output is the same with and without the cache and with one and two processes is.

Times are from start to end; the ratio is that of processor time to the floor's, which other load on
the machine disturbs less. `cold` compiles everything with `--no-cache` into a new folder; `warm`
has a cache and a built folder, and one family has changed. Memory is the largest process at its
peak.
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

QUICK_SIZE = 20


@dataclass(frozen=True)
class Run:
    """One process: seconds from start to end, seconds of processor time (its children's too), and
    the peak memory of the largest process in MB."""

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

    def run(self, *arguments: str, fails: bool = False) -> Run:
        """Run Python once."""
        started = time.perf_counter()
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=output,
                                       stderr=subprocess.STDOUT, env=self.environment)
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            text = output.read().decode()
        if process.returncode and not fails:
            raise SystemExit(f"{' '.join(arguments)}\n{text}")
        unit = 1 if sys.platform == "darwin" else 1024
        return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e6, text)

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

        cold = self.best(rounds, *build, str(cold_out), "--no-cache", before=remove)
        single = self.best(min(rounds, 2), *build, str(cold_out), "--no-cache", "--jobs", "1",
                           before=remove)
        cold_check = self.best(rounds, *check, "--no-cache", fails=True)
        self.run(*build, str(out))
        self.run(*check, fails=True)
        warm = self.best(rounds, *build, str(out), before=change)
        warm_check = self.best(rounds, *check, before=change, fails=True)
        self.run(*build, str(out))
        self.run(*build, str(cold_out), "--no-cache", "--jobs", "2")
        if tree(out) != tree(cold_out):
            raise SystemExit(f"{name}: the output with the cache differs from that without")
        parts = min((json.loads(self.run("-m", "tests.bench.floor", str(specs), str(out),
                                         profile).output) for _ in range(min(rounds, 3))),
                    key=lambda parts: parts["parse"] + parts["render"] + parts["write"])
        bare = self.best(5, "-c", "pass").cpu
        floor = bare + parts["parse"] + parts["render"] + parts["write"]
        shutil.rmtree(out)
        remove()
        return {
            "catalogue": name, "families": len(families), "yaml_bytes": parts["bytes"],
            "floor": floor, "floor_parts": {"python": bare, **{
                part: parts[part] for part in ("parse", "render", "write")}},
            "build_cold": cold.seconds, "build_cold_one_process": single.seconds,
            "build_warm": warm.seconds, "check_cold": cold_check.seconds,
            "check_warm": warm_check.seconds, "build_cold_cpu": cold.cpu,
            "build_cold_one_process_cpu": single.cpu, "build_warm_cpu": warm.cpu,
            "check_cold_cpu": cold_check.cpu, "check_warm_cpu": warm_check.cpu,
            "build_cold_mb": cold.megabytes,
            "build_warm_mb": warm.megabytes,
        }


def tree(folder: Path) -> dict[str, str]:
    """Path → SHA-256 of every file."""
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file()}


def runtime_figures(bench: Bench, specs: Path, rounds: int) -> dict[str, float]:
    """Seconds of the launcher's verbs on the manifest of a catalogue."""
    out = bench.folder / "runtime"
    bench.run("-m", "compiler.cli", "build", "--specs", str(specs), "--out", str(out))
    manifest = ("--manifest", str(out / "manifest.json"))
    name = synthetic.name(5)
    size = synthetic.SIZES[5 % len(synthetic.SIZES)]
    figures = {label: bench.best(rounds, "-m", "runtime.cli", *arguments, *manifest).seconds
               for label, arguments in {
                   "list smol": ("list", "smol"),
                   "show": ("show", name),
                   "launch --dry-run": (
                       "launch", "--dry-run", "--model-name", name, "--model-engine", "llama.cpp",
                       "--model-format", "ggufv2", "--size-in-billions", size,
                       "--hub", "huggingface"),
               }.items()}
    shutil.rmtree(out)
    return figures


def print_table(rows: Sequence[dict[str, object]]) -> None:
    """The figures, each beside its ratio to the floor."""
    print(f"{'catalogue':<22}{'floor':>8}  {'cold build':>15}  {'1 process':>15}  "
          f"{'warm build':>15}  {'cold check':>15}  {'warm check':>15}  {'peak MB':>11}")
    for row in rows:
        floor = float(row["floor"])  # type: ignore[arg-type]
        cells = [f"{float(row[key]):7.2f} s {float(row[f'{key}_cpu']) / floor:4.1f} ×"  # type: ignore[arg-type]
                 for key in ("build_cold", "build_cold_one_process", "build_warm", "check_cold",
                             "check_warm")]
        name = f"{row['catalogue']} ({row['families']})"
        print(f"{name:<22}{floor:>6.2f} s  {'  '.join(cells)}  "
              f"{row['build_cold_mb']:>4.0f} / {row['build_warm_mb']:>4.0f}")


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print the table and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help=f"one catalogue of {QUICK_SIZE}")
    parser.add_argument("--sizes", default="160,1000,10000", help="families, with commas")
    parser.add_argument("--rounds", type=int, default=5, help="of the small catalogues")
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "bench.json")
    args = parser.parse_args(argv)
    sizes = [QUICK_SIZE] if args.quick else [int(size) for size in args.sizes.split(",") if size]
    rounds = 1 if args.quick else args.rounds
    rows = []
    launcher: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bench = Bench(folder)
        if (corpus := os.environ.get("MODELBOOK_CORPUS")) and not args.quick:
            specs = folder / "corpus"
            bench.run("-m", "compiler.cli", "import", "xinference", corpus, "--out", str(specs))
            rows.append(bench.measure("corpus", specs, rounds, "xinference"))
        for size in sizes:
            specs = synthetic.write(size, folder / f"synthetic-{size}")
            few = rounds if size <= 1000 else 1
            launcher[str(size)] = runtime_figures(bench, specs, rounds)
            rows.append(bench.measure("synthetic", specs, few))
            shutil.rmtree(specs)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    machine = {"processor": platform.processor() or platform.machine(), "cores": cores,
               "python": platform.python_version(), "load": os.getloadavg()[0]}
    print_table(rows)
    for size, figures in launcher.items():
        print(f"runtime on {size} families: " + ", ".join(
            f"{verb} {seconds:.2f} s" for verb, seconds in figures.items()))
    args.json.parent.mkdir(parents=True, exist_ok=True)
    args.json.write_text(json.dumps({"machine": machine, "compiler": rows, "runtime": launcher},
                                    indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
