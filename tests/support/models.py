"""Tiny files in the containers of real models."""

from __future__ import annotations

import json
import struct


def _text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def gguf(*, values: int = 256, part: int = 0, parts: int = 1, fill: bytes = b"w") -> bytes:
    """A GGUF file with one float tensor of `values` values."""
    keys = [_text("general.architecture") + struct.pack("<I", 8) + _text("llama"),
            _text("tokens") + struct.pack("<IIQ", 9, 8, 2) + _text("a") + _text("b")]
    if parts > 1:
        keys += [_text("split.no") + struct.pack("<IH", 2, part),
                 _text("split.count") + struct.pack("<IH", 2, parts)]
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, len(keys)) + b"".join(keys)
    head += _text("weight") + struct.pack("<IQIQ", 1, values, 0, 0)
    head += b"\0" * (-len(head) % 32)
    return head + fill * (values * 4)


def described_gguf(*, architecture: str = "llama", file_type: int = 15, context: int = 8192,
                   vocabulary: int = 20_000, size_label: str = "") -> bytes:
    """A GGUF file whose header says what a lock notes, with a long vocabulary after that."""
    def number(key: str, value: int) -> bytes:
        return _text(key) + struct.pack("<II", 4, value)

    keys = [_text("general.architecture") + struct.pack("<I", 8) + _text(architecture),
            number(f"{architecture}.context_length", context),
            number(f"{architecture}.block_count", 4),
            number(f"{architecture}.embedding_length", 128),
            number(f"{architecture}.attention.head_count", 4),
            number(f"{architecture}.attention.head_count_kv", 2),
            number("general.file_type", file_type),
            *([_text("general.size_label") + struct.pack("<I", 8) + _text(size_label)]
              if size_label else []),
            _text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, vocabulary)
            + b"".join(_text(f"token{i}") for i in range(vocabulary))]
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(keys)) + b"".join(keys)


def shaped_safetensors(**tensors: tuple[str, list[int]]) -> bytes:
    """The header of a safetensors file with tensors of a type and shape, and no data.

    `__` in a name stands for a dot.
    """
    header = json.dumps({name.replace("__", "."): {"dtype": kind, "shape": shape,
                                                   "data_offsets": [0, 0]}
                         for name, (kind, shape) in tensors.items()}).encode()
    return struct.pack("<Q", len(header)) + header


def safetensors(size: int = 256, fill: bytes = b"w") -> bytes:
    """A safetensors file with one tensor of `size` bytes."""
    header = json.dumps({"weight": {"dtype": "U8", "shape": [size],
                                    "data_offsets": [0, size]}}).encode()
    return struct.pack("<Q", len(header)) + header + fill * size


def folder(shards: int = 2) -> dict[str, bytes]:
    """The files of a repository with sharded weights, and much that no engine needs."""
    names = [f"model-{i:05}-of-{shards:05}.safetensors" for i in range(1, shards + 1)]
    index = {"metadata": {}, "weight_map": {f"t{i}": name for i, name in enumerate(names)}}
    return {
        "config.json": b'{"model_type": "llama"}', "tokenizer.json": b"{}",
        "model.safetensors.index.json": json.dumps(index).encode(),
        "LICENSE": b"free", "README.md": b"# hello", ".gitattributes": b"*",
        "modeling_x.py": b"print('run me')", "pytorch_model.bin": b"pickle" * 20,
        "original/consolidated.00.pth": b"pickle" * 20, "onnx/model.onnx": b"o" * 100,
        "consolidated.safetensors": safetensors(300),
        **{name: safetensors(400, bytes([65 + i])) for i, name in enumerate(names)},
    }
