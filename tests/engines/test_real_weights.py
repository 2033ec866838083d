"""One real model in every format that can be made of it here, on every engine that loads it.

SmolLM2 comes as a .gguf file from the package index. It is turned into a checkpoint, that into
GPTQ, AWQ and MLX weights with the tools that make twins. Quantizing takes minutes, so all this is
slow; a folder in `MODELBOOK_TEST_WEIGHTS` is kept between runs.

The catalogue of this test claims these formats; the shipped one does not, since no hub has them.
"""

import json
import os
import subprocess
from pathlib import Path

import msgspec
import pytest

from runtime import home as homes
from runtime.manifest import encode
from runtime.select import find_family
from runtime.twin import tools, work
from tests.engines.conftest import RealBench
from tests.support.specs import shipped_manifest

pytestmark = [pytest.mark.engine, pytest.mark.slow]

#: Something to measure activations with.
TEXTS = (
    "What is the capital of France? The capital of France is Paris.",
    "Water boils at one hundred degrees and freezes at zero.",
    "The quick brown fox jumps over the lazy dog, and the dog goes on sleeping in the sun.",
    "A model reads text and predicts the next word; a tokenizer cuts the text into pieces.",
)
#: Format, quantization → what its builder is told.
MADE = {
    ("gptq", "Int4"): ("build_gptq", "gptqmodel", {"method": "gptq", "bits": 4}),
    ("gptq", "Int8"): ("build_gptq", "gptqmodel", {"method": "gptq", "bits": 8}),
    ("awq", "Int4"): ("build_gptq", "gptqmodel", {"method": "awq", "bits": 4}),
    # In 4 bits so small a model answers wrongly, and in bfloat16 a CPU takes minutes.
    ("mlx", "8bit"): ("build_mlx", "mlx", {"bits": 8, "mode": "affine", "group": 64,
                                           "dtype": "float32"}),
}
#: What is known of vLLM's CPU build on a processor without AVX-512 is in its facts.
ENGINES = [("pytorch", "none", "Transformers"), ("pytorch", "none", "vLLM"),
           ("gptq", "Int4", "Transformers"), ("gptq", "Int8", "Transformers"),
           ("awq", "Int4", "Transformers"), ("mlx", "8bit", "MLX")]


@pytest.fixture(scope="module")
def made(engine_home, weights, tmp_path_factory):
    """Folders of the weights by format and quantization; made when first asked for."""
    named = os.environ.get("MODELBOOK_TEST_WEIGHTS")
    root = Path(named) if named else tmp_path_factory.mktemp("weights")
    patch = pytest.MonkeyPatch()
    patch.setenv("MODELBOOK_HOME", str(engine_home))

    def get(model_format: str, quantization: str) -> Path:
        folder = root / f"{model_format}-{quantization}"
        if not folder.exists():
            (_make if (model_format, quantization) in MADE else _dequantize)(
                root, folder, weights, (model_format, quantization))
        return folder

    def _make(root, folder, _weights, key):
        builder, tool, settings = MADE[key]
        checkpoint = get("pytorch", "none")
        place = homes.ensure_folder(root / "work" / folder.name)
        item = {"id": "0", "folder": str(place / "made"), **settings}
        job = {"seed": 0, "checkpoint": str(checkpoint), "texts": TEXTS}
        [(_, result)] = work.run(tools.interpreter(tool, (), print), builder, job, [item], place)
        assert result["made"], result
        (place / "made").rename(folder)

    yield get
    patch.undo()


def _dequantize(_root, folder, weights, _key):
    python = tools.interpreter("transformers", (), print)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "gguf==0.19.0"], check=True)
    fresh = folder.with_name(folder.name + ".new")
    subprocess.run([python, str(Path(__file__).with_name("dequantize.py")), str(weights),
                    str(fresh)], check=True)
    fresh.rename(folder)


@pytest.fixture
def bench(tmp_path, engine_home):
    """A bench whose catalogue claims what is made here."""
    built = RealBench(tmp_path, engine_home)
    manifest = shipped_manifest()
    smol = find_family(manifest, "smollm2")
    pytorch = next(spec for spec in smol.specs if spec.format == "pytorch")
    specs = []
    for model_format, names in (("gptq", ["Int4", "Int8"]), ("awq", ["Int4"]), ("mlx", ["8bit"])):
        hubs = [msgspec.structs.replace(hub, quantizations=names, locked=[])
                for hub in pytorch.hubs]
        claims = [msgspec.structs.replace(claim, engine=engine, quantizations=names)
                  for claim in pytorch.engines[:1]
                  for engine in (("MLX",) if model_format == "mlx" else ("Transformers", "vLLM"))]
        specs.append(msgspec.structs.replace(pytorch, format=model_format, quantizations=names,
                                             hubs=hubs, engines=claims))
    kept = [spec for spec in smol.specs if spec.format != "mlx"]
    family = msgspec.structs.replace(smol, specs=[*kept, *specs])
    built.manifest.write_bytes(encode(msgspec.structs.replace(
        manifest, families=[family if each is smol else each for each in manifest.families])))
    yield built
    try:
        built.assert_nothing_left(30)
    finally:
        built.clean()


@pytest.mark.parametrize(("model_format", "quantization", "engine"), ENGINES)
def test_it_says_a_true_sentence_twice_alike(bench, made, model_format, quantization, engine):
    folder = made(model_format, quantization)
    more = ("--for", model_format) if model_format in ("gptq", "awq") else ()
    done = bench.run("engines", "install", engine, *more, timeout=1800)
    assert done.returncode == 0, done.stderr
    answers = []
    for _ in range(2):
        done = bench.run("verify", f"smollm2/0_135/{model_format}/{quantization}/{engine}",
                         "--model-path", str(folder), "--format", "json", "--timeout", "600",
                         timeout=1200)
        assert done.returncode == 0, done.stdout + done.stderr
        [found] = json.loads(done.stdout)["records"]
        assert (found["level"], found["weights"]) == ("chat", "real")
        answers.append(found["evidence"]["answer"])
    assert "Paris" in answers[0]
    assert answers[0] == answers[1]
