import re

import msgspec
import pytest

from runtime.errors import MisuseError, UserError
from runtime.manifest import EngineClaim
from runtime.select import Wish, select
from runtime.selectors import matching, parse_selector
from tests.support import catalogue

MANIFEST = catalogue.everything()


def chosen(name="seed-oss", **wish):
    return select(MANIFEST, Wish(name=name, **wish))


def refusal(name="seed-oss", **wish):
    with pytest.raises(UserError) as caught:
        chosen(name, **wish)
    return caught.value


def test_every_option_without_regard_to_case():
    c = chosen("SEED-OSS", engine="LLAMA.CPP", size="36", model_format="GGUFv2",
               quantization="q4_k_m", hub="HuggingFace")
    assert c.id == "seed-oss/36/ggufv2/Q4_K_M/llama.cpp"
    assert c.repo_id == "unsloth/Seed-OSS-36B-Instruct-GGUF"
    assert c.expected_files == ["Seed-OSS-36B-Instruct-Q4_K_M.gguf"]
    assert c.hub_name == "huggingface"


def test_what_is_left_open_is_filled_in_where_one_value_is_possible():
    assert chosen("smollm2").id == "smollm2/0_135/ggufv2/Q4_1/llama.cpp"
    assert chosen(engine="vllm", model_format="gptq").quantization == "Int8"
    assert chosen("smollm2", hub="huggingface").quantization == "Q4_K_M"


@pytest.mark.parametrize("size", ["0_5", "0.5", "0_50", " 0.5 "])
def test_the_point_of_a_size_may_be_a_point_or_an_underscore(size):
    assert chosen("old-name", size=size).spec.size_in_billions == "0_5"


def test_a_size_may_carry_its_variant_as_ids_and_tables_have_it():
    plain = catalogue.spec("gptq", "0_6", ["Int4"], [catalogue.hub("huggingface", "a/b", ["Int4"])],
                           [EngineClaim(engine="vLLM", quantizations=["Int4"])])
    manifest = catalogue.manifest(catalogue.family("demo", [
        msgspec.structs.replace(plain, variant=name) for name in ("int4", "other")]))
    for wish in (Wish(name="demo", size="0.6~INT4"),
                 Wish(name="demo", size="0_6", variant="int4")):
        assert select(manifest, wish).id == "demo/0_6~int4/gptq/Int4/vLLM"
    with pytest.raises(MisuseError, match="no variant 'int5'"):
        select(manifest, Wish(name="demo", size="0_6~int5"))


def test_ambiguity_lists_the_values():
    error = refusal(engine="vllm")
    assert isinstance(error, MisuseError)
    assert error.details == {"option": "--model-format", "possible": ["pytorch", "gptq", "awq"]}
    assert "--model-format" in error.hint


@pytest.mark.parametrize(("wish", "code", "nearest"), [
    ({"quantization": "Q4_K_N", "model_format": "ggufv2"}, "no-such-quantization", "Q4_K_M"),
    ({"model_format": "gguf2"}, "no-such-format", "ggufv2"),
    ({"engine": "lama.cpp"}, "no-such-engine", "llama.cpp"),
    ({"size": "35"}, "no-such-size", None),
    ({"size": "36b"}, "no-such-size", "36"),
    ({"name": "seed-os"}, "no-such-model", "seed-oss"),
])
def test_near_misses_name_the_nearest_values(wish, code, nearest):
    error = refusal(**wish)
    assert (error.code, error.exit_code) == (code, 2)
    if nearest:
        assert re.match(f"(did you mean|possible here:) .*{re.escape(nearest)}", error.hint)
        assert nearest in error.details["nearest"]


def test_a_value_that_exists_elsewhere_says_where():
    error = refusal(model_format="awq", quantization="Q4_K_M")
    assert error.details["possible"] == ["Int4"]
    assert "seed-oss/36/ggufv2/Q4_K_M" in error.hint


