"""What checking costs: `runtime pull` beside the hub's bare client followed by sha256sum.

    python -m tests.bench.bench_download [--quick] [--rounds N]

Both are programs of their own that fetch the same files from the tests' hub on loopback, one after
the other in turns, so that both see the same machine. A ratio below 1 says that `runtime pull`,
which hashes what arrives, is done first or takes less of the processor. The second ratio is the one
to look at on a busy machine. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.support import catalogue

ROOT = Path(__file__).parents[2]
BARE = {
    "huggingface": "import huggingface_hub as h\n"
                   "for name in names: h.hf_hub_download('o/tiny', name, local_dir=folder)",
    "modelscope": "import modelscope_hub as m\n"
                  "api = m.HubApi()\n"
                  "for name in names: api.download_file('o/tiny', 'model', name, "
                  "local_dir=folder)",
}


def main() -> None:
    """Print the medians and their ratio for each hub, with one large file and with several."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--quick", action="store_true", help="less data, fewer rounds")
    parser.add_argument("--rounds", type=int, default=None, metavar="N")
    args = parser.parse_args()
    size = (48 if args.quick else 384) << 20
    rounds = args.rounds or (2 if args.quick else 5)
    with tempfile.TemporaryDirectory(prefix="modelbook-bench-") as folder:
        for parts in (1, 4):
            work = Path(folder) / str(parts)
            names = make(work / "hub/o/tiny", size, parts)
            with Serving(work / "hub") as url:
                for hub in BARE:
                    report(hub, names, work, url, size, rounds)


def make(folder: Path, size: int, parts: int) -> list[str]:
    """Files of random bytes, which no compression makes smaller."""
    folder.mkdir(parents=True)
    names = [f"tiny-Q8_0-{part:05}-of-{parts:05}.gguf" for part in range(1, parts + 1)]
    for name in names:
        source = random.Random(name)
        with (folder / name).open("wb") as stream:
            stream.write(b"GGUF\x03\0\0\0" + bytes(16))  # a model without tensors
            for _ in range(size // parts >> 20):
                stream.write(source.randbytes(1 << 20))
    return names


class Serving:
    """The tests' hub in a process of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __enter__(self) -> str:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.hubserver", str(self.root)], cwd=ROOT,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        return self.process.stdout.readline().split()[0].removeprefix("HF_ENDPOINT=")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.communicate()


def report(hub: str, names: list[str], work: Path, url: str, size: int, rounds: int) -> None:
    """Measure one hub and print a line."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_ENDPOINT": url,
                   "MODELSCOPE_ENDPOINT": url, "MODELSCOPE_DOWNLOAD_INTRA_CLOUD": "false",
                   "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1",
                   "HF_HOME": str(work / "hf"), "MODELSCOPE_CACHE": str(work / "ms"),
                   "MODELBOOK_HOME": str(work / "home")}
    parts = [f"{index:05}-of-{len(names):05}" for index in range(1, len(names) + 1)]
    source = catalogue.hub(hub, "o/tiny", ["Q8_0"], split_parts={"Q8_0": parts},
                           split_file_template="tiny-{quantization}-{part}.gguf")
    family = catalogue.family("tiny", [catalogue.spec(
        "ggufv2", "1", ["Q8_0"], [source], [catalogue.claim("llama.cpp", ["Q8_0"])])])
    manifest = catalogue.write(catalogue.manifest(family), work)
    bare_folder = work / "bare"
    code = f"names, folder = {names!r}, {str(bare_folder)!r}\n{BARE[hub]}"

    def bare() -> None:
        run([sys.executable, "-c", code], environment)
        run(["sha256sum", *(str(bare_folder / name) for name in names)], environment)

    def pull() -> None:
        run([sys.executable, "-m", "runtime.cli", "pull", "-n", "tiny", "--quiet", "--manifest",
             str(manifest)], environment)

    seconds: dict[str, list[tuple[float, float]]] = {"bare": [], "pull": []}
    for _ in range(rounds):
        for name, work_of in (("bare", bare), ("pull", pull)):
            for left in (bare_folder, work / "home", work / "hf", work / "ms"):
                shutil.rmtree(left, ignore_errors=True)
            seconds[name].append(timed(work_of))
    medians = {name: statistics.median(wall for wall, _ in each) for name, each in seconds.items()}
    ratios = [statistics.median(ours[kind] / theirs[kind] for ours, theirs in zip(
        seconds["pull"], seconds["bare"], strict=True)) for kind in (0, 1)]
    mebibytes = size / (1 << 20)
    print(f"{hub:<12} {len(names)} x {mebibytes / len(names):4.0f} MiB   client + sha256sum "
          f"{medians['bare']:6.2f} s ({mebibytes / medians['bare']:4.0f} MiB/s)   runtime pull "
          f"{medians['pull']:6.2f} s ({mebibytes / medians['pull']:4.0f} MiB/s)   "
          f"ratio {ratios[0]:.2f}, of processor time {ratios[1]:.2f}", flush=True)


def run(command: list[str], environment: dict[str, str]) -> None:
    """Run a program that must succeed."""
    done = subprocess.run(command, env=environment, check=False, cwd=ROOT, text=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if done.returncode:
        raise SystemExit(f"{command[:4]} failed: {done.stderr}")


def timed(work: Callable[[], None]) -> tuple[float, float]:
    """Seconds that it takes, and seconds of processor time of the programs that it runs."""
    began, used = time.monotonic(), children()
    work()
    return time.monotonic() - began, children() - used


def children() -> float:
    """Processor time of the programs that have ended."""
    times = os.times()
    return times.children_user + times.children_system


if __name__ == "__main__":
    main()
