"""The context cache of models whose shape is well known, worked out by hand from `config.json`."""

from __future__ import annotations

from typing import Any

import pytest

from compiler.lock.config import read_config
from runtime.manifest import Attention
from runtime.memory import cache_size

KIB = 1 << 10


def shape(layers: int, heads: int, key_heads: int, width: int, **more: Any) -> dict[str, Any]:
    return {"num_hidden_layers": layers, "num_attention_heads": heads,
            "num_key_value_heads": key_heads, "hidden_size": width, **more}


GEMMA_3_27B = shape(62, 32, 16, 5376, head_dim=128, sliding_window=1024, model_type="gemma3_text")
GEMMA_4_31B = shape(60, 32, 16, 5376, head_dim=256, sliding_window=1024, global_head_dim=512,
                    num_global_key_value_heads=4,
                    layer_types=[*["sliding_attention"] * 5, "full_attention"] * 10)
GPT_OSS_120B = shape(36, 64, 8, 2880, head_dim=64, sliding_window=128, layer_types=[
    "sliding_attention", "full_attention"] * 18)
LLAMA_4_SCOUT = shape(48, 40, 8, 5120, head_dim=128, attention_chunk_size=8192,
                      model_type="llama4_text")
DEEPSEEK_V3 = shape(61, 128, 128, 7168, kv_lora_rank=512, qk_rope_head_dim=64,
                    qk_nope_head_dim=128, v_head_dim=128)


def attention(config: dict[str, Any]) -> Attention:
    found = read_config(config).attention
    assert found is not None
    return found


@pytest.mark.parametrize(("config", "of_a_token"), [
    pytest.param(shape(32, 32, 8, 4096), 128 * KIB, id="Llama-3.1-8B"),
    pytest.param(shape(80, 64, 8, 8192), 320 * KIB, id="Llama-3.1-70B"),
    pytest.param(shape(32, 32, 8, 4096, sliding_window=None), 128 * KIB, id="Mixtral-8x7B"),
    pytest.param(shape(56, 48, 8, 6144), 224 * KIB, id="Mixtral-8x22B"),
    pytest.param(shape(64, 64, 8, 5120, head_dim=128, sliding_window=None,
                       use_sliding_window=False), 256 * KIB, id="Qwen3-32B"),
    pytest.param(shape(48, 32, 4, 2048, head_dim=128), 96 * KIB, id="Qwen3-30B-A3B"),
    pytest.param(shape(64, 80, 8, 5120, head_dim=128), 256 * KIB, id="Seed-OSS-36B"),
    pytest.param(shape(40, 64, 64, 8192), 1280 * KIB, id="Command-R"),
    pytest.param({"n_layer": 12, "n_head": 12, "n_embd": 768}, 36 * KIB, id="GPT-2"),
    pytest.param(DEEPSEEK_V3, 61 * 576 * 2, id="DeepSeek-V3"),
    pytest.param(shape(48, 16, 2, 2048, head_dim=256, full_attention_interval=4), 24 * KIB,
                 id="Qwen3-Next-80B-A3B"),
])
@pytest.mark.parametrize("engine", ["vLLM", "Transformers", "llama.cpp", "MLX"])
def test_a_tokens_keys_and_values(config: dict[str, Any], of_a_token: int, engine: str) -> None:
    assert cache_size(attention(config), 1, engine) == of_a_token
    assert cache_size(attention(config), 131072, engine) == 131072 * of_a_token


@pytest.mark.parametrize(("config", "full", "windowed", "of_a_token", "window"), [
    pytest.param(GEMMA_3_27B, 10, 52, 8 * KIB, 1024, id="Gemma-3-27B"),
    pytest.param(GPT_OSS_120B, 18, 18, 2 * KIB, 128, id="gpt-oss-120b"),
    pytest.param(LLAMA_4_SCOUT, 12, 36, 4 * KIB, 8192, id="Llama-4-Scout"),
    # Its global layers have heads of another number and length: the wider ones count for all.
    pytest.param(GEMMA_4_31B, 10, 50, 16 * KIB, 1024, id="Gemma-4-31B"),
])
def test_layers_with_a_window_keep_that(config: dict[str, Any], full: int, windowed: int,
                                        of_a_token: int, window: int) -> None:
    found = attention(config)
    assert (found.layers, found.window_layers, found.window) == (full, windowed, window)
    kept = {"Transformers": window, "MLX": window, "vLLM": window + 16384,
            "llama.cpp": -(-(4 * window + 512) // 256) * 256}
    for engine, tokens in kept.items():
        assert cache_size(found, 131072, engine) == of_a_token * (
            full * 131072 + windowed * tokens), engine
        assert cache_size(found, 100, engine) == of_a_token * (full + windowed) * 100, engine


def test_layers_that_use_the_cache_of_earlier_ones_keep_nothing() -> None:
    kinds = (["sliding_attention"] * 4 + ["full_attention"]) * 6
    found = attention(shape(30, 8, 2, 2048, head_dim=256, sliding_window=512, layer_types=kinds,
                            num_kv_shared_layers=10))
    assert (found.layers, found.window_layers) == (4, 16)