def test_a_value_that_no_page_promises_exists_nowhere():
    source = [catalogue.hub("huggingface", "a/b", ["Int4", "Int8"])]
    manifest = catalogue.manifest(catalogue.family("demo", [
        catalogue.spec("gptq", "1", ["Int4", "Int8"], source, []),
        catalogue.spec("awq", "1", ["Int4"], source, [
            EngineClaim(engine="vLLM", quantizations=["Int4"])])]))
    with pytest.raises(MisuseError) as caught:
        select(manifest, Wish(name="demo", model_format="awq", quantization="Int8"))
    assert "exists as" not in caught.value.hint


def test_a_refuted_claim_is_refused_with_its_rule_unless_forced():
    error = refusal(engine="vllm", model_format="gptq", quantization="Int3")
    assert error.exit_code == 2
    assert error.details["rule"] == "MB302"
    forced = chosen(engine="vllm", model_format="gptq", quantization="Int3", force=True)
    assert "MB302" in forced.notices[0]


def test_an_engine_without_a_loader_cannot_be_forced():
    error = refusal(engine="mlx", model_format="awq", force=True)
    assert error.details["rule"] == "MB301"


def test_deprecations_name_the_successor():
    assert "Q4_K_S" in chosen(quantization="Q4_0").notices[0]
    assert "new-name" in chosen("old-name", size="0_5").notices[0]


def test_selectors():
    def ids(text, **more):
        return [c.id for c in matching(MANIFEST, parse_selector(text), **more)]

    assert ids("seed-oss/36/ggufv2/q4_k_m/llama.cpp") == ["seed-oss/36/ggufv2/Q4_K_M/llama.cpp"]
    assert ids("*/0.5/**") == ["old-name/0_5/pytorch/none/Transformers"]
    assert ids("seed-oss/*/gptq/*/vllm") == [
        "seed-oss/36/gptq/Int8/vLLM", "seed-oss/36/gptq/Int4/vLLM"]
    assert len(ids("seed-oss/*/gptq/*/vllm", refused=True)) == 3
    assert len(ids("**")) == len({*ids("**")}) > 10
    assert ids("no-such/**") == []
    for bad in ("", "a/b", "a//b/c/d", "**/x", "a/b/c/d/e/f"):
        with pytest.raises(MisuseError):
            parse_selector(bad)


def test_a_family_alone_is_answered_with_its_selector():
    with pytest.raises(MisuseError) as caught:
        parse_selector("SmolLM2")
    assert "SmolLM2/**" in caught.value.hint


def many(sizes=40):
    return catalogue.manifest(catalogue.family("many", [
        catalogue.spec(form, str(size), [f"q{size}"],
                       [catalogue.hub("huggingface", f"a/{form}{size}", [f"q{size}"])],
                       [EngineClaim(engine="vLLM", quantizations=[f"q{size}"])])
        for size in range(1, sizes + 1) for form in ("pytorch", "awq")]))


@pytest.mark.parametrize("wish", [{"size": "99"}, {"size": "abc"}, {"engine": "nope"}, {}])
def test_an_error_lists_a_few_rows_and_says_where_all_are(wish):
    with pytest.raises(MisuseError) as caught:
        select(many(), Wish(name="many", **wish))
    lines = caught.value.lines()
    assert len(lines) <= 10
    assert lines[-1].strip() == "… and 74 more (runtime show many)"
    if "size" in wish:
        assert len(caught.value.details["possible"]) == 40


def test_an_error_lists_what_the_given_options_leave():
    with pytest.raises(MisuseError) as caught:
        select(many(), Wish(name="many", size="7", model_format="awq", engine="nope"))
    assert [line.split() for line in caught.value.hint.splitlines()[-2:]] == [
        ["engine", "format", "size", "quantizations"], ["vLLM", "awq", "7", "q7"]]
    with pytest.raises(MisuseError) as caught:
        select(many(3), Wish(name="many", size="99", model_format="awq"))
    assert [line.split()[1:3] for line in caught.value.hint.splitlines()[-3:]] == [
        ["awq", "1"], ["awq", "2"], ["awq", "3"]]


def test_what_may_be_meant_is_not_said_twice():
    hint = refusal("smollm2", quantization="Q4_2", model_format="ggufv2").hint
    first = hint.splitlines()[0]
    assert len(first.split("possible here: ")) == 2
    assert first.count("Q4_1") == 1
    near = refusal(model_format="ptorch").hint
    assert near.startswith("did you mean pytorch? possible here: ")
