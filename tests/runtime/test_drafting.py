"""Draft models: fetched and passed on where the spec names one and the engine takes it."""

import json
from pathlib import Path

import pytest
from msgspec import structs

from runtime import drafting
from runtime.engines import engine_module
from runtime.engines.base import LocalModel, Runner, ServeOptions
from runtime.errors import MisuseError
from runtime.fetch import preview
from runtime.manifest import Draft, Locked, encode
from runtime.records import spec_fingerprint
from runtime.select import Wish, select
from tests.support import catalogue, models
from tests.support.hubs import folder_family, gguf_family, pull, refusal
from tests.support.specs import shipped_manifest
from tests.support.stand_in import Bench, until

DRAFT = Draft(repo_id="o/small", quantizations=["Q4_0", "Q8_0"],
              file_template="small-{draft_quantization}.gguf")
MODEL = LocalModel(folder=Path("/m"), model_format="pytorch", draft=Path("/d"))
FILE = LocalModel(folder=Path("/m"), model_format="ggufv2", layout="file",
                  weights=(Path("/m/m.gguf"),), draft=Path("/d/d.gguf"))


def chosen(family, *, engine=None, hub=None):
    return select(catalogue.manifest(family), Wish(name=family.name, engine=engine, hub=hub))


def on_vllm(draft):
    return catalogue.family("large", [catalogue.spec(
        "pytorch", "1", ["none"], [catalogue.hub("huggingface", "o/large", ["none"], draft=draft)],
        [catalogue.claim("vLLM", ["none"]), catalogue.claim("Transformers", ["none"])])])


def test_it_lies_in_its_own_repository_on_the_same_hub():
    draft = drafting.of(chosen(gguf_family(draft=DRAFT)))
    assert (draft.repo_id, draft.expected_files) == ("o/small", ["small-Q4_0.gguf"])
    assert draft.hub.revision is None
    assert drafting.expected(chosen(gguf_family(draft=DRAFT))).draft.name == "small-Q4_0.gguf"


def test_its_id_may_name_its_quantization_and_it_may_be_a_folder():
    family = on_vllm(Draft(repo_id="o/small-{draft_quantization}", quantizations=["Int4"]))
    draft = drafting.of(chosen(family, engine="vLLM"))
    assert (draft.repo_id, draft.expected_files) == ("o/small-Int4", None)


def test_its_code_is_fetched_only_at_a_locked_commit():
    def draft(**more):
        family = on_vllm(Draft(repo_id="o/small", **more))
        [spec] = family.specs
        family = structs.replace(family, specs=[structs.replace(spec, trust_remote_code=True)])
        return drafting.of(chosen(family, engine="vLLM"))

    assert not draft().trust_remote_code
    locked = Locked(repo_id="o/small", commit="a" * 40, checked="2026-11-26", files={"none": []})
    assert draft(locked=[locked]).trust_remote_code


def test_an_engine_that_takes_none_gets_none():
    family = on_vllm(Draft(repo_id="o/small"))
    assert drafting.of(chosen(family, engine="vLLM")) is not None
    assert drafting.of(chosen(family, engine="Transformers")) is None
    assert drafting.of(chosen(gguf_family())) is None


def test_another_quantization_can_be_asked_for_and_none_at_all():
    combination = chosen(gguf_family(draft=DRAFT))
    other = drafting.of(drafting.with_quantization(combination, "q8_0"))
    assert other.expected_files == ["small-Q8_0.gguf"]
    assert drafting.of(drafting.without(combination)) is None
    with pytest.raises(MisuseError) as caught:
        drafting.with_quantization(combination, "Q2_K")
    assert caught.value.why == "its quantizations: Q4_0, Q8_0"
    with pytest.raises(MisuseError, match="no draft model"):
        drafting.with_quantization(chosen(gguf_family()), "Q8_0")


def test_each_engine_has_its_own_word_for_it():
    def argv(engine, provider, model):
        options = ServeOptions(port=8000, name="fam", cache=Path("/cache"))
        runner = Runner(provider=provider, python=Path("/env/bin/python"))
        return engine_module(engine).serve_command(runner, model, options)

    for provider in ("llama-server", "xllamacpp"):
        made = argv("llama.cpp", provider, FILE).argv
        assert made[made.index("--model-draft") + 1] == "/d/d.gguf"
    assert "draft model" in " ".join(argv("llama.cpp", "llama-cpp-python", FILE).notes)
    made = argv("MLX", "mlx", MODEL).argv
    assert made[made.index("--draft-model") + 1] == "/d"
    made = argv("vLLM", "vllm", MODEL).argv
    settings = json.loads(made[made.index("--speculative-config") + 1])
    assert settings["model"] == "/d"
    assert settings["num_speculative_tokens"] > 0


