"""A bounded look at a `.gguf` file's header: enough to name a truncated or foreign file at once.

The file comes from strangers: every count and length is checked against the bytes that are there
before it is used, and nothing of the content is kept but a few numbers and names.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable
from pathlib import Path

import msgspec

from runtime.errors import UserError
from runtime.manifest import Attention

#: Value type → struct code of a fixed-size value; 8 is a string, 9 an array.
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q",
            12: "d"}
_STRING, _ARRAY = 8, 9
#: Tensor type → (values in a block, bytes of a block). A type that is not listed is not measured.
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110),
    22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8),
    29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66), 39: (32, 17),
}
_MOST_KEYS, _MOST_TENSORS, _MOST_ITEMS, _LONGEST_NAME = 100_000, 1_000_000, 20_000_000, 65_536
_KEPT = {b"general.architecture", b"general.alignment", b"general.file_type", b"split.no",
         b"split.count"}


class Header(msgspec.Struct, frozen=True):
    """What the header says.

    Attributes:
        version: Version of the container (2 or 3).
        tensors: Number of tensors in this file.
        end: Bytes that the file must have for all tensors whose type is known.
        architecture: Such as `llama`; empty if not stated.
        part: Number of this part, counted from 0, of a split model.
        parts: Number of parts; 1 for a model in one file.
    """

    version: int
    tensors: int
    end: int
    architecture: str
    part: int
    parts: int


class _BadError(Exception):
    """The header is not one; the message says why."""


class _ShortError(_BadError):
    """The file ends where the header says that more follows."""


#: The length before a text.
_LENGTH = struct.Struct("<Q")


class _Reader:
    def __init__(self, data: mmap.mmap | bytes) -> None:
        self.data = data
        self.size = len(data)
        self.at = 0
        self.items = 0

    def skip(self, count: int) -> None:
        if count > self.size - self.at:
            raise _ShortError
        self.at += count

    def number(self, code: str) -> int:
        start = self.at
        self.skip(struct.calcsize("<" + code))
        value = struct.unpack_from("<" + code, self.data, start)[0]
        return int(value) if code not in "fd" else 0

    def text(self, longest: int) -> bytes:
        length = self.number("Q")
        start = self.at
        self.skip(length)
        if length > longest:
            raise _BadError(f"a name of {length} bytes")
        return bytes(self.data[start:self.at])

    def value(self, kind: int, depth: int = 0) -> int | bytes | None:
        """Read one value; only numbers and short texts are returned."""
        if kind in _SCALARS:
            return self.number(_SCALARS[kind])
        if kind == _STRING:
            length = self.number("Q")
            start = self.at
            self.skip(length)
            return bytes(self.data[start:start + min(length, 256)])
        if kind == _ARRAY and depth < 4:
            self._array(depth)
            return None
        raise _BadError(f"a value of the unknown type {kind}")

    def _array(self, depth: int) -> None:
        kind, count = self.number("I"), self.number("Q")
        if kind in _SCALARS:
            self.skip(count * struct.calcsize("<" + _SCALARS[kind]))
            return
        if count * 8 > self.size - self.at:
            raise _ShortError
        self.items += count
        if self.items > _MOST_ITEMS:
            raise _BadError("an array longer than any vocabulary")
        if kind == _STRING:
            self._skip_texts(count)
            return
        for _ in range(count):
            self.value(kind, depth + 1)

    def _skip_texts(self, count: int) -> None:
        # A vocabulary has 100,000 of them and a launch waits for this: no call for each.
        at, size, data, length_at = self.at, self.size, self.data, _LENGTH.unpack_from
        for _ in range(count):
            if size - at < 8:
                raise _ShortError
            at += 8 + length_at(data, at)[0]
            if at > size:
                raise _ShortError
        self.at = at


def read_header(path: Path) -> Header:
    """Read and check the header of `path`, and that the file is long enough for its tensors.

    Raises:
        UserError: It is not a GGUF file, is truncated, or its header cannot be right.
    """
    try:
        with path.open("rb") as stream:
            start = stream.read(256)
            size = path.stat().st_size
            if start[:4] != b"GGUF":
                raise _not_gguf(path, start)
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
                header = _parse(_Reader(data))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}",
                        code="model-unreadable") from None
    except _ShortError:
        raise truncated(path, size, "its header goes on past the end of the file") from None
    except _BadError as error:
        raise UserError(f"{path} is damaged: its header holds {error}", code="model-damaged",
                        hint="download it again") from None
    if size < header.end:
        raise truncated(path, size, f"its tensors end at byte {header.end}")
    return header


def _parse(reader: _Reader) -> Header:
    reader.skip(4)
    version = reader.number("I")
    if version not in (2, 3):
        if version in (2 << 24, 3 << 24):
            raise _BadError("big-endian numbers, which the engines here do not read")
        raise _BadError(f"the unknown version {version}")
    tensors, keys = reader.number("Q"), reader.number("Q")
    if keys > _MOST_KEYS or tensors > _MOST_TENSORS:
        raise _BadError(f"{keys} keys and {tensors} tensors")
    facts: dict[bytes, int | bytes | None] = {}
    for _ in range(keys):
        name = reader.text(_LONGEST_NAME)
        value = reader.value(reader.number("I"))
        if name in _KEPT:
            facts[name] = value
    ends = [_tensor_end(reader) for _ in range(tensors)]
    alignment = _number(facts, b"general.alignment", 32)
    if not 1 <= alignment <= 1 << 20:
        raise _BadError(f"the alignment {alignment}")
    begin = -(-reader.at // alignment) * alignment
    architecture = facts.get(b"general.architecture")
    return Header(
        version=version, tensors=tensors, end=max([reader.at, *(begin + end for end in ends)])
        if ends else reader.at,
        architecture=architecture.decode("utf-8", "replace")
        if isinstance(architecture, bytes) else "",
        part=_number(facts, b"split.no", 0), parts=_number(facts, b"split.count", 0) or 1)


def _tensor_end(reader: _Reader) -> int:
    """Read one entry of the tensor table; where its bytes end, counted from the data's begin."""
    reader.text(_LONGEST_NAME)
    dimensions = reader.number("I")
    if dimensions > 8:
        raise _BadError(f"a tensor of {dimensions} dimensions")
    values = 1
    for _ in range(dimensions):
        values *= reader.number("Q")
    kind, offset = reader.number("I"), reader.number("Q")
    per_block, block_bytes = _BLOCKS.get(kind, (1, 0))
    return offset + -(-values // per_block) * block_bytes


def _number(facts: dict[bytes, int | bytes | None], key: bytes, default: int) -> int:
    value = facts.get(key)
    return value if isinstance(value, int) else default


def truncated(path: Path, size: int, why: str) -> UserError:
    """The error for weights that end too early."""
    return UserError(f"{path} is truncated: it has {size} bytes", code="model-truncated", why=why,
                     hint="download it again; `runtime pull` continues where it can")


def pointer(path: Path, start: bytes) -> UserError | None:
    """The error for a file that begins as the text of a Git LFS pointer; None if it does not."""
    if reason := pointer_reason(start):
        return UserError(f"{path} is not a model: {reason}", code="lfs-pointer",
                         hint="fetch the file itself (`git lfs pull`, or `runtime pull`)")
    return None


def _not_gguf(path: Path, start: bytes) -> UserError:
    if error := pointer(path, start):
        return error
    what = "it is empty" if not start else f"it begins with {start[:4]!r}, not with b'GGUF'"
    return UserError(f"{path} is not a GGUF file: {what}", code="model-damaged",
                     hint="name a .gguf file, or download it again")


def pointer_reason(start: bytes) -> str | None:
    """Why the bytes are no model but a Git LFS pointer; None if they are not one."""
    if start.startswith(b"version https://git-lfs.github.com/spec/"):
        return "it is the text of a Git LFS pointer, which only names the real file"
    return None


#: Number of a file's quantization in its header → name, as `llama_ftype` in llama.cpp's `llama.h`.
FILE_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K",
    11: "Q3_K_S", 12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S",
    17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS",
    23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S", 29: "IQ2_M",
    30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4_MOE",
}
#: How much of a remote file is asked for at once, growing until its header is understood.
_STEPS = (1 << 18, 1 << 21, 1 << 23, 1 << 25, 1 << 26)
#: Architecture → after how many layers one keeps every token, where its header does not say: the
#: `swa_period` of llama.cpp's `src/models/*.cpp`. It is the same for the model's `config.json`.
WINDOW_PERIODS = {"gemma2": 2, "gemma3": 6, "gemma3n": 5, "cohere2": 4, "gpt-oss": 2, "exaone4": 4,
                  "olmo2": 4, "olmo3": 4, "llama4": 4}
