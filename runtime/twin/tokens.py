"""What a family's parsers look for in a vocabulary, so that an engine starts with them."""

from __future__ import annotations

from runtime.manifest import Family

_USUAL = ("<think>", "</think>", "<tool_call>", "</tool_call>")
#: Parser → the marks of reasoning (begin, end), then those of tool calls.
_PARSERS = {
    "seed_oss": ("<seed:think>", "</seed:think>", "<seed:tool_call>", "</seed:tool_call>",
                 "<seed:cot_budget_reflect>", "</seed:cot_budget_reflect>"),
    "mistral": ("[THINK]", "[/THINK]", "[TOOL_CALLS]"),
    "kimi_k2": ("<think>", "</think>", "<|tool_calls_section_begin|>",
                "<|tool_calls_section_end|>", "<|tool_call_begin|>", "<|tool_call_end|>",
                "<|tool_call_argument_begin|>"),
    "deepseek_v3": ("<think>", "</think>", "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>",
                    "<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>", "<｜tool▁sep｜>"),
    "minimax_m2": ("<think>", "</think>", "<minimax:tool_call>", "</minimax:tool_call>"),
    "gemma4": ("<|channel>", "<channel|>", "<|tool_call>", "<tool_call|>"),
    "granite": ("<think>", "</think>", "<|tool_call|>"),
}


def marks(family: Family) -> list[str]:
    """Tokens that are part of a twin's vocabulary and show in its text."""
    found = list(_USUAL)
    for parser in (*family.tool_parser.values(), *family.reasoning_parser.values()):
        found += _PARSERS.get(parser, ())
    found += [tag for tag in (family.reasoning_start_tag, family.reasoning_end_tag) if tag]
    return list(dict.fromkeys(found))


def reasoning_marks(family: Family) -> tuple[str, str] | None:
    """How the family opens and closes its reasoning; None if it claims none."""
    if not {"reasoning", "hybrid"} & set(family.abilities):
        return None
    if family.reasoning_start_tag and family.reasoning_end_tag:
        return family.reasoning_start_tag, family.reasoning_end_tag
    for parser in family.reasoning_parser.values():
        if parser in _PARSERS:
            return _PARSERS[parser][0], _PARSERS[parser][1]
    return "<think>", "</think>"
