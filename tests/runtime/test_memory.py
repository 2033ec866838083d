"""Estimates of disk and memory, and what fits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runtime.cli import main
from runtime.errors import MisuseError
from runtime.fit import Wanted, fitting, parse_amount
from runtime.manifest import Attention, Locked, LockedFile, Manifest, encode
from runtime.memory import LLAMA_CPP_SLOTS, bits_per_weight, cache_size, estimate
from tests.support import catalogue

LLAMA_8B = Attention(layers=32, heads=8, key_length=128, value_length=128)


def demo(*, locked: bool = False, abilities: tuple[str, ...] = ("chat",)) -> Manifest:
    names = ["Q8_0", "Q4_K_M"]
    pinned = [Locked(repo_id="o/m", commit="c", checked="2026-11-25", attention=LLAMA_8B, files={
        name: [LockedFile(path=f"m-{name}.gguf", size=size)]
        for name, size in (("Q8_0", 8_000_000_000), ("Q4_K_M", 5_000_000_000))})]
    hub = catalogue.hub("huggingface", "o/m", names, file_template="m-{quantization}.gguf",
                        locked=pinned if locked else [])
    spec = catalogue.spec("ggufv2", "8", names, [hub], [catalogue.claim("llama.cpp", names)])
    return catalogue.manifest(catalogue.family("demo", [spec], abilities=list(abilities)))


def of(manifest: Manifest, quantization: str, context: int = 8192):
    spec = manifest.families[0].specs[0]
    return estimate(spec, spec.hubs[0], quantization, engine="llama.cpp", context_length=context)


def test_llama_cpp_keeps_a_window_for_each_of_its_slots():
    from runtime.engines.llama_cpp import PARALLEL

    mixed = Attention(layers=0, heads=1, key_length=1, value_length=1, window_layers=1, window=500)
    assert LLAMA_CPP_SLOTS == PARALLEL
    assert cache_size(mixed, 100_000, "llama.cpp") == 2560 * 2 * 2
    assert cache_size(mixed, 1000, "llama.cpp") == 1000 * 2 * 2


@pytest.mark.parametrize(("model_format", "quantization", "bits"), [
    ("ggufv2", "Q4_K_M", 4.8944), ("ggufv2", "q4_k_m", 4.8944), ("ggufv2", "Q8_0", 8.5008),
    ("ggufv2", "UD-Q4_K_XL", 4.8944), ("ggufv2", "BF16", 16.0), ("ggufv2", "none", None),
    ("pytorch", "none", 16.0), ("gptq", "Int4", 4 + 20 / 128), ("awq", "Int4", 4 + 20 / 128),
    ("gptq", "Int4-Int8Mix", 6 + 20 / 128), ("gptq", "Int8", 8 + 20 / 128),
    ("gptq", "Int4-Int8Mix-Lite", 6 + 20 / 128), ("mlx", "mxfp4", 4.25), ("mlx", "nvfp4", 4.5),
    ("mlx", "mxfp8", 8.25), ("mlx", "4bit-DWQ", 4.5), ("fp4", "fp4", 4.5),
    ("ggufv2", "UD-IQ1_M", 2.146), ("ggufv2", "MXFP4_MOE", 4.8), ("ggufv2", "UD-TQ1_0", 1.9),
    ("ggufv2", "TQ1_0", 1.6875), ("ggufv2", "6.0bpw", None),
    ("awq", "AWQ-FP16Mix", None), ("awq", "8bit", 8 + 20 / 128),
    ("mlx", "4bit", 4.5), ("mlx", "bf16", 16.0), ("fp8", "none", 8.0), ("bnb", "4-bit", None),
])
def test_bits_per_weight(model_format: str, quantization: str, bits: float | None):
    found = bits_per_weight(model_format, quantization)
    if model_format == "bnb":
        assert found is not None
        assert 4 < found < 5
    else:
        assert found == bits


def test_without_a_lock_it_says_so():
    found = of(demo(), "Q4_K_M")
    assert not found.from_lock
    assert found.cache is None
    assert found.weights == int(8e9 * 4.8944 / 8)
    assert "from size and quantization alone" in found.basis


def test_without_a_lock_a_reserve_stands_for_the_context():
    found = of(demo(), "Q4_K_M")
    assert found.reserve == 1 << 29  # a tenth of the weights is less
    assert found.total == found.weights + found.reserve + found.overhead
    assert of(demo(), "Q4_K_M", 4096).total == found.total
    assert of(demo(), "Q4_K_M", 32768).reserve == 4 * found.reserve
    assert of(demo(), "Q8_0").reserve == int(8e9 * 8.5008 / 8) // 10
    assert of(demo(locked=True), "Q4_K_M").reserve == 0


def test_fit_leaves_the_reserve_free_and_says_so(tmp_path: Path,
                                                 capsys: pytest.CaptureFixture[str]):
    total = of(demo(), "Q8_0").total
    assert total is not None
    names = [[made.combination.quantization for made in fitting(demo(), Wanted(memory=memory))]
             for memory in (total, total - 1)]
    assert names == [["Q8_0"], ["Q4_K_M"]]
    file = tmp_path / "manifest.json"
    file.write_bytes(encode(demo()))
    assert main(["fit", "--manifest", str(file), "--memory", "24GiB"]) == 0
    told = capsys.readouterr().out
    assert "a reserve stands for the context\n" in told
    assert "the reserve is a tenth of the weights" in told


def test_with_a_lock_it_counts_files_and_context():
    found = of(demo(locked=True), "Q4_K_M", 8192)
    assert (found.disk, found.weights, found.from_lock) == (5_000_000_000, 5_000_000_000, True)
    assert found.cache == 8192 * (128 << 10)
    assert found.total == 5_000_000_000 + 8192 * (128 << 10) + 1_000_000_000


def test_every_shipped_quantization_has_an_estimate(shipped: Manifest):
    unknown = {(spec.format, name) for family in shipped.families for spec in family.specs
               for name in spec.quantizations if bits_per_weight(spec.format, name) is None}
    assert unknown <= {("awq", "AWQ-FP16Mix")}  # it names no bits


@pytest.fixture(scope="module")
def shipped() -> Manifest:
    from compiler.catalogue import load
    from compiler.plan import plan

    return plan(load(Path(__file__).parents[2] / "specs").documents)


def test_the_best_that_fits_is_chosen():
    manifest = demo(locked=True)
    [large] = fitting(manifest, Wanted(memory=24 << 30))
    [small] = fitting(manifest, Wanted(memory=8 << 30))
    assert large.combination.quantization == "Q8_0"
    assert small.combination.quantization == "Q4_K_M"
    assert fitting(manifest, Wanted(memory=1 << 30)) == []
    assert fitting(manifest, Wanted(memory=24 << 30, abilities=["vision"])) == []
    assert fitting(manifest, Wanted(memory=24 << 30, engine="vllm")) == []
    assert fitting(manifest, Wanted(memory=24 << 30, context_length=1 << 20)) == []


@pytest.mark.parametrize(("text", "amount"), [
    ("24GiB", 24 << 30), ("24gib", 24 << 30), ("16G", 16 * 10**9), ("16 GB", 16 * 10**9),
    ("0.5TiB", 1 << 39), ("1000B", 1000)])
def test_amounts(text: str, amount: int):
    assert parse_amount(text) == amount


@pytest.mark.parametrize("text", ["", "GiB", "-1G", "24GG", "0", "1e9", "twelve", "8"])
def test_what_is_no_amount(text: str):
    with pytest.raises(MisuseError):
        parse_amount(text)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "manifest.json"
    file.write_bytes(encode(demo(locked=True)))
    words = ["fit", "--manifest", str(file)]
    assert main([*words, "--memory", "24GiB"]) == 0
    assert "demo/8/ggufv2/Q8_0/llama.cpp" in capsys.readouterr().out
    assert main([*words, "--memory", "1GiB"]) == 1
    assert "nothing fits" in capsys.readouterr().out
    assert main([*words, "--memory", "8GiB", "--format", "json"]) == 0
    [found] = json.loads(capsys.readouterr().out)["combinations"]
    assert found["id"] == "demo/8/ggufv2/Q4_K_M/llama.cpp"
    assert main(["show", "demo", "--manifest", str(file)]) == 0
    assert "Q4_K_M: disk 5.0 GB, memory 7.1 GB" in capsys.readouterr().out


@pytest.mark.parametrize(("option", "value", "code", "hint"), [
    ("--ability", "toolz", "no-such-ability", "did you mean tools?"),
    ("-e", "lama.cpp", "no-such-engine", "did you mean llama.cpp?"),
    ("-f", "nope", "no-such-format", "there are ")])
def test_what_does_not_exist_is_misuse(tmp_path: Path, capsys: pytest.CaptureFixture[str],
                                       option: str, value: str, code: str, hint: str):
    file = tmp_path / "manifest.json"
    file.write_bytes(encode(demo(locked=True)))
    assert main(["fit", "--manifest", str(file), "--memory", "24GiB", option, value]) == 2
    told = capsys.readouterr().err
    assert f"error[{code}]" in told
    assert hint in told


@pytest.mark.parametrize(("amount", "told"), [
    ("8", "write it as 8GiB"), ("-5GiB", "'-5GiB' is not an amount of memory")])
def test_an_amount_is_refused_in_our_own_words(capsys: pytest.CaptureFixture[str], amount: str,
                                               told: str):
    assert main(["fit", "--memory", amount]) == 2
    assert told in capsys.readouterr().err


def test_the_amount_is_told_as_it_was_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "manifest.json"
    file.write_bytes(encode(demo(locked=True)))
    assert main(["fit", "--manifest", str(file), "--memory", "24GiB"]) == 0
    assert "1 fit into 24GiB (25.8 GB)" in capsys.readouterr().out
    assert main(["fit", "--manifest", str(file), "--memory", "24GB"]) == 0
    assert "1 fit into 24GB\n" in capsys.readouterr().out