#: What may be stated for each layer.
_BY_LAYER = (".attention.head_count_kv", ".attention.sliding_window_pattern")
#: A hybrid model states a number for each layer; so many layers no model has.
_MOST_LAYERS = 4096
#: Counts from here on are taken as not stated: no model has them.
_MOST = 1 << 40


class Metadata(msgspec.Struct, frozen=True):
    """What the beginning of a header says of the model; None where it does not.

    Attributes:
        architecture: Such as `llama`.
        file_type: Number of the quantization, as llama.cpp counts them.
        context_length: Tokens.
        size_label: Such as `7B`.
        chat_template: Whether it carries one; None where its header was not read so far.
        attention: What the context's memory depends on.
    """

    architecture: str | None
    file_type: int | None
    context_length: int | None
    size_label: str | None
    chat_template: bool | None
    attention: Attention | None


def read_metadata(read: Callable[[int, int], bytes], name: str, *, whole: bool = False,
                  ) -> Metadata:
    """Read the beginning of a file that is elsewhere, a few pieces at the most.

    Args:
        read: Gives the bytes from a first position up to an exclusive last one, fewer at the end.
        name: How to call the file in errors.
        whole: Read on through the vocabulary, a few megabytes, to learn of a chat template.

    Raises:
        UserError: It is no GGUF file, or its header cannot be understood.
    """
    data = b""
    for step in _STEPS:
        more = read(len(data), step)
        data += more
        if data[:4] != b"GGUF":
            raise _not_gguf(Path(name), data[:256])
        try:
            return _metadata(_Reader(data), whole=whole)
        except _ShortError:
            if not more or len(data) < step:
                break
        except _BadError as error:
            raise UserError(f"{name} is damaged: its header holds {error}",
                            code="model-damaged") from None
    raise UserError(f"{name} is damaged: its header goes on past {len(data)} bytes",
                    code="model-damaged")


