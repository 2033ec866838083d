"""The facts of `config.json` files as real repositories have them, less what says nothing here."""

from __future__ import annotations

from typing import Any

import pytest

from compiler.lock.config import read_config
from runtime.manifest import Attention

Config = dict[str, Any]


def plain(layers: int, heads: int, width: int, **more: int) -> Attention:
    """Keys and values of one width."""
    return Attention(layers=layers, heads=heads, key_length=width, value_length=width, **more)


def llama(layers: int, heads: int, key_heads: int, width: int, context: int, **more: Any) -> Config:
    return {"num_hidden_layers": layers, "num_attention_heads": heads, "hidden_size": width,
            "num_key_value_heads": key_heads, "max_position_embeddings": context, **more}


LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 8192}
MLA = {"kv_lora_rank": 512, "q_lora_rank": 1536, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64,
       "v_head_dim": 128}
LONGROPE = {"type": "longrope", "long_factor": [1.0], "short_factor": [1.0]}


def yarn(factor: float, original: int) -> Config:
    return {"type": "yarn", "factor": factor, "original_max_position_embeddings": original}


#: Repository, its configuration, its context length, further ones that it can mean, its attention.
CONTEXTS: list[tuple[str, Config, int | None, list[int], Attention | None]] = [
    ("meta-llama/Llama-3.1-8B-Instruct",
     llama(32, 32, 8, 4096, 131072, rope_scaling=LLAMA3), 131072, [], plain(32, 8, 128)),
    ("meta-llama/Llama-3.2-1B-Instruct",
     llama(16, 32, 8, 2048, 131072, head_dim=64, rope_scaling={**LLAMA3, "factor": 32.0}),
     131072, [], plain(16, 8, 64)),
    ("meta-llama/Llama-4-Scout-17B-16E-Instruct", {"text_config": llama(
        48, 40, 8, 5120, 10485760, head_dim=128, model_type="llama4_text", no_rope_layers=[],
        attention_chunk_size=8192, num_local_experts=16, num_experts_per_tok=1,
        rope_scaling={**LLAMA3, "factor": 16.0})},
     10485760, [], plain(12, 8, 128, window_layers=36, window=8192)),
    ("unsloth/Llama-4-Scout-17B-16E", {"text_config": llama(
        48, 40, 8, 5120, 262144, head_dim=128, model_type="llama4_text",
        attention_chunk_size=8192, no_rope_layers=[1, 1, 1, 0] * 12)},
     262144, [], plain(12, 8, 128, window_layers=36, window=8192)),
    ("Qwen/Qwen2.5-7B-Instruct",
     llama(28, 28, 4, 3584, 32768, max_window_layers=28, sliding_window=131072,
           use_sliding_window=False), 32768, [], plain(28, 4, 128)),
    ("Qwen/Qwen2.5-14B-Instruct-1M",
     llama(48, 40, 8, 5120, 1010000, dual_chunk_attention_config={
         "chunk_size": 262144, "local_size": 8192, "original_max_position_embeddings": 262144}),
     1010000, [], plain(48, 8, 128)),
    ("Qwen/Qwen3-8B",
     llama(36, 32, 8, 4096, 40960, head_dim=128, rope_scaling=None), 40960, [], plain(36, 8, 128)),
    ("Qwen/Qwen3-8B, with the scaling of its card",
     llama(36, 32, 8, 4096, 40960, head_dim=128,
           rope_scaling={"rope_type": "yarn", "factor": 4.0,
                         "original_max_position_embeddings": 32768}),
     131072, [], plain(36, 8, 128)),
    ("Qwen/Qwen3-Next-80B-A3B-Instruct",
     llama(48, 16, 2, 2048, 262144, head_dim=256, full_attention_interval=4, num_experts=512,
           num_experts_per_tok=10), 262144, [], plain(12, 2, 256)),
    ("Qwen/Qwen2.5-VL-7B-Instruct",
     llama(28, 28, 4, 3584, 128000, use_sliding_window=False, rope_scaling={
         "type": "mrope", "mrope_section": [16, 24, 24]}, vision_config={"depth": 32}),
     128000, [], plain(28, 4, 128)),
    ("Qwen/Qwen3-VL-8B-Instruct", {"text_config": llama(
        36, 32, 8, 4096, 262144, head_dim=128, rope_scaling={
            "mrope_interleaved": True, "mrope_section": [24, 20, 20], "rope_type": "default"}),
        "vision_config": {"num_position_embeddings": 2304}}, 262144, [], plain(36, 8, 128)),
    ("Qwen/Qwen2.5-Omni-7B", {
        "talker_config": {"max_position_embeddings": 32768, "num_hidden_layers": 24},
        "thinker_config": {
            "audio_config": {"max_source_positions": 1500},
            "text_config": llama(28, 28, 4, 3584, 32768, use_sliding_window=False)}},
     32768, [], plain(28, 4, 128)),
    ("google/gemma-2-9b-it",
     llama(42, 16, 8, 3584, 8192, head_dim=256, model_type="gemma2", sliding_window=4096,
           sliding_window_size=4096, cache_implementation="hybrid"),
     8192, [], plain(21, 8, 256, window_layers=21, window=4096)),
    ("google/gemma-3-27b-it", {"text_config": {
        "head_dim": 128, "hidden_size": 5376, "model_type": "gemma3_text",
        "num_attention_heads": 32, "num_hidden_layers": 62, "num_key_value_heads": 16,
        "rope_scaling": {"factor": 8.0, "rope_type": "linear"}, "sliding_window": 1024}},
     None, [], plain(10, 16, 128, window_layers=52, window=1024)),
    ("google/gemma-3-1b-it",
     llama(26, 4, 1, 1152, 32768, head_dim=256, model_type="gemma3_text", sliding_window=512,
           sliding_window_pattern=6), 32768, [],
     plain(4, 1, 256, window_layers=22, window=512)),
    ("google/gemma-3n-E4B-it", {"text_config": llama(
        35, 8, 2, 2048, 32768, head_dim=256, model_type="gemma3n_text", sliding_window=512,
        num_kv_shared_layers=15, layer_types=(["sliding_attention"] * 4 + ["full_attention"]) * 7)},
     32768, [], plain(4, 2, 256, window_layers=16, window=512)),
    ("microsoft/Phi-3-mini-4k-instruct",
     llama(32, 32, 32, 3072, 4096, model_type="phi3", original_max_position_embeddings=4096,
           rope_scaling=None, sliding_window=2047),
     4096, [], plain(0, 32, 96, window_layers=32, window=2047)),
    ("microsoft/Phi-4-mini-instruct",
     llama(32, 24, 8, 3072, 131072, model_type="phi3", original_max_position_embeddings=4096,
           rope_scaling=LONGROPE, sliding_window=262144),
     131072, [], plain(0, 8, 128, window_layers=32, window=262144)),
    ("deepseek-ai/DeepSeek-V3",
     llama(61, 128, 128, 7168, 163840, **MLA, n_routed_experts=256, num_experts_per_tok=8,
           rope_scaling=yarn(40, 4096)), 163840, [],
     Attention(layers=61, heads=128, key_length=192, value_length=128, latent=576)),
    ("moonshotai/Kimi-K2-Instruct-0905",
     llama(61, 64, 64, 7168, 262144, **MLA, n_routed_experts=384, num_experts_per_tok=8,
           rope_scaling=yarn(64.0, 4096)), 262144, [],
     Attention(layers=61, heads=64, key_length=192, value_length=128, latent=576)),
    ("deepseek-ai/DeepSeek-V3.2, as Transformers writes it",
     llama(61, 128, 128, 7168, 163840, **MLA, layer_types=["indexed_attention"] * 61), 163840, [],
     Attention(layers=61, heads=128, key_length=192, value_length=128, latent=576)),
    ("moonshotai/Kimi-Linear-48B-A3B-Instruct", {
        "model_max_length": 1048576, "num_hidden_layers": 27, "num_attention_heads": 32,
        "num_key_value_heads": 32, "head_dim": 72, "hidden_size": 2304, "kv_lora_rank": 512,
        "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128, "num_experts": 256,
        "num_experts_per_token": 8, "linear_attn_config": {
            "full_attn_layers": [4, 8, 12, 16, 20, 24, 27], "head_dim": 128, "num_heads": 32}},
     1048576, [], Attention(layers=7, heads=32, key_length=192, value_length=128, latent=576)),
    ("zai-org/GLM-4.5-Air",
     llama(46, 96, 8, 4096, 131072, head_dim=128, n_routed_experts=128, num_experts_per_tok=8,
           rope_scaling=None), 131072, [], plain(46, 8, 128)),
    ("zai-org/GLM-4.5V", {"text_config": llama(
        46, 96, 8, 4096, 65536, head_dim=128, rope_scaling={
            "type": "default", "mrope_section": [8, 12, 12]})}, 65536, [], plain(46, 8, 128)),
    ("zai-org/glm-4-9b-chat", {
        "num_layers": 40, "num_attention_heads": 32, "hidden_size": 4096, "kv_channels": 128,
        "multi_query_attention": True, "multi_query_group_num": 2, "seq_length": 131072},
     131072, [], plain(40, 2, 128)),
    ("baichuan-inc/Baichuan2-13B-Chat", {
        "num_hidden_layers": 40, "num_attention_heads": 40, "hidden_size": 5120,
        "model_max_length": 4096}, 4096, [], plain(40, 40, 128)),
    ("tiiuae/falcon-7b", {
        "num_hidden_layers": 32, "num_attention_heads": 71, "hidden_size": 4544,
        "multi_query": True, "new_decoder_architecture": False}, None, [], plain(32, 1, 64)),
    ("tiiuae/falcon-40b", {
        "num_hidden_layers": 60, "num_attention_heads": 128, "hidden_size": 8192,
        "multi_query": True, "new_decoder_architecture": True, "num_kv_heads": 8},
     None, [], plain(60, 8, 64)),
    ("mosaicml/mpt-30b-chat", {
        "d_model": 7168, "n_heads": 64, "n_layers": 48, "max_seq_len": 8192,
        "attn_config": {"attn_impl": "torch", "alibi": True}}, 8192, [], plain(48, 64, 112)),
    ("databricks/dbrx-instruct", {
        "d_model": 6144, "n_heads": 48, "n_layers": 40, "max_seq_len": 32768,
        "attn_config": {"kv_n_heads": 8, "rope_theta": 500000},
        "ffn_config": {"moe_num_experts": 16, "moe_top_k": 4}}, 32768, [], plain(40, 8, 128)),
    ("openai-community/gpt2", {
        "n_ctx": 1024, "n_positions": 1024, "n_embd": 768, "n_head": 12, "n_layer": 12},
     1024, [], plain(12, 12, 64)),
    ("bigcode/starcoderbase", {
        "n_positions": 8192, "n_embd": 6144, "n_head": 48, "n_layer": 40, "multi_query": True},
     8192, [], plain(40, 1, 128)),
    ("bigscience/bloom", {
        "n_layer": 70, "num_attention_heads": 112, "hidden_size": 14336, "seq_length": 2048},
     2048, [], plain(70, 112, 128)),
    ("EleutherAI/gpt-neox-20b", {
        "num_hidden_layers": 44, "num_attention_heads": 64, "hidden_size": 6144,
        "max_position_embeddings": 2048}, 2048, [], plain(44, 64, 96)),
    ("CohereLabs/c4ai-command-r-v01",
     llama(40, 64, 64, 8192, 8192, model_max_length=131072), 131072, [], plain(40, 64, 128)),
    ("CohereLabs/c4ai-command-r7b-12-2024",
     llama(32, 32, 8, 4096, 132096, model_type="cohere2", sliding_window=4096,
           sliding_window_pattern=4), 132096, [], plain(8, 8, 128, window_layers=24, window=4096)),
    ("mistralai/Mistral-7B-v0.1",
     llama(32, 32, 8, 4096, 32768, model_type="mistral", sliding_window=4096), 32768, [],
     plain(0, 8, 128, window_layers=32, window=4096)),
    ("mistralai/Mixtral-8x7B-Instruct-v0.1",
     llama(32, 32, 8, 4096, 32768, model_type="mixtral", sliding_window=None,
           num_local_experts=8, num_experts_per_tok=2), 32768, [], plain(32, 8, 128)),
    ("mistralai/Mistral-Small-3.2-24B-Instruct-2506", {
        "text_config": llama(40, 32, 8, 5120, 131072, head_dim=128, sliding_window=None),
        "vision_config": {"head_dim": 64, "num_hidden_layers": 24}}, 131072, [],
     plain(40, 8, 128)),
    ("mistralai/Ministral-3-8B-Instruct-2512", {"text_config": llama(
        34, 32, 8, 4096, 262144, head_dim=128, rope_parameters={
            "rope_type": "yarn", "factor": 16.0, "original_max_position_embeddings": 16384,
            "rope_theta": 1000000.0})}, 262144, [], plain(34, 8, 128)),
    ("openai/gpt-oss-20b",
     llama(24, 64, 8, 2880, 131072, head_dim=64, initial_context_length=4096, sliding_window=128,
           layer_types=["sliding_attention", "full_attention"] * 12, num_local_experts=32,
           experts_per_token=4, rope_scaling={
               "rope_type": "yarn", "factor": 32.0, "original_max_position_embeddings": 4096}),
     131072, [], plain(12, 8, 64, window_layers=12, window=128)),
    ("MiniMaxAI/MiniMax-Text-01",
     llama(80, 64, 8, 6144, 10240000, head_dim=128, attn_type_list=([0] * 7 + [1]) * 10),
     10240000, [], plain(10, 8, 128)),
    ("ai21labs/AI21-Jamba-Mini-1.6",
     llama(32, 32, 8, 4096, 262144, attn_layer_period=8, attn_layer_offset=4, num_experts=16,
           num_experts_per_tok=2), 262144, [], plain(4, 8, 128)),
    ("state-spaces/mamba-2.8b-hf", {"hidden_size": 2560, "num_hidden_layers": 64,
                                    "state_size": 16}, None, [], None),
    ("RWKV/rwkv-4-world-7b", {"hidden_size": 4096, "num_hidden_layers": 32,
                              "context_length": 4096}, 4096, [], None),
    ("OpenGVLab/InternVL3-8B", {
        "llm_config": llama(28, 28, 4, 3584, 32768, rope_scaling={
            "type": "dynamic", "factor": 2.0}, use_sliding_window=False),
        "vision_config": {"num_hidden_layers": 24}, "max_dynamic_patch": 12},
     32768, [65536], plain(28, 4, 128)),
    ("nvidia/NVIDIA-Nemotron-Nano-9B-v2",
     llama(56, 40, 8, 4480, 131072, head_dim=128,
           hybrid_override_pattern="M-M-M-MM-M-M-M*-M-M-M*-M-M-M-M*-M-M-M-M*-M-MM-M-M-M-M-M-"),
     131072, [], plain(4, 8, 128)),
    ("nvidia/Llama-3_3-Nemotron-Super-49B-v1", {
        "num_hidden_layers": 4, "num_attention_heads": 64, "num_key_value_heads": None,
        "hidden_size": 8192, "max_position_embeddings": 131072, "rope_scaling": LLAMA3,
        "block_configs": [
            {"attention": {"n_heads_in_group": 8, "no_op": False, "replace_with_linear": False}},
            {"attention": {"n_heads_in_group": None, "no_op": True}},
            {"attention": {"n_heads_in_group": None, "no_op": False, "replace_with_linear": True}},
            {"attention": {"n_heads_in_group": 8, "no_op": False}}]},
     131072, [], plain(2, 8, 128)),
    ("ibm-granite/granite-4.0-h-small",
     llama(40, 32, 8, 4096, 131072, layer_types=(["mamba"] * 9 + ["attention"]) * 4,
           num_local_experts=72, num_experts_per_tok=10), 131072, [], plain(4, 8, 128)),
    ("LiquidAI/LFM2-1.2B",
     llama(16, 32, 8, 2048, 128000, full_attn_idxs=[2, 5, 8, 10, 12, 14]), 128000, [],
     plain(6, 8, 64)),
    ("google/recurrentgemma-9b", {
        "attention_window_size": 2048, "block_types": ["recurrent", "recurrent", "attention"],
        "head_dim": 256, "hidden_size": 4096, "num_attention_heads": 16,
        "num_hidden_layers": 38, "num_key_value_heads": 1}, None, [], plain(12, 1, 256)),
    ("XiaomiMiMo/MiMo-V2-Flash",
     llama(48, 64, 4, 4096, 262144, head_dim=192, v_head_dim=128, sliding_window=128,
           hybrid_layer_pattern=[0, 1, 1, 1, 1, 1] * 8, swa_num_key_value_heads=8,
           swa_head_dim=192, swa_v_head_dim=128), 262144, [],
     Attention(layers=8, heads=8, key_length=192, value_length=128, window_layers=40, window=128)),
    ("baidu/ERNIE-4.5-21B-A3B-PT",
     llama(28, 20, 4, 2560, 131072, moe_num_experts=64, moe_k=6), 131072, [], plain(28, 4, 128)),
    ("tencent/Hunyuan-A13B-Instruct",
     llama(32, 32, 8, 4096, 32768, attention_head_dim=128, num_experts=64, moe_topk=[8] * 32,
           rope_scaling={"alpha": 1000.0, "factor": 1.0, "type": "dynamic"}),
     32768, [], plain(32, 8, 128)),
    ("ByteDance-Seed/Seed-OSS-36B-Instruct",
     llama(64, 80, 8, 5120, 524288, head_dim=128, rope_scaling={"rope_type": "default"}),
     524288, [], plain(64, 8, 128)),
    ("HuggingFaceTB/SmolLM3-3B",
     llama(36, 16, 4, 2048, 65536, no_rope_layers=[1, 1, 1, 0] * 9, sliding_window=None,
           use_sliding_window=False, layer_types=["full_attention"] * 36), 65536, [],
     plain(36, 4, 128)),
    ("LGAI-EXAONE/EXAONE-4.0-32B",
     llama(64, 40, 8, 5120, 131072, head_dim=128, sliding_window=4096,
           sliding_window_pattern="LLLG", rope_scaling={**LLAMA3, "factor": 16.0}), 131072, [],
     plain(16, 8, 128, window_layers=48, window=4096)),
    ("meituan-longcat/LongCat-Flash-Chat", {
        "model_type": "longcat_flash", "num_layers": 28, "num_attention_heads": 64,
        "hidden_size": 6144, "max_position_embeddings": 131072, **MLA, "n_routed_experts": 512,
        "moe_topk": 12}, 131072, [],
     Attention(layers=56, heads=64, key_length=192, value_length=128, latent=576)),
    ("apple/OpenELM-270M", {
        "num_transformer_layers": 16, "num_query_heads": [12, 12, 16, 20], "head_dim": 64,
        "num_kv_heads": [3, 3, 4, 5], "model_dim": 1280, "max_context_length": 2048},
     2048, [], plain(16, 5, 64)),
    ("mistralai/Pixtral-12B-2409, its params.json", {
        "dim": 5120, "n_layers": 40, "head_dim": 128, "hidden_dim": 14336, "n_heads": 32,
        "n_kv_heads": 8, "vocab_size": 131072, "vision_encoder": {"num_hidden_layers": 24},
        "quantization": {"qformat_weight": "fp8_e4m3"}, "max_seq_len": 128000}, 128000, [],
     plain(40, 8, 128)),
    ("mistralai/Mixtral-8x7B-v0.1, its params.json", {
        "dim": 4096, "n_layers": 32, "head_dim": 128, "n_heads": 32, "n_kv_heads": 8,
        "moe": {"num_experts_per_tok": 2, "num_experts": 8}}, None, [], plain(32, 8, 128)),
    ("a kind of layers that is not known keeps every token",
     llama(4, 8, 2, 512, 8192, sliding_window=512, layer_types=["new_attention"] * 4), 8192, [],
     plain(4, 2, 64)),
    ("a window whose layers are not known",
     llama(4, 8, 2, 512, 8192, sliding_window=512, model_type="new"), 8192, [], plain(4, 2, 64)),
    ("a window whose size is not known",
     llama(2, 8, 2, 512, 8192, layer_types=["sliding_attention"] * 2), 8192, [], plain(2, 2, 64)),
    ("scalings of single kinds of layers beside a stray number",
     llama(2, 8, 2, 512, 8192, rope_parameters={
         "full_attention": {"rope_type": "yarn", "factor": 4.0,
                            "original_max_position_embeddings": 4096},
         "sliding_attention": {"rope_type": "default"}, "rope_theta": 10000.0}),
     16384, [], plain(2, 2, 64)),
    ("more layers than any model has",
     llama(10**9, 8, 2, 512, 8192), 8192, [], None),
]


