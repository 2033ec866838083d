"""What a model's `config.json` says, across the dialects that labs write. Pure functions.

The file comes from strangers: nothing in it is trusted to have the type that it should have, and
what it does not say stays unknown instead of being filled in with a library's default.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runtime.lockfile import ConfigFacts
from runtime.manifest import Attention

#: Names under which the context length is written; where several are, the smallest counts.
_CONTEXT = ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "n_ctx",
            "max_sequence_length", "max_seq_length", "seq_len", "max_target_positions",
            "context_length", "max_context_length")
#: Cohere states the length that the model serves here, and a smaller one above.
_CONTEXT_FIRST = "model_max_length"
#: Where a model of several kinds of input keeps the configuration of its text part.
_TEXT = ("text_config", "llm_config", "language_config", "thinker_config", "language_model_config",
         "language_model", "llm")
#: Kinds of rotary scaling that multiply the length; others only bend the frequencies.
_STRETCHING = frozenset({"yarn", "linear", "dynamic", "ntk"})

_LAYERS = ("num_hidden_layers", "n_layer", "num_layers", "n_layers")
_HEADS = ("num_attention_heads", "n_head", "n_heads", "num_heads")
_KV_HEADS = ("num_key_value_heads", "num_kv_heads", "n_head_kv", "multi_query_group_num")
_WIDTH = ("hidden_size", "n_embd", "d_model", "dim")
_HEAD_WIDTH = ("head_dim", "kv_channels", "attention_head_dim")
_EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts")
_EXPERTS_USED = ("num_experts_per_tok", "num_experts_per_token", "moe_topk", "moe_k",
                 "top_k_experts", "experts_per_token")
_BITS = ("bits", "w_bit", "wbits", "num_bits", "nbits")
_GROUP = ("group_size", "q_group_size")
_MOST = 10**12
_NAME = re.compile(r"[A-Za-z0-9_.:/+-]{1,120}\Z")


def read_config(config: Mapping[str, Any]) -> ConfigFacts:
    """The facts of a parsed `config.json`."""
    inner = _text_config(config)
    native, scaled, others = context_lengths(config)
    method, bits, group_size = quantization(config)
    return ConfigFacts(
        architectures=[name for item in _list(config.get("architectures"))
                       if (name := _name(item))],
        model_type=_name(config.get("model_type")),
        context_length=scaled, native_context_length=native if native != scaled else None,
        other_context_lengths=others, quantization_method=method, bits=bits, group_size=group_size,
        dtype=_dtype(config) or _dtype(inner),
        experts=_first(inner, _EXPERTS), experts_per_token=_first(inner, _EXPERTS_USED),
        attention=attention(inner))


def context_lengths(config: Mapping[str, Any]) -> tuple[int | None, int | None, list[int]]:
    """The context length before and after rotary scaling, and further ones that can be meant.

    A scaling that names the length that it starts from says what comes out. One that does not may
    be applied to the stated length already, so both are possible then.
    """
    inner = _text_config(config)
    native = _stated_context(inner)
    if native is None and inner is not config:
        inner, native = config, _stated_context(config)
    if native is None:
        return None, None, []
    scaled, others = native, []
    for rope in _ropes(inner):
        kind = _name(rope.get("rope_type")) or _name(rope.get("type")) or ""
        factor = rope.get("factor")
        if kind not in _STRETCHING or not isinstance(factor, int | float) or (
                not 1 < factor <= 10_000):
            continue
        origin = (_integer(rope.get("original_max_position_embeddings"))
                  or _integer(inner.get("original_max_position_embeddings")))
        if origin is not None:
            scaled = max(scaled, int(origin * factor))
        else:
            others.append(int(native * factor))
    return native, scaled, sorted(set(others) - {native, scaled})


def _stated_context(config: Mapping[str, Any]) -> int | None:
    if first := _integer(config.get(_CONTEXT_FIRST)):
        return first
    return min((value for key in _CONTEXT if (value := _integer(config.get(key)))), default=None)


def _ropes(config: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every rotary scaling; newer files hold one for each kind of layer."""
    for key in ("rope_parameters", "rope_scaling"):
        rope = config.get(key)
        if isinstance(rope, Mapping) and rope:
            inner = [value for value in rope.values() if isinstance(value, Mapping)]
            yield from inner if len(inner) == len(rope) else [rope]
            return


