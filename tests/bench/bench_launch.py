"""What the launcher adds to a bare engine's time until its first answer.

    MODELBOOK_TEST_HOME=DIR python -m tests.bench.bench_launch [ROUNDS]

DIR is a data folder with llama.cpp (xllamacpp) installed and SmolLM2 downloaded, as
`make test-engines` leaves it. Bare and launched runs alternate, so that both see the same machine.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from runtime.probe import Client
from tests.engines.conftest import RealBench

TOKENS = 128


def measure(argv: list[str], environment: dict[str, str], port: int, *, launched: bool,
            ) -> tuple[float, float]:
    """Seconds to the first answer, and tokens per second of a longer one."""
    client = Client("127.0.0.1", port, "smollm2")
    began = time.monotonic()
    process = subprocess.Popen(argv, env=environment, stderr=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    if launched:
        process.stdout.readline()
    else:
        while client.status("/health", 10) != 200:
            time.sleep(0.01)
        client.ask(chat=True, max_tokens=8, timeout=60)
    ready = time.monotonic() - began
    began = time.monotonic()
    answer = client.chat("Tell me a long story.", max_tokens=TOKENS, timeout=300)
    speed = (answer.completion_tokens or 0) / (time.monotonic() - began)
    process.send_signal(signal.SIGINT)
    process.communicate()
    return ready, speed


def main() -> None:
    """Print both medians and their difference."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    home = Path(os.environ["MODELBOOK_TEST_HOME"])
    with tempfile.TemporaryDirectory() as folder:
        bench = RealBench(Path(folder), home)
        arguments = bench.launch_arguments("--port", "18771", "--format", "json")
        launched = [sys.executable, "-m", "runtime.cli", *arguments]
        plan = json.loads(bench.run(*arguments, "--dry-run").stdout)
        bare = [word if word != "18771" else "18772" for word in plan["argv"]]
        environment = dict(bench.environment)
        for name, value in plan["environment"].items():
            if value is None:
                environment.pop(name, None)
            else:
                environment[name] = value
        results: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
        for _ in range(rounds):
            results[False].append(measure(bare, environment, 18772, launched=False))
            results[True].append(measure(launched, bench.environment, 18771, launched=True))
    for kind, name in ((False, "bare"), (True, "launched")):
        ready = statistics.median(result[0] for result in results[kind])
        speed = statistics.median(result[1] for result in results[kind])
        print(f"{name:<9} ready after {ready:5.2f} s   {speed:6.1f} tokens/s")
    added = [b[0] - a[0] for a, b in zip(results[False], results[True], strict=True)]
    print(f"added     {statistics.median(added):+.2f} s (median of {rounds} pairs)")


if __name__ == "__main__":
    main()
