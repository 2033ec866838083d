"""How a schema error is said: what was expected, what was typed, what to write instead."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

import jsonschema_rs

from compiler.finding import Related
from compiler.read.nodes import Mapping, Node, Scalar, plain
from compiler.read.nodes import Sequence as Items

_Kind = jsonschema_rs.ValidationErrorKind
_TYPES = {"string": "text", "integer": "a whole number", "number": "a number",
          "boolean": "true or false", "array": "a list", "object": "a mapping", "null": "nothing"}
# What other catalogues and habit call our keys; the nearest spelling would not find these.
_KNOWN_AS = {
    "model_name": "name", "model_lang": "languages", "model_language": "languages",
    "model_ability": "abilities", "model_abilities": "abilities", "ability": "abilities",
    "model_description": "description", "model_specs": "specs", "context": "context_length",
    "max_position_embeddings": "context_length", "license": "licence",
    "model_format": "format", "model_size_in_billions": "size_in_billions",
    "size": "size_in_billions", "model_id": "repo_id", "model_hubs": "hubs", "hub": "hubs",
    "model_file_name_template": "file_template", "quant": "quantizations",
    "model_file_name_split_template": "split_file_template",
    "quantization_parts": "split_parts", "model_revision": "revision",
    "hf": "huggingface", "ms": "modelscope", "hugging_face": "huggingface",
}
_MEANT = {
    "gguf": "ggufv2", "safetensors": "pytorch", "transformers": "pytorch", "macos": "darwin",
    "windows": "win32", "tool_call": "tools", "function_calling": "tools", "tool_use": "tools",
    "thinking": "reasoning", "image": "vision", "multimodal": "vision",
}
#: What no name can hold: control characters, line ends, and what reorders text on screen.
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")
#: More than the reader takes for a number.
_MANY_DIGITS = re.compile(r"[1-9][0-9]{18,}\Z")
_UNDERSCORED = re.compile(r"-?[0-9]+(?:_[0-9]+)+\Z")
_GROUPED = re.compile(r"[0-9]{1,3}(?:[ ,.'][0-9]{3})+\Z")
_SHOWN = 60


def typed(node: Node) -> str:
    """The value as its author typed it, shortened to one line."""
    if isinstance(node, Mapping):
        return "a mapping" if node.entries else "an empty mapping"
    if isinstance(node, Items):
        return "a list" if node.items else "an empty list"
    if node.value is None:
        return "nothing" if not node.raw else node.raw
    if node.plain:
        return shortened(node.raw)
    if _INVISIBLE.search(node.raw):  # it may be what is wrong, so it is not folded away
        text = json.dumps(node.raw[:_SHOWN], ensure_ascii=False)
        return _INVISIBLE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)
    return json.dumps(shortened(node.raw), ensure_ascii=False)


def shortened(text: str) -> str:
    """`text` on one line of bearable length."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[:_SHOWN - 1] + "…"


def path_text(path: Iterable[str | int]) -> str:
    """A path as people write it: `specs[0].quantizations[1]`."""
    out = ""
    for step in path:
        if isinstance(step, int):
            out += f"[{step}]"
        else:
            out += f".{step}" if out else step
    return out


def place(path: Sequence[str | int]) -> str:
    """What messages call the value at `path`."""
    return f"`{path_text(path)}`" if path else "the file"


def first_sentence(text: str) -> str:
    """The first sentence of a description, without its full stop."""
    return text.split(". ")[0].split(": `")[0].rstrip(".")


def sentence(message: str) -> str:
    """The validator's own message, where there is nothing better to say."""
    return shortened(message).rstrip(".")


def wrong_type(node: Node, described: dict[str, Any], path: Sequence[str | int]) -> tuple[str, str]:
    """Message and hint for a value of the wrong type."""
    types = described.get("type", [])
    types = [types] if isinstance(types, str) else list(types)
    got = typed(node)
    if "size_in_billions" in str(path[-1:]) and isinstance(node, Scalar):
        return _wrong_size(node, got)
    expected = " or ".join(_TYPES.get(name, name) for name in types) or "another value"
    hint = ""
    if types == ["object"]:
        return f"expected {expected}, got {got}", _mapping_hint(node, described, path)
    if isinstance(node, Scalar):
        if "string" in types and node.value is not None:
            kind = "a boolean" if isinstance(node.value, bool) else "a number"
            return f"expected {expected}, got {got}; quote it", (
                f'{got} is {kind} without quotes; write "{node.raw}"')
        if node.value is None:
            what = f"{got} is null" if node.raw else "nothing is written there"
            fix = "quote it if text is meant" if node.raw else "fill it in or delete the key"
            return f"expected {expected}, got {got}", f"{what}; {fix}"
        if "integer" in types and node.plain and _MANY_DIGITS.match(node.raw):
            return f"{got} is too large", "it must have no more than 18 digits"
        hint = _number_hint(node, types)
        if types == ["array"]:
            hint = f"write [{got}], also for a single one"
        elif types == ["boolean"] and node.raw.lower() in ("yes", "no", "on", "off"):
            hint = "write true" if node.raw.lower() in ("yes", "on") else "write false"
    elif "string" in types:
        hint = _bracket_hint(node)
    elif types == ["array"]:
        hint = "write its entries as a list: [a, b]"
    return f"expected {expected}, got {got}", hint


