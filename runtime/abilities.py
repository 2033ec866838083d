"""Whether a server shows the abilities that a family claims: real requests, judged strictly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from runtime.probe import Client, ProbeError

#: What a family can claim, as the family schema lists it.
KNOWN = ("chat", "generate", "reasoning", "hybrid", "tools", "vision", "audio", "omni")
#: What there is a request for. That it chats is shown by the level before.
PROBED = ("tools", "reasoning")
#: Claimed by families, and shown by any answer.
SHOWN_BY_CHAT = ("chat", "generate")
_TOKENS = 1024
_QUESTION = "What is the weather in Paris now? Use the tool."
_PUZZLE = "A bat and a ball cost 1.10 together; the bat costs 1 more. What does the ball cost?"
_TOOL: Mapping[str, object] = {"type": "function", "function": {
    "name": "get_weather", "description": "Tells the weather in a city now.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}},
                   "required": ["city"]}}}


def show(client: Client, ability: str, *, timeout: float,
         tags: tuple[str | None, str | None] = (None, None)) -> str:
    """Why a server does not show an ability; empty where it does.

    Args:
        client: A client of the server.
        ability: One of `PROBED`.
        timeout: Seconds for an answer.
        tags: What opens and closes the family's reasoning in raw text.
    """
    try:
        if ability == "tools":
            return _tools(client.message(_QUESTION, max_tokens=_TOKENS, timeout=timeout,
                                         tools=[_TOOL]))
        return _reasoning(client.message(_PUZZLE, max_tokens=_TOKENS, timeout=timeout), tags)
    except ProbeError as error:
        return f"it does not answer: {error}"


def _tools(message: Mapping[str, Any]) -> str:
    calls = message.get("tool_calls")
    if not isinstance(calls, list) or not calls:
        text = message.get("content")
        return (f"no parsed tool call; it wrote {text[:80]!r}" if isinstance(text, str) and text
                else "no parsed tool call")
    function = calls[0].get("function") if isinstance(calls[0], dict) else None
    if not isinstance(function, dict) or function.get("name") != "get_weather":
        return "the tool call names no tool that it was given"
    arguments = function.get("arguments")
    try:
        given = json.loads(arguments) if isinstance(arguments, str) else arguments
    except (ValueError, RecursionError):  # which is up to the model
        given = None
    if not isinstance(given, dict) or not isinstance(given.get("city"), str):
        return "the tool call's arguments do not fit the tool"
    return ""


def _reasoning(message: Mapping[str, Any], tags: tuple[str | None, str | None]) -> str:
    thought = message.get("reasoning_content") or message.get("reasoning")
    if not isinstance(thought, str) or not thought.strip():
        return "no reasoning apart from the answer"
    text = message.get("content")
    for tag in (*tags, "<think>", "</think>"):
        if tag and isinstance(text, str) and tag in text:
            return f"the answer still holds {tag}"
    return ""
