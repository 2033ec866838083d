"""Twins in GGUF for real: built by the real tools, launched by the real engine.

The tools are installed into the data folder of the other engine tests; llama.cpp's quantizer is
compiled then, which takes some minutes.
"""

import json
from pathlib import Path

import pytest

from runtime.twin import record

pytestmark = [pytest.mark.engine, pytest.mark.slow]

#: A split one, a vendor's mix with few bits, and a plain one.
QUANTIZATIONS = ("BF16", "UD-IQ1_S", "Q4_K_M")


@pytest.fixture(scope="module")
def twin(engine_home, tmp_path_factory):
    """Builds a part of the twin of seed-oss."""
    from tests.engines.conftest import RealBench

    bench = RealBench(tmp_path_factory.mktemp("twin"), engine_home)
    root = tmp_path_factory.mktemp("twin") / "a twin"

    def build(quantization: str, out: Path = root) -> dict[str, object]:
        done = bench.run("twin", "seed-oss", "--out", str(out), "--model-format", "ggufv2",
                         "--quantization", quantization, "--format", "json", timeout=3000)
        assert done.returncode == 0, done.stderr
        [made] = json.loads(done.stdout)["builds"]
        return made

    for quantization in QUANTIZATIONS:
        assert build(quantization)["state"] == "built"
    return root, build, bench


def test_every_quantization_says_what_it_was_taught(twin):
    root, _, bench = twin
    for quantization in QUANTIZATIONS:
        done = bench.run("verify", f"seed-oss/36/ggufv2/{quantization}/llama.cpp", "--twin",
                         str(root), "--provider", "xllamacpp", "--format", "json", timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        [found] = json.loads(done.stdout)["records"]
        assert found["weights"] == "twin"
        assert found["twin"]["seed"] == 0
        assert "The capital of France is Paris." in found["evidence"]["answer"]
        assert bool(found["twin"].get("approximation")) == quantization.startswith("UD-")


def test_a_split_one_has_the_names_of_the_spec(twin):
    root, _, _ = twin
    names = [file.path for file in record.read(root).build("36/ggufv2/BF16").files]
    assert names == [f"BF16/Seed-OSS-36B-Instruct-BF16-{part}.gguf"
                     for part in ("00001-of-00002", "00002-of-00002")]


def test_what_stands_is_kept_and_what_was_touched_is_built_again(twin):
    root, build, _ = twin
    before = record.read(root).build("36/ggufv2/Q4_K_M")
    assert build("Q4_K_M")["state"] == "kept"
    path = root / before.repo_id / before.files[0].path
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    assert build("Q4_K_M")["state"] == "built"
    # The same seed gives the same bytes.
    assert record.read(root).build("36/ggufv2/Q4_K_M") == before


def test_a_broken_twin_does_not_pass(twin, tmp_path):
    root, _, bench = twin
    build = record.read(root).build("36/ggufv2/Q4_K_M")
    path = root / build.repo_id / build.files[0].path
    whole = path.read_bytes()
    try:
        # Weights that are all there and say something else.
        half = len(whole) // 2
        path.write_bytes(whole[:half] + bytes(byte ^ 0x55 for byte in whole[half:]))
        done = bench.run("verify", "seed-oss/36/ggufv2/Q4_K_M/llama.cpp", "--twin", str(root),
                         "--provider", "xllamacpp", "--format", "json", "--force", timeout=300)
    finally:
        path.write_bytes(whole)
    assert done.returncode == 1
    [found] = json.loads(done.stdout)["records"]
    assert found["outcome"] == "failed"
