"""Estimates of disk and memory, and what fits."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from runtime.cli import main
from runtime.errors import MisuseError
from runtime.fit import Wanted, fitting, longest_context, parse_amount, usual_engine
from runtime.manifest import Attention, Draft, Locked, LockedFile, Manifest, encode
from runtime.memory import DRAFTS_AS_FILE, LLAMA_CPP_SLOTS, bits_per_weight, cache_size, estimate
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
    assert found.total == 5_000_000_000 + 8192 * (128 << 10) + 1_000_000_000 + 50_000_000


def test_the_estimate_knows_which_engine_is_given_a_draft_model():
    from runtime.engines import MODULES, engine_module

    layouts = {name: engine_module(name).DRAFTS for name in MODULES}
    assert {name: "file" in drafts for name, drafts in layouts.items() if drafts} == DRAFTS_AS_FILE
    assert all(len(drafts) <= 1 for drafts in layouts.values())


def drafted(repo_id: str, quantizations: list[str], *, locked: list[Locked] | None = None):
    manifest = demo(locked=True)
    [spec] = manifest.families[0].specs
    draft = Draft(repo_id=repo_id, quantizations=quantizations, file_template="d.gguf",
                  locked=locked or [])
    hubs = [msgspec.structs.replace(spec.hubs[0], draft=draft)]
    family = msgspec.structs.replace(manifest.families[0],
                                     specs=[msgspec.structs.replace(spec, hubs=hubs)])
    return catalogue.manifest(family)


def test_a_draft_model_counts_where_the_engine_is_given_it():
    alone = of(demo(locked=True), "Q4_K_M")
    named = drafted("o/Small-0.5B-GGUF", ["Q8_0"])
    found = of(named, "Q4_K_M")
    weights = int(0.5e9 * 8.5008 / 8)
    assert found.draft == weights + weights // 10
    assert (found.disk, found.total) == (alone.disk + weights, alone.total + found.draft)
    assert found.basis.endswith("; with its draft model")
    spec = named.families[0].specs[0]
    other = estimate(spec, spec.hubs[0], "Q4_K_M", engine="vLLM", context_length=8192)
    assert (other.draft, other.disk) == (0, alone.disk)


def test_a_locked_draft_model_counts_as_it_was_locked():
    small = Attention(layers=10, heads=2, key_length=64, value_length=64)
    found = of(drafted("o/eagle", ["Q8_0"], locked=[Locked(
        repo_id="o/eagle", commit="c", checked="2026-11-25", attention=small,
        files={"Q8_0": [LockedFile(path="d.gguf", size=300_000_000)]})]), "Q4_K_M", 4096)
    assert found.draft == 300_000_000 + 10 * 2 * 128 * 2 * 4096
    assert found.disk == 5_300_000_000


@pytest.mark.parametrize("repo_id", ["o/draft", "o/EAGLE3-LLaMA3.1-Instruct-8B", "o/Qwen3-8B-MTP"])
def test_a_draft_model_of_unknown_size_is_said_not_to_count(repo_id: str, tmp_path: Path,
                                                            capsys: pytest.CaptureFixture[str]):
    manifest = drafted(repo_id, ["Q8_0"])
    found, alone = of(manifest, "Q4_K_M"), of(demo(locked=True), "Q4_K_M")
    assert (found.draft, found.total, found.disk) == (None, alone.total, alone.disk)
    file = tmp_path / "manifest.json"
    file.write_bytes(encode(manifest))
    for words in (["fit", "--memory", "24GiB"], ["show", "demo"]):
        assert main([*words, "--manifest", str(file)]) == 0
        assert "; its draft model is not counted" in capsys.readouterr().out
    assert main(["fit", "--memory", "24GiB", "--manifest", str(file), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["combinations"][0]["draft"] is None


@pytest.mark.parametrize(("engine", "own", "tokens"), [
    ("vLLM", 1_500_000_000, 0), ("llama.cpp", 50_000_000, 0), ("MLX", 100_000_000, 2048),
    ("Transformers", 420_000_000, 8192)])
def test_what_an_engine_takes_besides_weights_and_cache(engine: str, own: int, tokens: int):
    """A fifth of the weights, the engine itself, and as many tokens as it takes in at once."""
    spec = demo(locked=True).families[0].specs[0]
    found = estimate(spec, spec.hubs[0], "Q4_K_M", engine=engine, context_length=8192)
    assert found.overhead == 1_000_000_000 + own + tokens * (128 << 10)


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


def plain(name: str, size: str, model_format: str, quantizations: list[str],
          engines: tuple[str, ...] = ("llama.cpp",), **more: object):
    """A family with one spec that is not locked."""
    template = "m-{quantization}.gguf" if model_format == "ggufv2" else None
    hub = catalogue.hub("huggingface", f"o/{name}", quantizations, file_template=template)
    return catalogue.family(name, [catalogue.spec(
        model_format, size, quantizations, [hub],
        [catalogue.claim(engine, quantizations) for engine in engines])], **more)


def ids(manifest: Manifest, **wanted: object) -> list[str]:
    return [made.combination.id for made in fitting(manifest, Wanted(
        memory=24 << 30, **wanted))]  # type: ignore[arg-type]


def test_few_bits_of_a_large_model_come_after_a_smaller_one():
    manifest = catalogue.manifest(plain("large", "70", "ggufv2", ["IQ1_M", "Q4_K_M"]),
                                  plain("small", "32", "ggufv2", ["Q2_K", "Q4_K_M"]))
    assert ids(manifest) == ["small/32/ggufv2/Q4_K_M/llama.cpp", "large/70/ggufv2/IQ1_M/llama.cpp"]


def test_more_than_eight_bits_are_no_better_than_less_memory():
    manifest = catalogue.manifest(plain("m", "1", "ggufv2", ["F32", "BF16", "Q8_0", "Q6_K"]))
    assert ids(manifest) == ["m/1/ggufv2/Q8_0/llama.cpp"]


def test_a_model_that_chats_comes_before_its_base():
    manifest = catalogue.manifest(
        plain("a", "8", "ggufv2", ["Q8_0"], abilities=["generate"]),
        plain("b", "8", "ggufv2", ["Q6_K"], abilities=["chat"]))
    assert ids(manifest) == ["b/8/ggufv2/Q6_K/llama.cpp", "a/8/ggufv2/Q8_0/llama.cpp"]


def test_of_engines_the_pages_first_is_chosen_that_needs_nothing_more():
    manifest = catalogue.manifest(plain("m", "8", "ggufv2", ["Q8_0"], ("vLLM", "llama.cpp")))
    assert ids(manifest) == ["m/8/ggufv2/Q8_0/vLLM"]
    engines = [msgspec.structs.replace(engine, loads=[
        msgspec.structs.replace(loads, requires=["plugin"]) for loads in engine.loads])
        if engine.name == "vLLM" else engine for engine in manifest.engines]
    assert ids(msgspec.structs.replace(manifest, engines=engines)) == [
        "m/8/ggufv2/Q8_0/llama.cpp"]


@pytest.mark.parametrize("option", ["--limit", "--context-length"])
@pytest.mark.parametrize("value", ["x", "0", "1e5", "-1", ""])
def test_what_is_no_number_is_refused_in_our_own_words(
        option: str, value: str, capsys: pytest.CaptureFixture[str]):
    assert main(["fit", "--memory", "8GB", f"{option}={value}"]) == 2
    assert f"{value!r} is not a whole number above 0" in capsys.readouterr().err


def test_what_is_of_one_model_stands_together_and_the_first_has_its_command(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    both = plain("m", "8", "ggufv2", ["Q8_0"])
    awq = plain("m", "8", "awq", ["Int4"], ("vLLM",))
    manifest = catalogue.manifest(
        msgspec.structs.replace(both, specs=[*awq.specs, *both.specs]),
        plain("other", "8", "ggufv2", ["Q6_K"]))
    file = tmp_path / "manifest.json"
    file.write_bytes(encode(manifest))
    assert main(["fit", "--manifest", str(file), "--memory", "24GiB", "--limit", "1"]) == 0
    told = capsys.readouterr().out
    first, also, more, command, *_ = told.splitlines()
    assert first.startswith("m/8/ggufv2/Q8_0/llama.cpp")
    assert also.startswith("    also awq/Int4/vLLM ")
    assert more == "… and 1 more model, with --limit 2"
    assert command == ("start the first with: runtime launch --model-engine llama.cpp --model-name "
                       "m --size-in-billions 8 --model-format ggufv2 --quantization Q8_0")
    assert told.count("estimated from size and quantization alone") == 1


def test_show_names_the_engine_of_its_estimates_and_what_is_not_known(
        tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    names = ["Int4", "AWQ-FP16Mix"]
    manifest = catalogue.manifest(plain("m", "8", "awq", names, ("Transformers", "vLLM")))
    file = tmp_path / "manifest.json"
    file.write_bytes(encode(manifest))
    assert main(["show", "m", "--manifest", str(file)]) == 0
    told = capsys.readouterr().out
    assert ("  memory, estimated from size and quantization alone; a reserve stands for the "
            "context; for Transformers\n    Int4: disk 4.2 GB, memory ") in told
    assert "    AWQ-FP16Mix: not known, since its name tells no bits\n" in told


def test_the_estimates_of_a_spec_are_for_the_engine_that_loads_most_of_it():
    spec = catalogue.spec("ggufv2", "8", ["Q8_0", "BF16"], [catalogue.hub(
        "huggingface", "o/m", ["Q8_0", "BF16"])], [
            catalogue.claim("vLLM", ["Q8_0", "BF16"], BF16="MB304: it is split"),
            catalogue.claim("llama.cpp", ["Q8_0", "BF16"]), catalogue.claim("MLX", [])])
    assert [usual_engine(spec, name) for name in ("Q8_0", "BF16", "Q2_K")] == [
        "llama.cpp", "llama.cpp", ""]


def test_how_much_context_would_fit():
    manifest = demo(locked=True)
    family = msgspec.structs.replace(manifest.families[0], context_length=131072)
    [made] = fitting(catalogue.manifest(family), Wanted(memory=24 << 30))
    of_a_token, rest = 128 << 10, 8_000_000_000 + 1_600_000_000 + 50_000_000
    assert longest_context(made.combination, 24 << 30) == ((24 << 30) - rest) // of_a_token
    assert longest_context(made.combination, 1 << 50) == 131072
    assert longest_context(made.combination, rest) == 0
    [unlocked] = fitting(demo(), Wanted(memory=24 << 30))
    assert longest_context(unlocked.combination, 24 << 30) is None


def test_where_nothing_fits_the_least_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "manifest.json"
    file.write_bytes(encode(demo()))
    words = ["fit", "--manifest", str(file)]
    assert main([*words, "--memory", "1GiB"]) == 1
    assert "demo/8/ggufv2/Q4_K_M/llama.cpp takes the least, 6.5 GB" in capsys.readouterr().out
    assert main([*words, "--memory", "1TiB", "--context-length", "1000000"]) == 1
    assert "no model has all of what was asked for" in capsys.readouterr().out


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
    assert "1 combination fits into 24GiB (25.8 GB)" in capsys.readouterr().out
    assert main(["fit", "--manifest", str(file), "--memory", "24GB"]) == 0
    assert "1 combination fits into 24GB, by" in capsys.readouterr().out
