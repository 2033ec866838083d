"""What of a `config.json` decides how much memory a token of the context takes. Pure functions.

Where the file leaves open which layers keep less than every token, all are taken to keep every one:
an estimate may be too high, but nothing is to fail for want of memory that was promised to suffice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from compiler.lock.values import first, integer, mapping, mappings, name
from runtime.gguf import WINDOW_PERIODS
from runtime.manifest import Attention

_LAYERS = ("num_hidden_layers", "n_layer", "num_layers", "n_layers", "num_transformer_layers")
_HEADS = ("num_attention_heads", "n_head", "n_heads", "num_heads", "num_query_heads")
_KV_HEADS = ("num_key_value_heads", "num_kv_heads", "n_kv_heads", "n_head_kv", "kv_n_heads",
             "multi_query_group_num", "num_attention_groups")
_WIDTH = ("hidden_size", "n_embd", "d_model", "dim")
_HEAD_WIDTH = ("attention_head_dim", "head_dim", "kv_channels")
_WINDOW = ("sliding_window", "sliding_window_size", "attention_chunk_size",
           "attention_window_size", "local_attention")
#: Where the kind of each layer is named, and the numbers of those that keep every token.
_KINDS = ("layer_types", "layers_block_type", "block_types")
_FULL_LAYERS = ("full_attn_idxs", "attn_layer_indices")
_PERIODS = ("full_attention_interval", "attn_layer_period")
#: Parts of the names of layers that keep nothing of a token, and of those that keep a window.
_KEEPING_NONE = ("linear", "mamba", "conv", "recurrent", "ssm")
_KEEPING_A_WINDOW = ("sliding", "chunked", "window", "local")
#: Model types whose `sliding_window` is that of every layer.
_UNIFORM = frozenset({"mistral", "mixtral", "ministral", "phi3", "phimoe", "starcoder2"})
#: Two attentions in each layer.
_DOUBLE = frozenset({"longcat_flash"})
_MOST_LAYERS = 4096
_FULL, _WINDOWED, _NONE = "full", "window", "none"
#: Where 0 or 1 stands for each layer, and what these mean.
_NUMBERED_KINDS = (("attn_type_list", _NONE, _FULL), ("hybrid_layer_pattern", _FULL, _WINDOWED),
                   ("no_rope_layers", _FULL, _WINDOWED))


def attention(config: Mapping[str, Any]) -> Attention | None:
    """What the context's memory depends on; None where the file does not say.

    Args:
        config: The configuration of the text part.
    """
    heads, window = first(config, _HEADS), first(config, _WINDOW)
    kinds = _kinds(config)
    # The last layers of some use the keys and values of earlier ones.
    kinds = kinds[:len(kinds) - (integer(config.get("num_kv_shared_layers")) or 0)] or kinds
    if not kinds or not heads:
        return None
    full = sum(kind == _FULL or (kind == _WINDOWED and not window) for kind in kinds)
    windowed = sum(kind == _WINDOWED for kind in kinds) if window else 0
    if name(config.get("model_type")) in _DOUBLE:
        full *= 2
    value = integer(config.get("v_head_dim"))
    if latent := integer(config.get("kv_lora_rank")):
        rotary = integer(config.get("qk_rope_head_dim")) or 0
        key = (integer(config.get("qk_nope_head_dim")) or 0) + rotary
        key_heads, latent = heads, latent + rotary
    else:
        width = first(config, _WIDTH)
        key = first(config, _HEAD_WIDTH) or (width // heads if width else 0)
        # Layers of two kinds may differ in this as well; the larger counts for both.
        key_heads, key = max(
            (_key_heads(config, heads), key),
            (integer(config.get("num_global_key_value_heads")) or 0,
             integer(config.get("global_head_dim")) or 0),
            (integer(config.get("swa_num_key_value_heads")) or 0,
             integer(config.get("swa_head_dim")) or key),
            key=lambda pair: pair[0] * pair[1])
    if not key:
        return None
    return Attention(layers=full, heads=key_heads, key_length=key, value_length=value or key,
                     latent=latent or 0, window_layers=windowed,
                     window=window if windowed and window else 0)


def _key_heads(config: Mapping[str, Any], heads: int) -> int:
    if config.get("multi_query") is True and not config.get("new_decoder_architecture"):
        return 1
    if config.get("multi_query_attention") is False:
        return heads
    groups = [size for block in mappings(config.get("block_configs"))
              if (size := integer(mapping(block, "attention").get("n_heads_in_group")))]
    if groups:
        return max(1, heads // min(groups))
    return (first(config, _KV_HEADS) or first(mapping(config, "attn_config"), _KV_HEADS) or heads)


def _kinds(config: Mapping[str, Any]) -> list[str]:
    """What each layer keeps; empty where the number of layers is not known."""
    stated = first(config, _LAYERS)
    named = _named(config, stated)
    if named is not None:
        return named
    if not stated or stated > _MOST_LAYERS:
        return []
    if (full := _numbered(config, stated)) is not None:
        return [_FULL if layer in full else _NONE for layer in range(stated)]
    if every := first(config, _PERIODS):
        # At least one, however few layers there are.
        return [_FULL] * max(1, stated // every) + [_NONE] * (stated - max(1, stated // every))
    return _windows(config, stated)


def _named(config: Mapping[str, Any], layers: int | None) -> list[str] | None:
    """The kinds of layers that a list names; None where none does, or not of all layers."""
    pattern = config.get("hybrid_override_pattern")
    found: list[str] = []
    if isinstance(pattern, str):
        found = [_FULL if letter == "*" else _NONE for letter in pattern]
    for key in _KINDS:
        kinds = config.get(key)
        if not found and isinstance(kinds, list):
            found = [_kind(key, str(kind)) for kind in kinds]
            if key == "block_types" and found and layers and layers <= _MOST_LAYERS:  # they repeat
                found *= layers // len(found) + 1
    if not found:
        found = [_NONE if any(mapping(block, "attention").get(word) is True
                              for word in ("no_op", "replace_with_linear")) else _FULL
                 for block in mappings(config.get("block_configs"))]
    for key, zero, one in _NUMBERED_KINDS:
        numbers = config.get(key)
        if not found and isinstance(numbers, list) and (
                key != "no_rope_layers" or integer(config.get("attention_chunk_size"))):
            found = [one if number == 1 else zero for number in numbers]
    if not found or (layers and len(found) < layers):
        return None
    return found[:layers] if layers else found


def _kind(key: str, kind: str) -> str:
    if any(word in kind for word in _KEEPING_A_WINDOW):
        return _WINDOWED
    # Elsewhere such a name says what stands beside the attention.
    alone = key == "layers_block_type" and kind in ("moe", "mlp")
    return _NONE if alone or any(word in kind for word in _KEEPING_NONE) else _FULL


def _numbered(config: Mapping[str, Any], layers: int) -> set[int] | None:
    """The layers that keep every token, counted from 0, where a list has their numbers."""
    for key in _FULL_LAYERS:
        if isinstance(numbers := config.get(key), list):
            return set(_whole(numbers))
    numbers = mapping(config, "linear_attn_config").get("full_attn_layers")
    if not isinstance(numbers, list):
        return None
    full = set(_whole(numbers))
    # Some count from 1.
    return full if max(full, default=0) < layers else {number - 1 for number in full}


def _whole(numbers: Sequence[object]) -> Iterable[int]:
    return (number for number in numbers
            if isinstance(number, int) and not isinstance(number, bool))


def _windows(config: Mapping[str, Any], layers: int) -> list[str]:
    """Which layers keep a window, where only its size and a rhythm say so."""
    if not first(config, _WINDOW) or config.get("use_sliding_window") is False:
        return [_FULL] * layers
    kind = name(config.get("model_type")) or ""
    pattern = config.get("sliding_window_pattern")
    if isinstance(pattern, str) and pattern:
        return [_FULL if pattern[layer % len(pattern)] == "G" else _WINDOWED
                for layer in range(layers)]
    every = integer(pattern) or WINDOW_PERIODS.get(kind.removesuffix("_text").replace("_", "-"))
    if every:
        return [_FULL if (layer + 1) % every == 0 else _WINDOWED for layer in range(layers)]
    if config.get("use_sliding_window") is True:
        start = integer(config.get("max_window_layers")) or 0
        return [_FULL if layer < start else _WINDOWED for layer in range(layers)]
    return [_WINDOWED if kind in _UNIFORM else _FULL] * layers