def _mapping_hint(node: Node, described: dict[str, Any], path: Sequence[str | int]) -> str:
    """What to write where a mapping is expected and something else stands."""
    if isinstance(node, Items):
        return "keys stand at the start of the line, without a dash" if not path else (
            "write `key: value`, without dashes or brackets")
    if isinstance(node, Mapping):
        return ""
    if node.value is None and not node.raw:
        return "write {} where nothing is to be said"
    key, colon, value = node.raw.partition(":")
    if colon and value:
        return f"write {shortened(key)}: {shortened(value)}, with a space after the colon"
    if node.raw in described.get("properties", {}):
        return f"write {node.raw}: {{}} below the key"
    return "write `key: value` below the key"


def _wrong_size(node: Scalar, got: str) -> tuple[str, str]:
    if isinstance(node.value, float):
        better = node.raw.lstrip("+").replace(".", "_")
        return f"{got} is a number; sizes write `_` for the point: {better}", f"write {better}"
    return f"expected a size such as 7 or 1_8, got {got}", "sizes write `_` for the decimal point"


def _number_hint(node: Scalar, types: list[str]) -> str:
    if "integer" not in types:
        return ""
    raw = node.raw.strip()
    if isinstance(node.value, float):
        whole = raw.lstrip("+").split(".")[0]
        return f"write {whole}" if node.value.is_integer() else "write a number without a point"
    if _UNDERSCORED.match(raw):
        return f"write {raw.replace('_', '')}; `_` does not separate digits here"
    if _GROUPED.match(raw):
        return f"write {re.sub(r'[^0-9]', '', raw)}, without separators"
    if match := re.fullmatch(r"([0-9]+)\s*[kK]i?", raw):
        return f"write the number out, such as {int(match.group(1)) * 1024}"
    if not node.plain and re.fullmatch(r"-?[0-9]+", raw):
        return f"write {raw} without quotes"
    return "write it in decimal digits"


def _bracket_hint(node: Node) -> str:
    """`{quantization}` without quotes at the start of a value is a mapping to YAML."""
    if isinstance(node, Mapping) and len(node.entries) == 1:
        (key, value), = node.items()
        if isinstance(value, Scalar) and value.value is None and not value.raw:
            text = f"{{{key.raw}}}"
            return f'YAML reads a value that begins with a brace as a mapping; write "{text}"'
    if isinstance(node, Items):
        return "quote it if text that begins with a bracket is meant"
    return ""


def not_allowed(node: Node, described: dict[str, Any],
                path: Sequence[str | int]) -> tuple[str, str]:
    """Message and hint for a value outside a closed set."""
    options = [str(option) for option in described.get("enum", [])]
    got = typed(node)
    key = next((step for step in reversed(path) if isinstance(step, str)), "value")
    near = _meant_option(node.raw, options) if isinstance(node, Scalar) else None
    allowed = ", ".join(options)
    if near:
        return f"`{key}` cannot be {got}; did you mean {near}?", f"write {near}; allowed: {allowed}"
    return f"`{key}` cannot be {got}", f"allowed: {allowed}"


def _meant_option(word: str, options: list[str]) -> str | None:
    meant = _MEANT.get(_fold(word))
    return meant if meant in options else _nearest(word, options)


