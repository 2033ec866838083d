"""What a model's `config.json` says, across the dialects that labs write. Pure functions.

The file comes from strangers: nothing in it is trusted to have the type that it should have, and
what it does not say stays unknown instead of being filled in with a library's default.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compiler.lock.attention import attention
from compiler.lock.quantization import quantization
from compiler.lock.values import first, integer, mapping, mappings, name, names
from runtime.lockfile import ConfigFacts

#: Names under which the context length is written; where several are, the smallest counts.
_CONTEXT = ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "n_ctx",
            "max_sequence_length", "max_seq_length", "seq_len", "max_target_positions",
            "context_length", "max_context_length")
#: Cohere states the length that the model serves here, and a smaller one above.
_CONTEXT_FIRST = "model_max_length"
#: Where a model of several parts keeps the configuration of the one that writes text.
_TEXT = ("text_config", "llm_config", "language_config", "thinker_config", "language_model_config",
         "language_model", "llm", "llm_cfg", "lm_config", "vlm_config", "decoder")
#: Kinds of rotary scaling that multiply the length; others only bend the frequencies.
_STRETCHING = frozenset({"yarn", "linear", "dynamic", "ntk"})

_EXPERTS = ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts",
            "num_routed_experts")
_EXPERTS_USED = ("num_experts_per_tok", "num_experts_per_token", "moe_topk", "moe_top_k", "moe_k",
                 "top_k_experts", "experts_per_token")


def read_config(config: Mapping[str, Any]) -> ConfigFacts:
    """The facts of a parsed `config.json`."""
    inner = text_config(config)
    native, scaled, others = context_lengths(config)
    method, bits, group_size = quantization(config, inner)
    places = [inner, mapping(inner, "ffn_config"), mapping(inner, "moe")]
    experts = next((number for place in places if (number := first(place, _EXPERTS))), None)
    used = next((number for place in places if (number := first(place, _EXPERTS_USED))), None)
    mixed = experts is not None and experts > 1
    return ConfigFacts(
        architectures=names(config.get("architectures")), model_type=name(config.get("model_type")),
        context_length=scaled, native_context_length=native if native != scaled else None,
        other_context_lengths=others, quantization_method=method, bits=bits, group_size=group_size,
        dtype=_dtype(config) or _dtype(inner),
        experts=experts if mixed else None, experts_per_token=used if mixed else None,
        attention=attention(inner))


def context_lengths(config: Mapping[str, Any]) -> tuple[int | None, int | None, list[int]]:
    """The context length before and after rotary scaling, and further ones that can be meant.

    A scaling that names the length that it starts from says what comes out. One that does not may
    be applied to the stated length already, so both are possible then.
    """
    inner = text_config(config)
    native = _stated_context(inner)
    if native is None and inner is not config:
        inner, native = config, _stated_context(config)
    if native is None:
        return None, None, []
    scaled, others = native, []
    for rope in _ropes(inner):
        kind = name(rope.get("rope_type")) or name(rope.get("type")) or ""
        factor = rope.get("factor")
        if kind not in _STRETCHING or not isinstance(factor, int | float) or (
                not 1 < factor <= 10_000):
            continue
        origin = (integer(rope.get("original_max_position_embeddings"))
                  or integer(inner.get("original_max_position_embeddings")))
        if origin is not None:
            scaled = max(scaled, int(origin * factor))
        else:
            others.append(int(native * factor))
    return native, scaled, sorted(set(others) - {native, scaled})


def _stated_context(config: Mapping[str, Any]) -> int | None:
    if stated := integer(config.get(_CONTEXT_FIRST)):
        return stated
    return min((value for key in _CONTEXT if (value := integer(config.get(key)))), default=None)


def _ropes(config: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every rotary scaling; newer files hold one for each kind of layer."""
    for key in ("rope_parameters", "rope_scaling"):
        if rope := mapping(config, key):
            yield from mappings(rope) or [rope]
            return


def text_config(config: Mapping[str, Any], depth: int = 0) -> Mapping[str, Any]:
    """The configuration of the part that writes text, however deep it lies."""
    for key in _TEXT:
        if depth < 4 and (inner := mapping(config, key)):
            return text_config(inner, depth + 1)
    return config


def _dtype(config: Mapping[str, Any]) -> str | None:
    return name(config.get("dtype")) or name(config.get("torch_dtype"))