def _metadata(reader: _Reader, *, whole: bool) -> Metadata:
    reader.skip(4)
    version = reader.number("I")
    if version not in (2, 3):
        raise _BadError(f"the unknown version {version}")
    reader.skip(8)
    keys = reader.number("Q")
    if keys > _MOST_KEYS:
        raise _BadError(f"{keys} keys")
    found: dict[str, object] = {}
    complete = True
    for _ in range(keys):
        name = reader.text(_LONGEST_NAME).decode("utf-8", "replace")
        # The vocabulary is long and comes last; what is asked for stands before it, mostly.
        if (not whole and name.startswith("tokenizer.")
                and {"general.file_type", "general.architecture"} <= found.keys()):
            complete = False
            break
        kind = reader.number("I")
        if name.endswith(_BY_LAYER) and kind == _ARRAY:
            found[name] = _numbers(reader)
        else:
            found[name] = reader.value(kind)
    return _described(found, complete=complete)


def _numbers(reader: _Reader) -> list[int]:
    """An array of whole numbers, one for each layer."""
    kind, count = reader.number("I"), reader.number("Q")
    if kind not in _SCALARS or count > _MOST_LAYERS:
        raise _BadError(f"{count} numbers of layers")
    return [reader.number(_SCALARS[kind]) for _ in range(count)]


def _described(found: dict[str, object], *, complete: bool) -> Metadata:
    def text(key: str) -> str | None:
        value = found.get(key)
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else None

    def number(key: str) -> int | None:
        value = found.get(key)
        return value if isinstance(value, int) and 0 <= value < _MOST else None

    prefix = text("general.architecture") or ""
    template = True if "tokenizer.chat_template" in found else (False if complete else None)
    return Metadata(
        architecture=prefix or None, file_type=number("general.file_type"),
        context_length=number(f"{prefix}.context_length"), size_label=text("general.size_label"),
        chat_template=template,
        attention=_attention(prefix, lambda key: number(f"{prefix}.{key}"),
                             found.get(f"{prefix}.attention.head_count_kv"),
                             found.get(f"{prefix}.attention.sliding_window_pattern")))


def _attention(architecture: str, number: Callable[[str], int | None], key_heads: object,
               pattern: object) -> Attention | None:
    layers, heads = number("block_count"), number("attention.head_count")
    width = number("embedding_length")
    if not layers or not heads or not width:
        return None
    each = width // heads
    if isinstance(key_heads, list):  # a layer without attention has none
        layers, key_heads = sum(1 for count in key_heads if count), max(key_heads, default=0)
    elif every := number("full_attention_interval"):
        layers = max(1, layers // every)
    key_length = number("attention.key_length") or each
    value_length = number("attention.value_length") or each
    # The last layers of some use the keys and values of earlier ones.
    layers = max(1, layers - (number("attention.shared_kv_layers") or 0))
    # Only with these keys llama.cpp keeps one compressed vector of a token, as long as a key is
    # then; of older files it keeps full keys and values.
    mla_key, mla_value = number("attention.key_length_mla"), number("attention.value_length_mla")
    if mla_key and mla_value:
        return Attention(layers=layers, heads=heads, key_length=mla_key, value_length=mla_value,
                         latent=key_length)
    window = number("attention.sliding_window") or 0
    windowed = _windowed_layers(architecture, layers, pattern) if window else 0
    return Attention(
        layers=layers - windowed, window_layers=windowed, window=window if windowed else 0,
        heads=(key_heads if isinstance(key_heads, int) and 0 < key_heads < _MOST
               else heads),
        key_length=key_length, value_length=value_length)


def _windowed_layers(architecture: str, layers: int, pattern: object) -> int:
    """How many layers keep only a window; 0, so that none is underrated, where that is not known.

    A number says that each so-manieth layer keeps every token; 0 says that none does.
    """
    if isinstance(pattern, list) and len(pattern) >= layers:
        return sum(1 for windowed in pattern[:layers] if windowed)
    period = pattern if isinstance(pattern, int) else WINDOW_PERIODS.get(architecture)
    if period is None or period < 0:
        return 0
    return layers if period == 0 else layers - layers // period
