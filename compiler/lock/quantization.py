"""How the weights of a checkpoint are quantized, across the dialects of tools. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from compiler.lock.values import first, integer, mapping, mappings, name

#: Files beside `config.json` in which older checkpoints state it → the method that they stand for.
OLDER = {"quantize_config.json": "gptq", "quant_config.json": "awq",
         "hf_quant_config.json": "modelopt"}
_PLACES = ("quantization_config", "compression_config", "quantization")
_BITS = ("bits", "w_bit", "wbits", "num_bits", "nbits")
_GROUP = ("group_size", "q_group_size")
_FLAGS = (("load_in_4bit", 4), ("_load_in_4bit", 4), ("load_in_8bit", 8), ("_load_in_8bit", 8))
#: Bits in the name of a method or algorithm: `fbgemm_fp8`, `mxfp4`, `W4A16_AWQ`, `int8`.
_NAMED = re.compile(r"(?i)(?:fp|int|(?<![a-z])w)([2-8])(?![0-9])")

Quantized = tuple[str | None, int | None, int | None]


def quantization(config: Mapping[str, Any], inner: Mapping[str, Any]) -> Quantized:
    """Method, bits and group size of a `config.json`; None where it does not say.

    Bits and group size that differ among the groups of a mixed quantization are not one number.

    Args:
        config: The configuration.
        inner: That of its text part; the same where it has no parts.
    """
    stated = next((found for owner in (config, inner) for key in _PLACES
                   if (found := mapping(owner, key))), None)
    if stated is None:
        return None, None, None
    return _described(stated, "mlx" if first(mapping(config, "quantization"), _BITS) else None)


def older(path: str, content: Mapping[str, Any]) -> Quantized:
    """The same of a file that stands beside an older checkpoint's `config.json`, one of `OLDER`."""
    return _described(mapping(content, "quantization") or content, OLDER[path])


def _described(stated: Mapping[str, Any], usual: str | None) -> Quantized:
    method = (name(stated.get("quant_method")) or usual or name(stated.get("quant_algo")) or "")
    bits, group = first(stated, _BITS), first(stated, _GROUP)
    parts = list(_parts(stated))
    if bits is None:
        bits = _same(integer(part.get(key)) for part in parts for key in _BITS if key in part)
    if group is None:
        group = _same(integer(part.get(key)) for part in parts for key in _GROUP if part.get(key))
    if bits is None and not parts:
        bits = next((number for flag, number in _FLAGS if stated.get(flag) is True), None)
        for word in (stated.get("quant_algo"), stated.get("weights"), method):
            if bits is None and isinstance(word, str) and (match := _NAMED.search(word)):
                bits = int(match[1])
    return method.lower() or None, bits, group


def _parts(stated: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Where tools that treat groups of layers alike state how."""
    for group in mappings(stated.get("config_groups")):
        if weights := mapping(group, "weights"):
            yield weights
    if weights := mapping(mapping(stated, "quant_config"), "weight_quant_params"):  # hqq
        yield weights


def _same(values: Iterator[int | None]) -> int | None:
    found = set(values)
    return found.pop() if len(found) == 1 else None
