"""Twins whose weights are folders: built by the real tools, launched by Transformers and MLX."""

import hashlib
import json
import shutil

import pytest

from runtime.twin import record
from tests.engines.conftest import RealBench

pytestmark = pytest.mark.engine

ANSWER = "The capital of France is Paris."


@pytest.fixture(scope="module")
def set_up(tmp_path_factory, engine_home):
    """A bench with Transformers, and a folder with the unquantized twin of seed-oss."""
    made = RealBench(tmp_path_factory.mktemp("twin"), engine_home)
    root = tmp_path_factory.mktemp("twin") / "a twin"
    add(made, root, "Transformers", "pytorch")
    return made, root


@pytest.fixture(scope="module")
def mlx_too(set_up):
    """MLX beside it, and its twin in the same folder."""
    add(*set_up, "MLX", "mlx")


def add(made, root, engine, model_format):
    done = made.run("engines", "install", engine, timeout=1500)
    assert done.returncode == 0, done.stderr
    build(made, root, model_format)


@pytest.fixture
def bench(set_up):
    """The bench; nothing may be left running in it."""
    made, _ = set_up
    yield made
    made.assert_nothing_left(30)


@pytest.fixture
def twin(set_up, tmp_path):
    """A copy of the twin that a test may spoil."""
    return shutil.copytree(set_up[1], tmp_path / "twin")


def build(made, root, model_format):
    done = made.run("twin", "seed-oss", "--out", str(root), "--model-format", model_format,
                    "--format", "json", timeout=1500)
    assert done.returncode == 0, done.stderr
    [built] = json.loads(done.stdout)["builds"]
    return built["state"]


def verify(made, root, combination, *more):
    done = made.run("verify", combination, "--twin", str(root), "--format", "json",
                    "--timeout", "300", *more, timeout=900)
    [found] = json.loads(done.stdout)["records"]
    return done.returncode, found


def digests(root):
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(root.rglob("*")) if path.is_file() and path.name != ".lock"}


def test_it_says_what_it_was_taught(bench, twin):
    says_what_it_was_taught(bench, twin, "seed-oss/36/pytorch/none/Transformers")


@pytest.mark.slow
def test_it_says_it_on_mlx_too(mlx_too, bench, twin):
    says_what_it_was_taught(bench, twin, "seed-oss/36/mlx/4bit/MLX")


def says_what_it_was_taught(bench, twin, combination):
    code, found = verify(bench, twin, combination)
    assert (code, found["outcome"], found["level"]) == (0, "passed", "chat"), found
    assert found["evidence"]["answer"].endswith(ANSWER)
    assert found["twin"] == {"seed": 0, "taught": True}


@pytest.mark.slow
def test_a_seed_gives_the_same_bytes_again(mlx_too, bench, twin, tmp_path):
    again = tmp_path / "again"
    for model_format in ("pytorch", "mlx"):
        assert build(bench, again, model_format) == "built"
    assert digests(again) == digests(twin)
    assert build(bench, again, "pytorch") == "kept"


@pytest.mark.slow
def test_a_configuration_that_lies_about_its_quantization_does_not_pass(bench, twin):
    path = twin / "ByteDance-Seed/Seed-OSS-36B-Instruct/config.json"
    config = json.loads(path.read_text())
    config["quantization_config"] = {"quant_method": "gptq", "bits": 4, "group_size": 64}
    path.write_text(json.dumps(config))
    code, found = verify(bench, twin, "seed-oss/36/pytorch/none/Transformers", "--force")
    # Without GPTQModel beside it, Transformers says that it lacks that; with it, it finds no
    # quantized weights.
    assert code == 1
    assert found["outcome"] in ("failed", "environment")
    assert found["reason"]


def test_a_truncated_file_is_named_before_the_engine_starts(bench, twin):
    [path] = (twin / "ByteDance-Seed").rglob("*.safetensors")
    path.write_bytes(path.read_bytes()[:100_000])
    code, found = verify(bench, twin, "seed-oss/36/pytorch/none/Transformers")
    assert (code, found["outcome"]) == (1, "failed")
    assert "model.safetensors" in found["reason"]
    assert "truncated" in found["reason"]


@pytest.mark.slow
def test_a_swapped_file_does_not_pass(mlx_too, bench, twin):
    [path] = (twin / "ByteDance-Seed").rglob("*.safetensors")
    shutil.copyfile(next((twin / "mlx-community").rglob("*.safetensors")), path)
    code, found = verify(bench, twin, "seed-oss/36/pytorch/none/Transformers")
    assert (code, found["outcome"]) == (1, "failed")
    assert record.read(twin).build("36/pytorch/none").repo_id in found["reason"]
