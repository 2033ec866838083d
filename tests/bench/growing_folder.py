"""The models of `growing.py` as folders for Transformers, MLX and vLLM."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path

from tests.bench.growing import ROTARY, VOCABULARY, Shape

_BLOCK = bytes(1 << 20)
_BEGIN, _END = "<s>", "</s>"
#: Numbers of a key without its position, and of a value, of latent attention.
_PLAIN, _VALUE = 64, 64
#: Name → safetensors' name and bytes of a number.
_TYPES = {"bfloat16": ("BF16", 2), "float32": ("F32", 4)}
_TEMPLATE = "{% for message in messages %}{{ message['content'] }}{% endfor %}"


def write_folder(folder: Path, shape: Shape, dtype: str = "bfloat16") -> Path:
    """Write the model, its configuration and a tokenizer for which each ASCII letter is a token.

    Args:
        folder: Where to.
        shape: Of the model.
        dtype: Type of its weights: `bfloat16` or `float32`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _json(folder / "config.json", config(shape, dtype))
    _tokenizer(folder, shape)
    _weights(folder / "model.safetensors", shape, *_TYPES[dtype])
    return folder


def config(shape: Shape, dtype: str = "bfloat16") -> dict[str, object]:
    """The shape as labs write it."""
    made: dict[str, object] = {
        "model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": VOCABULARY,
        "hidden_size": shape.width, "intermediate_size": shape.width * 3,
        "num_hidden_layers": shape.layers, "num_attention_heads": shape.width // 64,
        "num_key_value_heads": shape.key_heads, "head_dim": 64, "hidden_act": "silu",
        "max_position_embeddings": shape.context, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
        "tie_word_embeddings": True, "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 0,
        "torch_dtype": dtype, "dtype": dtype}
    if shape.window:
        made |= {"model_type": "gemma3_text", "architectures": ["Gemma3ForCausalLM"],
                 "hidden_activation": "gelu_pytorch_tanh", "query_pre_attn_scalar": 64,
                 "rope_local_base_freq": 10000.0, "sliding_window": shape.window,
                 "sliding_window_pattern": 6,
                 "layer_types": ["sliding_attention" if (layer + 1) % 6 else "full_attention"
                                 for layer in range(shape.layers)]}
    if shape.latent:
        made |= {"model_type": "deepseek_v3", "architectures": ["DeepseekV3ForCausalLM"],
                 "num_key_value_heads": shape.width // 64, "q_lora_rank": None,
                 "kv_lora_rank": shape.latent, "qk_nope_head_dim": _PLAIN,
                 "qk_rope_head_dim": ROTARY, "v_head_dim": _VALUE, "head_dim": ROTARY,
                 "first_k_dense_replace": shape.layers, "n_routed_experts": 4,
                 "n_shared_experts": 1, "num_experts_per_tok": 1, "moe_intermediate_size": 64,
                 "n_group": 1, "topk_group": 1, "norm_topk_prob": True, "moe_layer_freq": 1,
                 "scoring_func": "sigmoid", "topk_method": "noaux_tc",
                 "routed_scaling_factor": 1.0, "attention_bias": False,
                 "tie_word_embeddings": False}
    return made


def _tensors(shape: Shape) -> Iterator[tuple[str, tuple[int, ...]]]:
    width, wide, heads = shape.width, shape.width * 3, shape.width // 64
    yield "model.embed_tokens.weight", (VOCABULARY, width)
    yield "model.norm.weight", (width,)
    if shape.latent:
        yield "lm_head.weight", (VOCABULARY, width)
    for layer in range(shape.layers):
        names: dict[str, tuple[int, ...]] = {
            "input_layernorm": (width,), "post_attention_layernorm": (width,),
            "mlp.gate_proj": (wide, width), "mlp.up_proj": (wide, width),
            "mlp.down_proj": (width, wide)}
        if shape.latent:
            names |= {"self_attn.q_proj": (heads * (_PLAIN + ROTARY), width),
                      "self_attn.kv_a_proj_with_mqa": (shape.latent + ROTARY, width),
                      "self_attn.kv_a_layernorm": (shape.latent,),
                      "self_attn.kv_b_proj": (heads * (_PLAIN + _VALUE), shape.latent),
                      "self_attn.o_proj": (width, heads * _VALUE)}
        else:
            keys = shape.key_heads * 64
            names |= {"self_attn.q_proj": (width, width), "self_attn.k_proj": (keys, width),
                      "self_attn.v_proj": (keys, width), "self_attn.o_proj": (width, width)}
        if shape.window:
            names |= {"self_attn.q_norm": (64,), "self_attn.k_norm": (64,),
                      "pre_feedforward_layernorm": (width,), "post_feedforward_layernorm": (width,)}
        for name, dimensions in names.items():
            yield f"model.layers.{layer}.{name}.weight", dimensions


def _weights(path: Path, shape: Shape, kind: str, length: int) -> None:
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, dimensions in _tensors(shape):
        size = length
        for extent in dimensions:
            size *= extent
        header[name] = {"dtype": kind, "shape": dimensions, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for left in range(end, 0, -len(_BLOCK)):
            file.write(_BLOCK[:left])


def _tokenizer(folder: Path, shape: Shape) -> None:
    """Bytes as tokens, written as GPT-2's tokenizer writes them."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    signs = [chr(byte) for byte in plain]
    signs += [chr(256 + number) for number in range(256 - len(plain))]
    words = [_BEGIN, _END, *signs, *(f"w{number}" for number in range(VOCABULARY - 258))]
    special = [{"id": words.index(text), "content": text, "single_word": False, "lstrip": False,
                "rstrip": False, "normalized": False, "special": True} for text in (_BEGIN, _END)]
    _json(folder / "tokenizer.json", {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": special,
        "normalizer": None, "post_processor": None,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
                          "use_regex": False},
        "decoder": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
                    "use_regex": False},
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "fuse_unk": False,
                  "continuing_subword_prefix": None, "end_of_word_suffix": None,
                  "byte_fallback": False, "merges": [],
                  "vocab": {word: number for number, word in enumerate(words)}}})
    _json(folder / "tokenizer_config.json", {
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": _BEGIN, "eos_token": _END,
        "pad_token": _BEGIN, "model_max_length": shape.context, "chat_template": _TEMPLATE,
        "clean_up_tokenization_spaces": False})
    _json(folder / "generation_config.json", {"bos_token_id": 0, "eos_token_id": 1,
                                              "pad_token_id": 0})


def _json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")