def quantization(config: Mapping[str, Any]) -> tuple[str | None, int | None, int | None]:
    """Method, bits and group size of the weights' quantization; None where there is none."""
    stated: Mapping[str, Any] | None = None
    for owner in (config, _text_config(config)):
        for key in ("quantization_config", "compression_config", "quantization"):
            if stated is None and isinstance(owner.get(key), Mapping) and owner[key]:
                stated = owner[key]
    if stated is None:
        return None, None, None
    method = _name(stated.get("quant_method")) or _name(stated.get("quant_algo"))
    if method is None and isinstance(config.get("quantization"), Mapping):
        method = "mlx"
    bits, group = _first(stated, _BITS), _first(stated, _GROUP)
    for weights in _compressed_groups(stated):
        bits, group = bits or _first(weights, _BITS), group or _first(weights, _GROUP)
    if bits is None:
        for key, value in (("load_in_4bit", 4), ("_load_in_4bit", 4), ("load_in_8bit", 8),
                           ("_load_in_8bit", 8)):
            if stated.get(key) is True:
                bits = value
                break
    if bits is None and method is not None:
        bits = next((number for word, number in (("fp8", 8), ("fp4", 4)) if word in method.lower()),
                    None)
    return (method.lower() if method else None), bits, group


def _compressed_groups(stated: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    groups = stated.get("config_groups")
    for group in groups.values() if isinstance(groups, Mapping) else ():
        if isinstance(group, Mapping) and isinstance(group.get("weights"), Mapping):
            yield group["weights"]


def attention(config: Mapping[str, Any]) -> Attention | None:
    """What the context's memory depends on; None where the file does not say."""
    layers, heads = _first(config, _LAYERS), _first(config, _HEADS)
    width = _first(config, _WIDTH)
    if not layers or not heads:
        return None
    full, windowed = _kinds_of_layers(config, layers)
    window = _integer(config.get("sliding_window")) or 0
    if latent := _integer(config.get("kv_lora_rank")):
        rotary = _integer(config.get("qk_rope_head_dim")) or 0
        key = (_integer(config.get("qk_nope_head_dim")) or 0) + rotary
        value = _integer(config.get("v_head_dim")) or key
        return Attention(layers=full, heads=heads, key_length=key, value_length=value,
                         latent=latent + rotary)
    head = _first(config, _HEAD_WIDTH) or (width // heads if width else 0)
    if not head:
        return None
    return Attention(layers=full, heads=_key_heads(config, heads), key_length=head,
                     value_length=_integer(config.get("v_head_dim")) or head,
                     window_layers=windowed, window=window if windowed else 0)


def _key_heads(config: Mapping[str, Any], heads: int) -> int:
    if config.get("multi_query") is True and not config.get("new_decoder_architecture"):
        return 1
    if config.get("multi_query_attention") is False:
        return heads
    return _first(config, _KV_HEADS) or heads


def _kinds_of_layers(config: Mapping[str, Any], layers: int) -> tuple[int, int]:
    """How many layers keep every token, and how many only a window; others keep none."""
    for key in ("layer_types", "layers_block_type"):
        kinds = config.get(key)
        if isinstance(kinds, Sequence) and not isinstance(kinds, str) and len(kinds) == layers:
            names = [str(kind) for kind in kinds]
            return (sum(name in ("full_attention", "attention", "hybrid") for name in names),
                    sum(name in ("sliding_attention", "chunked_attention") for name in names))
    pattern = config.get("hybrid_override_pattern")
    if isinstance(pattern, str) and pattern:
        return pattern.count("*"), 0
    if every := _first(config, ("full_attention_interval", "attn_layer_period")):
        return max(1, layers // every), 0
    if not _integer(config.get("sliding_window")) or config.get("use_sliding_window") is False:
        return layers, 0
    if every := _integer(config.get("sliding_window_pattern")):
        return layers // every, layers - layers // every
    return (0, layers) if config.get("use_sliding_window") in (None, True) else (layers, 0)


def _text_config(config: Mapping[str, Any], depth: int = 0) -> Mapping[str, Any]:
    """The configuration of the text part, however deep it lies."""
    for key in _TEXT:
        inner = config.get(key)
        if isinstance(inner, Mapping) and inner and depth < 4:
            return _text_config(inner, depth + 1)
    return config


def _dtype(config: Mapping[str, Any]) -> str | None:
    return _name(config.get("dtype")) or _name(config.get("torch_dtype"))


def _first(config: Mapping[str, Any], keys: Sequence[str]) -> int | None:
    return next((value for key in keys if (value := _integer(config.get(key)))), None)


def _integer(value: object) -> int | None:
    """A positive whole number of a size that a model can have."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < _MOST:
        return None
    return int(value) if int(value) == value else None


def _name(value: object) -> str | None:
    return value if isinstance(value, str) and _NAME.match(value) else None


def _list(value: object) -> list[object]:
    return value[:20] if isinstance(value, list) else []
