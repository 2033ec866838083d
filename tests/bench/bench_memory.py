"""How far the estimates of memory are from what llama.cpp takes.

    MODELBOOK_TEST_HOME=DIR python -m tests.bench.bench_memory [--quick]

DIR is a data folder with llama.cpp (xllamacpp) installed, as `make test-engines` leaves it. Models
of growing size, growing context and with sliding windows are started with the command that the
launcher itself would run; each takes in a prompt and answers, and then its resident memory is
compared with `runtime.memory.estimate`. Without the engine nothing is measured, and it says so.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from runtime import gguf
from runtime.manifest import EngineClaim, Hub, Locked, LockedFile, Source, Spec
from runtime.memory import Estimate, estimate
from runtime.probe import Client
from tests.bench.growing import Shape, write
from tests.support.specs import manifest_bytes

ROOT = Path(__file__).parents[2]
#: Name → shapes with contexts, of which one thing grows.
SERIES: dict[str, list[tuple[Shape, int]]] = {
    "weights": [(Shape(width, layers), 4096) for width, layers in (
        (512, 8), (768, 10), (1024, 12), (1280, 14))],
    "context": [(Shape(512, 12), context) for context in (4096, 16384, 32768, 65536)],
    "window": [(Shape(512, 12, window=512), context) for context in (4096, 16384, 32768, 65536)],
}
#: A prompt of more tokens (most letters are one) than llama.cpp takes in at a time.
_PROMPT = " ".join(f"w{number % 253}" for number in range(85))


@dataclass(frozen=True, slots=True)
class Measured:
    """One model at one context.

    Attributes:
        series: What grows.
        estimate: What it was thought to take.
        taken: Resident bytes after it answered.
    """

    series: str
    estimate: Estimate
    taken: int

    @property
    def expected(self) -> int:
        """Weights and cache, without overhead."""
        return (self.estimate.weights or 0) + (self.estimate.cache or 0)

    @property
    def error(self) -> float:
        """By how much of the measured the whole estimate is over it; below 0: under it."""
        return (self.estimate.total or 0) / self.taken - 1


def plan(model: Path, context: int, home: Path, manifest: Path) -> dict[str, object] | None:
    """What the launcher would run; None where the engine is not installed."""
    arguments = ["launch", "-e", "llama.cpp", "-n", "smollm2", "-f", "ggufv2", "-q", "Q4_1",
                 "--provider", "xllamacpp", "--model-path", str(model), "--context-length",
                 str(context), "--port", str(free_port()), "--force", "--dry-run",
                 "--format", "json"]
    done = subprocess.run(
        [sys.executable, "-m", "runtime.cli", *arguments], check=False, capture_output=True,
        text=True, cwd=ROOT, env={**os.environ, "MODELBOOK_HOME": str(home),
                                  "MODELBOOK_MANIFEST": str(manifest), "PYTHONPATH": str(ROOT)})
    if done.returncode:
        raise SystemExit(f"the launcher does not plan it: {done.stdout}{done.stderr}")
    found: dict[str, object] = json.loads(done.stdout)
    engine = found["engine"]
    return found if isinstance(engine, dict) and engine["origin"] == "installed" else None


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def estimated(model: Path, context: int) -> Estimate:
    """What the product says of the file."""
    data = model.open("rb")
    with data:
        def read(start: int, end: int) -> bytes:
            data.seek(start)
            return data.read(end - start)

        attention = gguf.read_metadata(read, str(model)).attention
    size = LockedFile(path="m.gguf", size=model.stat().st_size)
    hub = Hub(hub="local", repo_id="m", quantizations=["F16"], file_template="m.gguf", locked=[
        Locked(repo_id="m", commit="c", checked="2026-01-01", files={"F16": [size]},
               attention=attention)])
    spec = Spec(format="ggufv2", size_in_billions="1", quantizations=["F16"], hubs=[hub],
                engines=[EngineClaim(engine="llama.cpp", quantizations=["F16"])],
                source=Source(file="", line=1))
    return estimate(spec, hub, "F16", engine="llama.cpp", context_length=context)


def taken(planned: dict[str, object]) -> int:
    """Start it, have it answer, and see what it takes."""
    argv = [str(word) for word in planned["argv"]]  # type: ignore[attr-defined]
    changes = planned["environment"]
    assert isinstance(changes, dict)
    environment = {name: value for name, value in {**os.environ, **changes}.items()
                   if value is not None}
    client = Client("127.0.0.1", int(argv[argv.index("--port") + 1]), "smollm2")
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(argv, env=environment, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + 120
            while client.status("/health", 10) != 200:
                if process.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    raise SystemExit(log.read()[-2000:].decode("utf-8", "replace"))
                time.sleep(0.05)
            client.complete(_PROMPT, max_tokens=4, timeout=300)
            root = psutil.Process(process.pid)
            return sum(one.memory_info().rss for one in (root, *root.children(recursive=True)))
        finally:
            process.kill()
            process.wait()


def slope(some: Sequence[Measured]) -> tuple[float, float]:
    """Least squares: bytes taken for each byte expected, and bytes taken besides."""
    count = len(some)
    middle = sum(one.expected for one in some) / count
    mean = sum(one.taken for one in some) / count
    above = sum((one.expected - middle) * (one.taken - mean) for one in some)
    below = sum((one.expected - middle) ** 2 for one in some)
    steep = above / below
    return steep, mean - steep * middle


def measure(home: Path, *, quick: bool = False) -> list[Measured]:
    """All series; empty where the engine is not installed."""
    found: list[Measured] = []
    with tempfile.TemporaryDirectory() as folder:
        manifest = Path(folder) / "manifest.json"
        manifest.write_bytes(manifest_bytes())
        for name, models in SERIES.items():
            for shape, context in models[:2] if quick else models:
                model = write(Path(folder) / "m.gguf", shape)
                planned = plan(model, context, home, manifest)
                if planned is None:
                    return []
                found.append(Measured(name, estimated(model, context), taken(planned)))
    return found


def main() -> int:
    """Print a table, and the slope of each series."""
    home = os.environ.get("MODELBOOK_TEST_HOME")
    if not home:
        print("skipped: MODELBOOK_TEST_HOME names no data folder with llama.cpp")
        return 0
    found = measure(Path(home), quick="--quick" in sys.argv)
    if not found:
        print(f"skipped: llama.cpp (xllamacpp) is not installed in {home}")
        return 0
    print("series    weights     cache  overhead  estimate  measured   error   (MB)")
    for one in found:
        parts = (one.estimate.weights or 0, one.estimate.cache or 0, one.estimate.overhead,
                 one.estimate.total or 0, one.taken)
        print(f"{one.series:8}" + "".join(f"{part / 1e6:10.0f}" for part in parts)
              + f"{one.error:+8.0%}")
    for name in SERIES:
        steep, besides = slope([one for one in found if one.series == name])
        print(f"{name}: {steep:.3f} bytes taken for each byte of weights and cache, "
              f"and {besides / 1e6:.0f} MB besides")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
