"""Models of any size for llama.cpp: real architectures with zeros for weights, written as GGUF.

What they answer means nothing; what they take of memory is what a trained model of the same shape
takes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_U32, _F32, _STRING, _ARRAY, _I32 = 4, 6, 8, 9, 5
_F32_TENSOR, _F16_TENSOR = 0, 1
_BLOCK = bytes(1 << 20)
VOCABULARY = 3 + 256 + 253
#: Numbers of a key that carry its position, of latent attention.
ROTARY = 32


@dataclass(frozen=True, slots=True)
class Shape:
    """A model's shape.

    Attributes:
        width: Length of an embedding; a multiple of 64.
        layers: Number of layers.
        key_heads: Heads of keys and values, 64 numbers each.
        window: Sliding window of five layers in six, as Gemma 3 has them; 0: none (as Llama).
        latent: Numbers of a token's compressed keys and values, as DeepSeek-V3 has them; 0: none.
        context: Tokens that it was made for.
    """

    width: int
    layers: int
    key_heads: int = 4
    window: int = 0
    latent: int = 0
    context: int = 131072

    @property
    def architecture(self) -> str:
        """As llama.cpp calls it."""
        return "gemma3" if self.window else "deepseek2" if self.latent else "llama"


def write(path: Path, shape: Shape) -> Path:
    """Write the model."""
    tensors = list(_tensors(shape))
    keys = list(_keys(shape))
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys)) + b"".join(keys)
    offset = 0
    table = []
    for name, dimensions, kind in tensors:
        size = _size(dimensions, kind)
        table.append(_text(name) + struct.pack(f"<I{len(dimensions)}QIQ", len(dimensions),
                                               *dimensions, kind, offset))
        offset += -(-size // 32) * 32
    head += b"".join(table)
    with path.open("wb") as file:
        file.write(head + b"\0" * (-len(head) % 32))
        for left in range(offset, 0, -len(_BLOCK)):
            file.write(_BLOCK[:left])
    return path


def _size(dimensions: tuple[int, ...], kind: int) -> int:
    count = 1
    for extent in dimensions:
        count *= extent
    return count * (2 if kind == _F16_TENSOR else 4)


def _tensors(shape: Shape) -> Iterator[tuple[str, tuple[int, ...], int]]:
    width, keys, wide = shape.width, shape.key_heads * 64, shape.width * 3
    gemma = bool(shape.window)
    yield "token_embd.weight", (width, VOCABULARY), _F16_TENSOR
    yield "output_norm.weight", (width,), _F32_TENSOR
    for layer in range(shape.layers):
        norms = {"attn_norm": width, "ffn_norm": width}
        if gemma:
            norms |= {"attn_q_norm": 64, "attn_k_norm": 64, "post_attention_norm": width,
                      "post_ffw_norm": width}
        for name, length in norms.items():
            yield f"blk.{layer}.{name}.weight", (length,), _F32_TENSOR
        weights: dict[str, tuple[int, ...]] = {
            "attn_q": (width, width), "attn_k": (width, keys), "attn_v": (width, keys)}
        if shape.latent:
            heads, rank = width // 64, shape.latent
            yield f"blk.{layer}.attn_kv_a_norm.weight", (rank,), _F32_TENSOR
            yield f"blk.{layer}.attn_q_a_norm.weight", (rank,), _F32_TENSOR
            weights = {"attn_q_a": (width, rank), "attn_q_b": (rank, heads * (64 + ROTARY)),
                       "attn_kv_a_mqa": (width, rank + ROTARY),
                       "attn_k_b": (64, rank, heads), "attn_v_b": (rank, 64, heads)}
        for name, dimensions in {
            **weights, "attn_output": (width, width), "ffn_gate": (width, wide),
            "ffn_up": (width, wide), "ffn_down": (wide, width),
        }.items():
            yield f"blk.{layer}.{name}.weight", dimensions, _F16_TENSOR


def _keys(shape: Shape) -> Iterator[bytes]:
    name = shape.architecture
    yield _text("general.architecture") + struct.pack("<I", _STRING) + _text(name)
    numbers = {"general.file_type": 1, f"{name}.context_length": shape.context,
               f"{name}.embedding_length": shape.width, f"{name}.block_count": shape.layers,
               f"{name}.feed_forward_length": shape.width * 3,
               f"{name}.attention.head_count": shape.width // 64,
               f"{name}.attention.head_count_kv": shape.key_heads,
               f"{name}.attention.key_length": 64, f"{name}.attention.value_length": 64,
               f"{name}.rope.dimension_count": 64}
    if shape.latent:
        rank = shape.latent
        numbers |= {f"{name}.attention.kv_lora_rank": rank,
                    f"{name}.attention.q_lora_rank": rank, f"{name}.attention.head_count_kv": 1,
                    f"{name}.attention.key_length": rank + ROTARY,
                    f"{name}.attention.value_length": rank,
                    f"{name}.attention.key_length_mla": 64 + ROTARY,
                    f"{name}.attention.value_length_mla": 64,
                    f"{name}.rope.dimension_count": ROTARY,
                    f"{name}.leading_dense_block_count": shape.layers,
                    f"{name}.expert_count": 4, f"{name}.expert_used_count": 1,
                    f"{name}.expert_shared_count": 1, f"{name}.expert_feed_forward_length": 64}
    if shape.window:
        numbers[f"{name}.attention.sliding_window"] = shape.window
    # The vocabulary comes last, as llama.cpp's own converter writes it.
    numbers |= {"tokenizer.ggml.bos_token_id": 1, "tokenizer.ggml.eos_token_id": 2,
                "tokenizer.ggml.unknown_token_id": 0}
    for key, number in numbers.items():
        yield _text(key) + struct.pack("<II", _U32, number)
    yield (_text(f"{name}.attention.layer_norm_rms_epsilon") + struct.pack("<If", _F32, 1e-5))
    yield _text("tokenizer.ggml.model") + struct.pack("<I", _STRING) + _text("llama")
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)),
              *(f"\u2581w{number}" for number in range(VOCABULARY - 259))]
    kinds = [2, 3, 3, *[6] * 256, *[1] * (VOCABULARY - 259)]
    yield _array("tokens", _STRING, b"".join(map(_text, tokens)))
    yield _array("scores", _F32, struct.pack(f"<{VOCABULARY}f", *[0.0] * VOCABULARY))
    yield _array("token_type", _I32, struct.pack(f"<{VOCABULARY}i", *kinds))


def _array(name: str, kind: int, data: bytes) -> bytes:
    return _text(f"tokenizer.ggml.{name}") + struct.pack("<IIQ", _ARRAY, kind, VOCABULARY) + data


def _text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data