def wrong_shape(node: Node, described: dict[str, Any],
                path: Sequence[str | int]) -> tuple[str, str]:
    """Message and hint for a text that its pattern refuses."""
    got = typed(node)
    last = path[-1] if path else ""
    raw = node.raw if isinstance(node, Scalar) else ""
    if "size_in_billions" in str(last):
        if _MANY_DIGITS.match(raw):
            return f"{got} is too large", "a size is in billions of parameters"
        better = raw.replace(".", "_")
        hint = "sizes are digits with `_` for the decimal point, such as 7, 0_5 or 1_8"
        if better != raw and re.fullmatch(r"[0-9]+_[0-9]+", better):
            hint = f"write {better}: sizes write `_` for the point"
        elif re.fullmatch(r"[0-9._]+[bBmM]", raw):
            hint = "leave the unit out: " + hint
        return f"{got} is not a size", hint
    key = next((step for step in reversed(path) if isinstance(step, str)), "value")
    description = described.get("description", "")
    examples = described.get("examples", [])
    hint = first_sentence(description)
    if examples and "such as" not in hint:
        hint += ", such as " + " or ".join(str(example) for example in examples[:2])
    # Where paragraphs may be, what is refused is something else.
    if control := _INVISIBLE.search(re.sub(r"\r?\n|\t", " ", raw)) or (
            _INVISIBLE.search(raw)):
        hint = f"it holds the control character U+{ord(control.group()):04X}; delete it"
    elif re.search(r"\s", raw) and re.search(r"\[\^[^\]]*\\s", described.get("pattern", "")):
        hint = "it must not hold spaces; " + hint
    return f"`{key}` cannot be {got}", hint


def out_of_bounds(node: Node, kind: Any, path: Sequence[str | int]) -> tuple[str, str] | None:
    """Message and hint for limits of number, length and count; None for any other error."""
    name = place(path)
    match kind:
        case _Kind.MinItems() | _Kind.MinProperties():
            return f"{name} is empty", f"it needs at least {kind.limit} entry"
        case _Kind.MinLength():
            return f"{name} is empty", "fill it in, or delete the key if it may be left out"
        case _Kind.MaxLength():
            return f"{name} is longer than {kind.limit} characters", "shorten it"
        case _Kind.MaxItems() | _Kind.MaxProperties():
            return f"{name} has more than {kind.limit} entries", ""
        case _Kind.Minimum() | _Kind.ExclusiveMinimum():
            return f"{typed(node)} is too small", f"{name} is at least {kind.limit}"
        case _Kind.Maximum() | _Kind.ExclusiveMaximum():
            return f"{typed(node)} is too large", f"{name} is at most {kind.limit}"
    return None


def missing_keys(descriptions: dict[str, str], path: Sequence[str | int]) -> tuple[str, str]:
    """Message and hint for keys that a mapping needs and lacks, all in one."""
    names = [f"`{name}`" for name in descriptions]
    listed = ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else names[0]
    hint = ", ".join(f"`{name}:`" for name in descriptions)
    if len(names) == 1:
        hint += f" ({first_sentence(next(iter(descriptions.values())))})"
    return f"{place(path)} has no {listed}", f"add {hint}"


def unknown_key(name: str, meant: str | None, allowed: list[str],
                path: Sequence[str | int]) -> tuple[str, str]:
    """Message and hint for a key that the schema does not know."""
    key, colon, value = name.partition(":")
    if colon and key in allowed:
        return f"there is no space after the colon of `{key}`", f"write {key}: {shortened(value)}"
    if meant:
        message = f"unknown key `{shortened(name)}`; did you mean `{meant}`?"
        return message, f"rename it to `{meant}`"
    known = ", ".join(allowed)
    return f"unknown key `{shortened(name)}`", (
        f"{place(path)} takes: {known}" if known else "delete it")


def meant_key(name: str, missing: list[str], free: list[str]) -> str | None:
    """The key that was probably meant: one that is missing, else one that is not used yet."""
    before, colon, _ = name.partition(":")
    if colon and before in free:
        return before
    known = _KNOWN_AS.get(_fold(name))
    if known and known in free:
        return known
    return _nearest(name, missing) or _nearest(name, free)


def _nearest(word: str, options: Iterable[str]) -> str | None:
    """The option that `word` most resembles, without regard to case, `-` and `_`."""
    from difflib import get_close_matches  # documents without a mistake need none

    folded = {_fold(option): option for option in options}
    near = get_close_matches(_fold(word[:200]), folded, n=1, cutoff=0.7)
    return folded[near[0]] if near else None


def _fold(word: str) -> str:
    return word.lower().replace("-", "_").replace(" ", "_")


def identity(node: Node) -> str:
    """What makes two items of a list the same to JSON Schema."""
    return json.dumps(plain(node), sort_keys=True, ensure_ascii=False)


def twice(node: Node, first: Node, file: str) -> tuple[str, str, Related]:
    """Message, hint and the other place of an item that a list already has."""
    at = f"{first.span.line}:{first.span.column}"
    return (f"{typed(node)} is listed twice, first at {at}", "delete one of the two",
            Related(file, first.span, f"{typed(first)} is first listed here"))