def test_a_record_on_real_weights_stands_on_it_and_one_on_a_twin_does_not():
    plain, drafted = chosen(gguf_family()), chosen(gguf_family(draft=DRAFT))
    assert spec_fingerprint(plain, "real") != spec_fingerprint(drafted, "real")
    assert spec_fingerprint(plain, "twin") == spec_fingerprint(drafted, "twin")


@pytest.mark.parametrize("on", ["huggingface", "modelscope"])
def test_both_are_fetched_and_then_are_here(hub, on):
    hub.add("o/tiny", {"tiny-Q4_K_M.gguf": models.gguf()})
    hub.add("o/small", {"small-Q4_0.gguf": models.gguf(), "small-Q8_0.gguf": models.gguf()})
    family = gguf_family(on=on, draft=DRAFT)
    assert preview(chosen(family)) is None
    located = pull(family)
    assert located.model.draft.name == "small-Q4_0.gguf"
    assert located.model.draft.is_file()
    assert [file.path for file in located.draft.files] == ["small-Q4_0.gguf"]
    before = len(hub.seen)
    assert pull(family) == preview(chosen(family)) == located
    assert len(hub.seen) == before
    located.model.draft.unlink()
    assert preview(chosen(family)) is None  # one without the other is not all


def test_without_a_hub_named_it_comes_from_the_one_that_was_chosen(hub):
    hub.add("o/large", models.folder())
    hub.add("o/small", models.folder())
    family = on_vllm(Draft(repo_id="o/small"))
    [spec] = family.specs
    located = pull(family, choosing=lambda _: None)
    assert located.draft.hub == located.hub == spec.hubs[0].hub
    assert "o/small" in located.model.draft.as_posix()


def test_a_missing_one_is_an_error_that_says_how_to_do_without(hub):
    hub.add("o/tiny", {"tiny-Q4_K_M.gguf": models.gguf()})
    error = refusal(gguf_family(draft=DRAFT))
    assert "o/small" in error.message
    assert "--no-draft" in error.hint


def test_a_folder_format_has_no_draft_on_transformers(hub):
    hub.add("o/folder", models.folder())
    assert pull(folder_family()).draft is None


@pytest.fixture
def bench(tmp_path):
    """A bench with a local hub in which the large model lies."""
    made = Bench(tmp_path)
    made.manifest.write_bytes(encode(structs.replace(
        shipped_manifest(), families=[gguf_family(draft=DRAFT)])))
    for path in ("o/tiny/tiny-Q4_K_M.gguf", "o/small/small-Q4_0.gguf"):
        target = tmp_path / "hub" / path
        target.parent.mkdir(parents=True)
        target.write_bytes(made.model.read_bytes())
    yield made
    try:
        made.assert_nothing_left()
    finally:
        made.clean()


def arguments(bench, *more):
    return ("-n", "tiny", "-e", "llama.cpp", "--hub", "local", "--hub-root",
            str(bench.folder / "hub"), *more)


def launched_with(bench, *more):
    """The engine's command line."""
    process = bench.start("launch", *arguments(bench, *more))
    lines = []

    def engine():
        lines[:] = [line for line in bench.survivors() if "stand_in_server.py --model" in line]
        return lines

    until(engine)
    [line] = lines
    process.terminate()
    _, err = process.communicate(timeout=60)
    return line, err


def test_a_launch_passes_it_on(bench):
    line, _ = launched_with(bench)
    assert f"--model-draft {bench.folder}/hub/o/small/small-Q4_0.gguf" in line


def test_a_local_hub_may_do_without_it(bench):
    (bench.folder / "hub/o/small/small-Q4_0.gguf").unlink()
    line, err = launched_with(bench)
    assert "--model-draft" not in line
    assert "serving without the draft model" in err


def test_it_can_be_left_out_and_the_plan_names_it(bench):
    plan = bench.run("launch", *arguments(bench, "--dry-run"))
    assert "draft model  o/small" in plan.stdout
    assert "--model-draft" in plan.stdout
    plan = bench.run("launch", *arguments(bench, "--dry-run", "--no-draft"))
    assert "draft" not in plan.stdout
    wrong = bench.run("launch", *arguments(bench, "--dry-run", "--draft-quantization", "Q2_K"))
    assert wrong.returncode == 2
    assert "its quantizations: Q4_0, Q8_0" in wrong.stderr
    assert "draft model  o/small (Q4_0, Q8_0)" in bench.run("show", "tiny").stdout
    told = bench.run("pull", "-n", "tiny", "--dry-run", "--format", "json")
    assert json.loads(told.stdout)["draft"] == {"repo_id": "o/small",
                                                "expected_files": ["small-Q4_0.gguf"],
                                                "revision": None}
