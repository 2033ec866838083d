"""What configurations of many dialects say; the values are those that the models really have."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.lock.attention import attention
from compiler.lock.config import context_lengths, read_config, text_config
from compiler.lock.quantization import quantization
from runtime.manifest import Attention

YARN = {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}


@pytest.mark.parametrize(("config", "native", "scaled", "others"), [
    ({"max_position_embeddings": 40960}, 40960, 40960, []),
    ({"n_positions": 1024}, 1024, 1024, []),
    ({"max_seq_len": 8192}, 8192, 8192, []),
    ({"seq_length": 131072, "auto_map": {"AutoConfig": "x.Y"}}, 131072, 131072, []),
    # Cohere writes a small technical limit and the length that it serves.
    ({"max_position_embeddings": 8192, "model_max_length": 131072}, 131072, 131072, []),
    ({"max_position_embeddings": 32768, "rope_scaling": YARN}, 32768, 131072, []),
    # DeepSeek: the stated length has the scaling in it already.
    ({"max_position_embeddings": 163840, "rope_scaling": {
        "type": "yarn", "factor": 40, "original_max_position_embeddings": 4096}},
     163840, 163840, []),
    ({"max_position_embeddings": 131072, "rope_scaling": {
        "rope_type": "llama3", "factor": 8.0, "original_max_position_embeddings": 8192}},
     131072, 131072, []),
    ({"max_position_embeddings": 4096, "rope_scaling": {"type": "linear", "factor": 4}},
     4096, 4096, [16384]),
    ({"max_position_embeddings": 131072,
      "rope_parameters": {"rope_type": "default", "rope_theta": 5e5}}, 131072, 131072, []),
    ({"text_config": {"max_position_embeddings": 131072, "rope_parameters": {
        "full_attention": {"rope_type": "linear", "factor": 8.0},
        "sliding_attention": {"rope_type": "default"}}}}, 131072, 131072, [1048576]),
    ({"text_config": {"sliding_window": 1024}}, None, None, []),
    ({"thinker_config": {"text_config": {"max_position_embeddings": 32768}}}, 32768, 32768, []),
    ({"llm_config": {"max_position_embeddings": 40960}, "vision_config": {
        "max_position_embeddings": 64}}, 40960, 40960, []),
    ({"text_config": {}, "max_position_embeddings": 2048}, 2048, 2048, []),
    ({}, None, None, []),
])
def test_the_context_length_across_dialects(
    config: dict[str, Any], native: int | None, scaled: int | None, others: list[int],
) -> None:
    assert context_lengths(config) == (native, scaled, others)


@pytest.mark.parametrize(("config", "expected"), [
    ({}, (None, None, None)),
    ({"quantization_config": {"quant_method": "gptq", "bits": 4, "group_size": 128}},
     ("gptq", 4, 128)),
    ({"quantization_config": {"quant_method": "awq", "w_bit": 4, "q_group_size": 64}},
     ("awq", 4, 64)),
    ({"quantization_config": {"quant_method": "fp8"}}, ("fp8", 8, None)),
    ({"quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True}},
     ("bitsandbytes", 4, None)),
    ({"quantization_config": {"quant_method": "compressed-tensors", "config_groups": {
        "group_0": {"weights": {"num_bits": 4, "group_size": 32}}}}},
     ("compressed-tensors", 4, 32)),
    ({"quantization": {"bits": 6, "group_size": 64}}, ("mlx", 6, 64)),
    ({"text_config": {"quantization_config": {"quant_method": "mxfp4"}}}, ("mxfp4", 4, None)),
])
def test_the_quantization_across_dialects(
    config: dict[str, Any], expected: tuple[str | None, int | None, int | None],
) -> None:
    assert quantization(config, text_config(config)) == expected


@pytest.mark.parametrize(("config", "expected"), [
    ({"num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
      "hidden_size": 4096}, Attention(layers=32, heads=8, key_length=128, value_length=128)),
    ({"n_layer": 12, "n_head": 12, "n_embd": 768},
     Attention(layers=12, heads=12, key_length=64, value_length=64)),
    ({"num_hidden_layers": 61, "num_attention_heads": 128, "hidden_size": 7168,
      "kv_lora_rank": 512, "qk_rope_head_dim": 64, "qk_nope_head_dim": 128, "v_head_dim": 128},
     Attention(layers=61, heads=128, key_length=192, value_length=128, latent=576)),
    ({"num_hidden_layers": 4, "num_attention_heads": 8, "head_dim": 64, "hidden_size": 512,
      "sliding_window": 1024,
      "layer_types": ["sliding_attention", "sliding_attention", "linear_attention",
                      "full_attention"]},
     Attention(layers=1, heads=8, key_length=64, value_length=64, window_layers=2, window=1024)),
    ({"num_hidden_layers": 28, "num_attention_heads": 12, "hidden_size": 1536,
      "sliding_window": 4096, "use_sliding_window": False},
     Attention(layers=28, heads=12, key_length=128, value_length=128)),
    ({"hidden_size": 512}, None),
])
def test_what_the_contexts_memory_depends_on(
    config: dict[str, Any], expected: Attention | None,
) -> None:
    assert attention(config) == expected


@pytest.mark.parametrize("value", [
    True, -1, 0, 1e400, float("nan"), "32768", [1], {"a": 1}, 10**20, None, 1.5])
def test_values_of_another_kind_are_not_taken(value: object) -> None:
    keys = ("max_position_embeddings", "num_hidden_layers", "num_attention_heads", "architectures",
            "model_type", "quantization_config", "rope_scaling", "text_config", "num_experts")
    config: dict[str, Any] = dict.fromkeys(keys, value)
    assert read_config(config).context_length is None
    assert read_config({**config, "max_position_embeddings": 10}).context_length in (10, None)


_KEYS = [
    "text_config", "layer_types", "layers_block_type", "block_types", "hybrid_override_pattern",
    "block_configs", "attn_type_list", "hybrid_layer_pattern", "no_rope_layers", "full_attn_idxs",
    "linear_attn_config", "full_attn_layers", "full_attention_interval", "sliding_window",
    "sliding_window_pattern", "use_sliding_window", "max_window_layers", "num_kv_shared_layers",
    "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "hidden_size", "head_dim",
    "kv_lora_rank", "attention", "n_heads_in_group", "attn_config", "ffn_config", "rope_scaling",
    "rope_parameters", "factor", "type", "max_position_embeddings", "quantization_config", "bits",
    "quantization", "config_groups", "weights", "num_bits", "quant_config", "quant_algo",
    "weight_quant_params", "model_type", "architectures", "num_experts", "moe_topk"]
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 70) | st.floats() | st.sampled_from(
        ["", "*M-", "LLLG", "yarn", "NVFP4", "mistral", "full_attention", "mamba"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(_KEYS), inner, max_size=8), max_leaves=30)


@given(st.dictionaries(st.sampled_from(_KEYS), _VALUES, max_size=12))
def test_no_configuration_of_a_stranger_is_a_fault(config: dict[str, Any]) -> None:
    found = read_config(config).attention
    assert found is None or (found.layers >= 0 and found.window_layers >= 0 and found.heads > 0)