@pytest.mark.parametrize(("config", "context", "others", "attention"),
                         [row[1:] for row in CONTEXTS], ids=[row[0] for row in CONTEXTS])
def test_context_length_and_attention(
    config: Config, context: int | None, others: list[int], attention: Attention | None,
) -> None:
    facts = read_config(config)
    assert (facts.context_length, facts.other_context_lengths) == (context, others)
    assert facts.attention == attention


@pytest.mark.parametrize(("repository", "experts", "used"), [
    ("databricks/dbrx-instruct", 16, 4), ("baidu/ERNIE-4.5-21B-A3B-PT", 64, 6),
    ("tencent/Hunyuan-A13B-Instruct", 64, 8), ("openai/gpt-oss-20b", 32, 4),
    ("deepseek-ai/DeepSeek-V3", 256, 8), ("meituan-longcat/LongCat-Flash-Chat", 512, 12),
    ("meta-llama/Llama-4-Scout-17B-16E-Instruct", 16, 1),
    ("mistralai/Mixtral-8x7B-v0.1, its params.json", 8, 2),
    ("moonshotai/Kimi-Linear-48B-A3B-Instruct", 256, 8), ("Qwen/Qwen3-8B", None, None)])
def test_experts(repository: str, experts: int | None, used: int | None) -> None:
    facts = read_config(next(row[1] for row in CONTEXTS if row[0] == repository))
    assert (facts.experts, facts.experts_per_token) == (experts, used)


