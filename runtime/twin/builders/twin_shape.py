"""A tiny configuration of any architecture that Transformers has.

Everything is derived from the architecture's own configuration class: its defaults are kept, and
only what makes a model large is made small. Widths are multiples of 256, since llama.cpp's block
quantizations need rows of that length.
"""

from __future__ import annotations

from typing import Any

#: What a number is set to where a configuration has it; the unit is the configuration's own.
TEXT = {
    "hidden_size": 256, "intermediate_size": 512, "num_attention_heads": 4, "head_dim": 64,
    "num_key_value_heads": 2, "sliding_window": 512, "max_window_layers": 2,
    "q_lora_rank": 256, "hidden_size_per_layer_input": 64,
    # Experts
    "num_experts": 4, "num_local_experts": 4, "n_routed_experts": 4, "moe_num_experts": 4,
    "num_experts_per_tok": 2, "num_experts_per_token": 2, "moe_topk": 2, "moe_k": 2,
    "top_k_experts": 2, "moe_intermediate_size": 256, "shared_expert_intermediate_size": 256,
    "expert_intermediate_size": 256, "intermediate_size_mlp": 512, "n_shared_experts": 1,
    "num_shared_experts": 1, "moe_num_shared_experts": 1, "n_group": 1, "topk_group": 1,
    "first_k_dense_replace": 1, "moe_layer_start_index": 1, "num_nextn_predict_layers": 0,
    # Linear attention
    "linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 64,
    "linear_value_head_dim": 64,
}
#: The same for a vision or audio tower.
TOWER = {
    "hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 2, "depth": 2,
    "num_attention_heads": 4, "num_heads": 4, "num_key_value_heads": 4, "embed_dim": 128,
    "d_model": 128, "encoder_layers": 2, "encoder_attention_heads": 4, "encoder_ffn_dim": 256,
    "num_position_embeddings": 256,
}
_FEWEST_LAYERS, _MOST_LAYERS = 2, 8


def tiny(config_class: Any, *, vocab_size: int, context_length: int,
         tokens: dict[str, int]) -> Any:
    """A small configuration of `config_class`.

    Args:
        config_class: A Transformers configuration class.
        vocab_size: Size of the twin's own vocabulary.
        context_length: Positions that it shall be able to hold.
        tokens: Field such as `image_token_id` → id in the twin's vocabulary; those of the text
            (`bos_token_id`, `eos_token_id`, `pad_token_id`) are set at every level.
    """
    values = _values(config_class)
    nested = _text_part(values)
    text = values if nested is None else values[nested]
    _name_sections(config_class if nested is None else config_class.sub_configs[nested], text)
    _shrink_text(text, vocab_size, context_length)
    for name, part in values.items():
        if isinstance(part, dict) and name.endswith("_config") and name != nested:
            _shrink_tower(part, text.get("hidden_size", TEXT["hidden_size"]))
    vision = values.get("vision_config")
    if isinstance(vision, dict) and values.get("mm_tokens_per_image") and vision.get("patch_size"):
        # One patch for each token that an image becomes.
        side = round(values["mm_tokens_per_image"] ** 0.5)
        vision["image_size"] = vision["patch_size"] * side
    for part in (values, text):
        for name in list(part):
            if name.endswith(("_token_id", "_token_index")) and part[name] is not None:
                part[name] = tokens.get(name, tokens["pad_token_id"])
    for name in ("bos_token_id", "eos_token_id", "pad_token_id"):
        if name in text:
            text[name] = tokens[name]
    if nested is not None and "vocab_size" in values:
        values["vocab_size"] = vocab_size
    return config_class(**values)


def token_fields(config_class: Any) -> list[str]:
    """Names of the fields that hold ids of tokens for pictures, sounds and the like."""
    usual = {"bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id",
             "sep_token_id"}
    return sorted(name for name, value in _values(config_class).items()
                  if name.endswith(("_token_id", "_token_index")) and isinstance(value, int)
                  and name not in usual)


def _values(config_class: Any) -> dict[str, Any]:
    """The default configuration as constructor arguments."""
    values: dict[str, Any] = config_class().to_dict()
    for part in (values, *(v for v in values.values() if isinstance(v, dict))):
        for name in ("transformers_version", "architectures", "_name_or_path"):
            part.pop(name, None)
    values.pop("model_type", None)
    return values


def _text_part(values: dict[str, Any]) -> str | None:
    for name in ("text_config", "llm_config", "language_config", "thinker_config"):
        if isinstance(values.get(name), dict):
            return name
    return None


def _shrink_text(part: dict[str, Any], vocab_size: int, context_length: int) -> None:
    layers = part.get("num_hidden_layers")
    count = _layers(part, layers) if isinstance(layers, int) else _FEWEST_LAYERS
    heads = part.get("num_attention_heads")
    for name, value in TEXT.items():
        if not part.get(name):  # neither there, nor switched off
            continue
        if isinstance(part[name], list):
            part[name] = [min(value, each) for each in part[name]]
        elif name == "num_key_value_heads" and part[name] in (1, heads):
            part[name] = 1 if part[name] == 1 else TEXT["num_attention_heads"]
        else:
            part[name] = value
    if isinstance(layers, int):
        for name, value in part.items():
            # One entry for each layer, or numbers of layers.
            if isinstance(value, list) and len(value) == layers:
                part[name] = value[:count]
        part["num_hidden_layers"] = count
    part["vocab_size"] = vocab_size
    for name in ("vocab_size_per_layer_input",):
        if name in part:
            part[name] = vocab_size
    if isinstance(part.get("max_position_embeddings"), int):
        part["max_position_embeddings"] = context_length
    _shrink_rope(part)


def _layers(part: dict[str, Any], layers: int) -> int:
    """The fewest first layers among which each kind of layer is."""
    count = _FEWEST_LAYERS
    for value in part.values():
        if isinstance(value, list) and len(value) == layers and value:
            kinds = {str(each) for each in value}
            if len(kinds) <= 4:
                count = max(count, max(list(map(str, value)).index(kind) for kind in kinds) + 1)
    return min(count, _MOST_LAYERS, layers)


def _name_sections(config_class: Any, part: dict[str, Any]) -> None:
    """State the sections of a rotary embedding over time, height and width.

    The model's code falls back to sections for a head of 128, which a twin's is not.
    """
    if "mrope_section" in (getattr(config_class, "ignore_keys_at_rope_validation", None) or ()):
        rope = part.get("rope_parameters")
        part["rope_parameters"] = {"rope_type": "default", "mrope_section": [16, 24, 24],
                                   **(rope if isinstance(rope, dict) else {})}


def _shrink_rope(part: dict[str, Any]) -> None:
    """Sections of a rotary embedding must add up to half a head."""
    for name in ("rope_parameters", "rope_scaling"):
        rope = part.get(name)
        if isinstance(rope, dict) and isinstance(rope.get("mrope_section"), list):
            old = rope["mrope_section"]
            half = int(TEXT["head_dim"] * float(rope.get("partial_rotary_factor") or 1)) // 2
            new = [each * half // sum(old) for each in old]
            new[-1] += half - sum(new)
            rope["mrope_section"] = new


def _shrink_tower(part: dict[str, Any], text_width: int) -> None:
    for name, value in TOWER.items():
        if part.get(name):
            part[name] = value
    for name in ("out_hidden_size", "output_dim", "projection_dim", "text_hidden_size"):
        if part.get(name):
            part[name] = text_width
    for name in ("fullatt_block_indexes", "deepstack_visual_indexes"):
        if isinstance(part.get(name), list):
            part[name] = [1] if name.startswith("full") else [0, 1]
