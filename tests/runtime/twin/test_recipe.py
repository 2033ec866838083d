"""How a quantization is made, and what is said to be approximated."""

import pytest

from runtime.twin.recipe import NoRecipe, gguf_recipe, recipe

#: What llama.cpp makes under its own name, so that nothing is approximated.
OWN = ["BF16", "IQ4_NL", "IQ4_XS", "Q2_K", "Q3_K_M", "Q3_K_S", "Q4_0", "Q4_1", "Q4_K_M", "Q4_K_S",
       "Q5_K_M", "Q5_K_S", "Q6_K", "Q8_0", "f16", "q4_k_m", "Q3_K_L", "i1-IQ2_M"]
VENDORS = ["Q2_K_L", "Q6_K_L", "UD-IQ1_M", "UD-IQ1_S", "UD-IQ2_M", "UD-IQ2_XXS", "UD-IQ3_XXS",
           "UD-Q2_K_XL", "UD-Q3_K_XL", "UD-Q4_K_XL", "UD-Q5_K_XL", "UD-Q6_K_XL", "UD-Q8_K_XL",
           "UD-TQ1_0", "UD-IQ4_XS"]


@pytest.mark.parametrize("name", OWN)
def test_a_mix_of_llama_cpps_own_is_the_real_thing(name):
    made = gguf_recipe(name)
    assert made.approximation == ""
    assert not made.raised


@pytest.mark.parametrize("name", VENDORS)
def test_a_vendors_mix_says_that_it_is_approximated(name):
    assert name in gguf_recipe(name).approximation


@pytest.mark.parametrize("name", ["UD-IQ1_S", "UD-IQ1_M", "UD-IQ2_XXS", "UD-IQ3_XXS", "IQ2_M"])
def test_few_bits_get_an_importance_matrix(name):
    assert gguf_recipe(name).importance


def test_a_raised_tensor_has_more_bits_than_the_mix():
    raised = dict(gguf_recipe("UD-Q4_K_XL").raised)
    assert raised == {"attn_v": "Q8_0", "attn_output": "Q6_K", "ffn_down": "Q6_K"}


@pytest.mark.parametrize("name", ["Q4_KM", "Q9_K", "UD-Q9_K_XL", "W4A16"])
def test_a_name_that_is_no_mix_is_refused_by_name(name):
    with pytest.raises(NoRecipe, match="nothing named"):
        gguf_recipe(name)


@pytest.mark.parametrize(("model_format", "quantization", "builder", "settings"), [
    ("gptq", "Int8", "build_gptq", {"method": "gptq", "bits": 8}),
    ("gptq", "Int3", "build_gptq", {"method": "gptq", "bits": 3}),
    ("awq", "Int4", "build_gptq", {"method": "awq", "bits": 4}),
    ("mlx", "4bit", "build_mlx", {"bits": 4, "mode": "affine", "group": None,
                                  "dtype": "bfloat16"}),
    ("mlx", "bf16", "build_mlx", {"bits": 0, "mode": "affine", "group": None,
                                  "dtype": "bfloat16"}),
    ("mlx", "mxfp4", "build_mlx", {"bits": 4, "mode": "mxfp4", "group": 32,
                                   "dtype": "bfloat16"}),
    ("pytorch", "none", "", {}),
])
def test_each_format_has_its_builder(model_format, quantization, builder, settings):
    made = recipe(model_format, quantization)
    assert (made.builder, made.settings, made.approximation) == (builder, settings, "")


@pytest.mark.parametrize(("model_format", "quantization"), [("gptq", "Int4-Int8Mix"),
                                                            ("mlx", "4bit-DWQ")])
def test_a_variation_is_made_plain_and_says_so(model_format, quantization):
    assert quantization in recipe(model_format, quantization).approximation


@pytest.mark.parametrize(("model_format", "quantization"), [("awq", "Int8"), ("fp8", "fp8"),
                                                            ("mlx", "none-such")])
def test_what_no_tool_makes_says_why(model_format, quantization):
    with pytest.raises(NoRecipe, match=quantization):
        recipe(model_format, quantization)