def test_one_expert_is_no_mixture() -> None:
    facts = read_config({"num_experts": 1, "moe_topk": 1})
    assert (facts.experts, facts.experts_per_token) == (None, None)


def compressed(*groups: Config) -> Config:
    return {"quant_method": "compressed-tensors", "format": "pack-quantized", "config_groups": {
        f"group_{number}": {"targets": ["Linear"], "weights": group}
        for number, group in enumerate(groups)}}


@pytest.mark.parametrize(("config", "expected"), [
    ({"quantization_config": {"quant_method": "auto-round", "bits": 4, "group_size": 128,
                              "packing_format": "auto_round:auto_gptq"}}, ("auto-round", 4, 128)),
    ({"quantization_config": {"quant_method": "fp8", "fmt": "e4m3",
                              "weight_block_size": [128, 128]}}, ("fp8", 8, None)),
    ({"quantization_config": {"quant_method": "fbgemm_fp8", "activation_scale_ub": 1200.0}},
     ("fbgemm_fp8", 8, None)),
    ({"quantization_config": compressed(
        {"num_bits": 4, "type": "int", "strategy": "group", "group_size": 128})},
     ("compressed-tensors", 4, 128)),
    ({"quantization_config": compressed(
        {"num_bits": 8, "type": "float", "strategy": "channel", "group_size": None})},
     ("compressed-tensors", 8, None)),
    # Some layers in four bits and some in eight are neither.
    ({"quantization_config": compressed(
        {"num_bits": 4, "type": "float", "group_size": 16}, {"num_bits": 8, "type": "float"})},
     ("compressed-tensors", None, 16)),
    ({"text_config": {}, "quantization_config": {"quant_method": "modelopt", "quant_algo": "NVFP4",
                                                 "config_groups": {"group_0": {"weights": {
                                                     "num_bits": 4, "group_size": 16}}}}},
     ("modelopt", 4, 16)),
    ({"quantization_config": {"quant_method": "modelopt", "quant_algo": "FP8"}},
     ("modelopt", 8, None)),
    ({"quantization_config": {"quant_method": "modelopt", "quant_algo": "W4A16_AWQ"}},
     ("modelopt", 4, None)),
    ({"quantization_config": {"quant_method": "modelopt", "quant_algo": "MIXED_PRECISION"}},
     ("modelopt", None, None)),
    ({"quantization_config": {"quant_method": "mxfp4",
                              "modules_to_not_convert": ["lm_head"]}}, ("mxfp4", 4, None)),
    ({"quantization_config": {"quant_method": "bitsandbytes", "_load_in_4bit": False,
                              "_load_in_8bit": True}}, ("bitsandbytes", 8, None)),
    # MLX writes the same twice, and layers that differ by their names.
    ({key: {"group_size": 64, "bits": 4, "mode": "affine",
            "model.layers.0.mlp.gate": {"group_size": 64, "bits": 8}}
      for key in ("quantization", "quantization_config")}, ("mlx", 4, 64)),
    ({"quantization": {"group_size": 32, "bits": 4, "mode": "mxfp4"}}, ("mlx", 4, 32)),
    ({"quantization_config": {"quant_method": "exl2", "bits": 4.25, "head_bits": 6}},
     ("exl2", None, None)),
    ({"quantization_config": {"quant_method": "aqlm", "nbits_per_codebook": 16,
                              "in_group_size": 8}}, ("aqlm", None, None)),
    ({"quantization_config": {"quant_method": "hqq", "quant_config": {"weight_quant_params": {
        "nbits": 4, "group_size": 64}}}}, ("hqq", 4, 64)),
    ({"quantization_config": {"quant_method": "quanto", "weights": "int8"}}, ("quanto", 8, None)),
    ({"quantization_config": {"quant_method": "bitnet"}}, ("bitnet", None, None)),
    ({"quantization_config": None}, (None, None, None)),
    ({"quantization": {"qformat_weight": "fp8_e4m3"}}, (None, None, None)),
])
def test_quantization(config: Config, expected: tuple[str | None, int | None, int | None]) -> None:
    facts = read_config(config)
    assert (facts.quantization_method, facts.bits, facts.group_size) == expected
