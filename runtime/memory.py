"""How much disk and memory a combination takes: an estimate, from what is known before a download.

    memory = weights + context cache (or a reserve for it) + draft model + overhead

**Weights** are the sizes of the weight files where the family is locked. Without a lock they are
`size in billions × 10⁹ × bits per weight ÷ 8`; the bits of GGUF's kinds are those that llama.cpp's
`tools/quantize/README.md` states for Llama 3.1 8B, scales included. A kind that it does not list
counts as the block type that it is named after (32 or 256 weights with their scales, as in
`ggml-common.h`). Four-bit GPTQ, AWQ and MLX weights with groups of 128 or 64 keep a 16-bit scale
and a zero or bias for each group; the embeddings, which these leave in 16 bits, are not known
without a lock, and so small models are underestimated.

**The context cache** holds the keys and values of every token: `layers × heads × (key length +
value length) × bytes a number`, the heads being those of keys and values (Kwon et al. 2023,
"Efficient Memory Management for Large Language Model Serving with PagedAttention", counts OPT-13B
so). A layer with a sliding window keeps the window's tokens; llama.cpp keeps a window for each of
its slots and one batch more, in steps of 256 (`src/llama-kv-cache-iswa.cpp`), vLLM two batches more
(`v1/kv_cache_interface.py`, `SlidingWindowSpec`; `max_in_flight_tokens` of `config/vllm.py`). With
latent attention (DeepSeek-AI 2024, "DeepSeek-V2") a layer keeps one compressed vector of a token
instead, in every engine here. Each engine keeps numbers of two bytes, as the models are, unless it
is told otherwise.

**A draft model** counts where the engine is given it: its weights and its own context cache, or a
tenth of its weights in place of that. It is locked with its family; without a lock its size is read
from its repository's name (`Qwen3-0.6B-GGUF`), and where that tells none, as of EAGLE's, which are
named after the large model, the estimate says that it is not counted.

**Overhead** is what buffers and the engine itself take: 20 % of the weights (EleutherAI 2023,
"Transformer Math 101", section "Inference"), but 2 GiB at the most, since buffers do not grow with
the number of layers, and on top what an engine takes besides a model of no size (measured by
`tests/bench/bench_memory.py`). What a prompt is computed with takes about as much again as its
cache: of the whole context in Transformers, which takes it in at once, of 2048 tokens in MLX.

**A reserve** stands for the context cache where the configuration, and so the cache, is not known:
a tenth of the weights, but 0.5 GiB at the least; for more tokens than 8192 it grows with them. It
is a convention, not a measurement: models without grouped or latent attention, and four-bit weights
of small ones, can need more. The estimate says that it has one. `fit`, `explain`, the pages and the
catalogue all take this total.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

import msgspec

from runtime import files
from runtime.manifest import Attention, Hub, Locked, LockedFile, Spec
from runtime.naming import parse_size

#: Bits that a weight takes in a GGUF file, for the names that llama.cpp's own table has …
_GGUF_BITS = {
    "IQ1_S": 2.0042, "IQ1_M": 2.1460, "IQ2_XXS": 2.3824, "IQ2_XS": 2.5882, "IQ2_S": 2.7403,
    "IQ2_M": 2.9294, "IQ3_XXS": 3.2548, "IQ3_XS": 3.4977, "IQ3_S": 3.6606, "IQ3_M": 3.7628,
    "IQ4_XS": 4.4597, "IQ4_NL": 4.6818, "Q2_K_S": 2.9697, "Q2_K": 3.1593, "Q3_K_S": 3.6429,
    "Q3_K_L": 4.2979, "Q4_K_S": 4.6672, "Q4_K_M": 4.8944, "Q5_K_S": 5.5704, "Q5_K_M": 5.7036,
    "Q6_K": 6.5633, "Q8_0": 8.5008, "F16": 16.0005,
    # … and for others those of their blocks: bytes × 8 ÷ weights. Q3_K_M lies between its
    # neighbours; that of MXFP4 is 17 bytes for 32 weights. Two mixes are not what their names say:
    # unsloth's UD-TQ1_0 of Qwen3.5-397B-A17B has 94,155,830,880 bytes, and MXFP4_MOE, whose other
    # layers are Q8_0, 48 GB for the 80 billion of Qwen3-Coder-Next.
    "UD-TQ1_0": 1.9, "MXFP4_MOE": 4.8, "Q3_K_M": 3.97, "Q4_0": 4.5, "Q4_1": 5.0, "Q5_0": 5.5,
    "Q5_1": 6.0, "BF16": 16.0, "FP16": 16.0, "F32": 32.0, "FP32": 32.0, "MXFP4": 4.25,
    "TQ1_0": 1.6875, "TQ2_0": 2.0625,
}
#: Bits for names that say only how many (`Q4`, `Q4_K`), and of mixes that are named after one.
_GGUF_PLAIN = {2: 3.1593, 3: 3.97, 4: 4.8944, 5: 5.7036, 6: 6.5633, 7: 7.5, 8: 8.5008}
_BITS = re.compile(r"(?i)(?:int|fp|mxfp|nvfp|w)?([2-8])(?:-?bits?)?(?![0-9])")
_MIX = re.compile(r"(?i)int([2-8])-int([2-8])mix")
#: Bits of a group's scale and zero, shared by so many weights.
_GROUPED = {"gptq": (20, 128), "awq": (20, 128), "mlx": (32, 64), "bnb": (8.5, 64)}
#: The same for MLX's modes other than its own: an eight-bit scale (`mlx.core.quantize`).
_MODES = {"mxfp4": (8, 32), "mxfp8": (8, 32), "nvfp4": (8, 16)}
_WEIGHTS = (".safetensors", ".gguf", ".bin", ".pt", ".pth", ".npz")
#: Bytes of a number in the context cache, unless the user sets another type.
_CACHE_BYTES = 2
#: Requests that llama.cpp keeps a window for, as the launcher starts it, and the tokens that it
#: takes in at a time (its `--ubatch-size`, as it is unless the user sets another).
LLAMA_CPP_SLOTS, _LLAMA_CPP_BATCH = 4, 512
#: Tokens that vLLM may have taken in and not settled: two batches of its `max_num_batched_tokens`,
#: which is 8192 on GPUs of 70 GiB and more (2048 on others, for which this is too much).
_VLLM_IN_FLIGHT = 2 * 8192
#: Tokens that are planned for where nobody says how many: a long conversation.
USUAL_CONTEXT = 8192
_OVERHEAD_SHARE, _MOST_OVERHEAD = 0.2, 2 << 30
#: Engines that take in so many tokens of a prompt at a time; others take few.
_AT_ONCE = {"mlx": 2048, "transformers": 1 << 40}
#: Bytes that an engine takes besides its model, as measured.
_ENGINE = {"llama.cpp": 50_000_000, "mlx": 100_000_000, "transformers": 420_000_000,
           "vllm": 1_500_000_000}
_RESERVE_SHARE, _LEAST_RESERVE = 0.1, 1 << 29
#: Engines that are given a draft model, and whether as a file: each module's `DRAFTS`.
DRAFTS_AS_FILE = {"llama.cpp": True, "mlx": False, "vllm": False}
#: A number of parameters in a repository's name, and names of drafts that are no whole models.
_NAMED_SIZE = re.compile(r"(?i)(?<![a-z0-9.])([0-9]{1,6}(?:\.[0-9]{1,6})?)([bm])(?![a-z0-9])")
_PART_OF_A_MODEL = re.compile(r"(?i)eagle|mtp|medusa|hydra|dflash|speculator|lookahead|assistant")


class Estimate(msgspec.Struct, frozen=True):
    """What a quantization takes; bytes.

    Attributes:
        disk: Files that are downloaded, the draft model's with them; None where neither a lock nor
            the name tells.
        weights: Weights in memory; None likewise.
        cache: The context's keys and values; None where the configuration is not known.
        overhead: Buffers and the engine itself.
        context_length: Tokens that `cache` or `reserve` is for.
        from_lock: Whether `disk` and `weights` are the sizes of files, not estimates.
        draft: The draft model and its own cache; 0 where none is served; None where one is, and
            what it takes is not known.
    """

    disk: int | None
    weights: int | None
    cache: int | None
    overhead: int
    context_length: int
    from_lock: bool
    draft: int | None = 0

    @property
    def reserve(self) -> int:
        """What stands for the context's keys and values where they are not known; else 0."""
        if self.cache is not None or self.weights is None:
            return 0
        usual = max(_LEAST_RESERVE, int(self.weights * _RESERVE_SHARE))
        return usual * max(self.context_length, USUAL_CONTEXT) // USUAL_CONTEXT

    @property
    def total(self) -> int | None:
        """All of it, with the reserve where the cache is not known; None without weights."""
        if self.weights is None:
            return None
        return (self.weights + (self.cache or 0) + self.reserve + (self.draft or 0)
                + self.overhead)

    @property
    def basis(self) -> str:
        """What the estimate stands on, for people."""
        if not self.from_lock:
            told = "from size and quantization alone; a reserve stands for the context"
        elif self.cache is None:
            told = "from the locked file sizes; a reserve stands for the context"
        else:
            told = ("from the locked files and configuration, "
                    f"{self.context_length} tokens of context")
        if self.draft is None:
            return f"{told}; its draft model is not counted"
        return f"{told}; with its draft model" if self.draft else told


def estimate(spec: Spec, hub: Hub, quantization: str, *, engine: str,
             context_length: int) -> Estimate:
    """Estimate one quantization on one engine.

    Args:
        spec: The spec.
        hub: The hub whose files are used.
        quantization: One that it has.
        engine: Engine name, any case.
        context_length: Tokens of all requests that are served at once.
    """
    locked = locked_source(hub, quantization)
    if locked is None:
        found = estimate_by_name(spec.format, spec.size_in_billions, quantization, engine.lower(),
                                 context_length)
    else:
        found = _from_lock(spec, locked, quantization, engine.lower(), context_length)
    draft = files.draft_hub(hub)
    if draft is None or DRAFTS_AS_FILE.get(engine.lower()) is not (draft.file_template is not None):
        return found
    disk, taken = _draft(spec.format, draft, engine, context_length)
    known = None if found.disk is None or disk is None else found.disk + disk
    return msgspec.structs.replace(found, draft=taken, disk=known or found.disk)


def _from_lock(spec: Spec, locked: Locked, quantization: str, engine: str, context_length: int,
               ) -> Estimate:
    listed = locked.files.get(quantization, [])
    weights = weights_size(listed)
    from_lock = bool(weights)
    if from_lock:
        disk: int | None = sum(file.size or 0 for file in listed)
    else:
        disk = weights = estimated_weights(spec.format, spec.size_in_billions, quantization)
    cache, overhead = None, _overhead(weights, engine)
    if locked.attention is not None:
        cache = cache_size(locked.attention, context_length, engine)
        overhead += cache_size(locked.attention, min(context_length, _AT_ONCE.get(engine, 0)),
                               engine)
    return Estimate(disk, weights, cache, overhead, context_length, from_lock)


@lru_cache(maxsize=1 << 12)
def estimate_by_name(model_format: str, size_in_billions: str, quantization: str, engine: str,
                     context_length: int) -> Estimate:
    """Estimate a quantization that is not locked; a catalogue asks for the same ones often.

    Args:
        model_format: Format name.
        size_in_billions: As a spec writes it.
        quantization: Its name.
        engine: Engine name in lower case.
        context_length: Tokens of all requests that are served at once.
    """
    weights = estimated_weights(model_format, size_in_billions, quantization)
    return Estimate(weights, weights, None, _overhead(weights, engine), context_length,
                    from_lock=False)


def _overhead(weights: int | None, engine: str) -> int:
    buffers = min(_MOST_OVERHEAD, int((weights or 0) * _OVERHEAD_SHARE))
    return _ENGINE.get(engine, min(_ENGINE.values())) + buffers


def _draft(model_format: str, hub: Hub, engine: str, context_length: int,
           ) -> tuple[int | None, int | None]:
    """What a draft model takes of disk and memory; None where that is not known."""
    name = hub.quantizations[0]
    locked = locked_source(hub, name)
    listed = locked.files.get(name, []) if locked else []
    disk = weights = weights_size(listed)
    if weights:
        disk = sum(file.size or 0 for file in listed)
    else:
        disk = weights = _named_weights(model_format, files.repo_id(hub, name), name)
    if weights is None:
        return None, None
    if locked is None or locked.attention is None:
        return disk, weights + int(weights * _RESERVE_SHARE)
    return disk, weights + cache_size(locked.attention, context_length, engine)


def _named_weights(model_format: str, repo_id: str, quantization: str) -> int | None:
    """Bytes of the weights by the number of parameters in a repository's name."""
    name = repo_id.rpartition("/")[2]
    match = _NAMED_SIZE.search(name)
    bits = bits_per_weight(model_format, quantization)
    if match is None or bits is None or _PART_OF_A_MODEL.search(name):
        return None
    return int(float(match[1]) * (10**9 if match[2] in "bB" else 10**6) * bits / 8)


def human(count: float) -> str:
    """A number of bytes for people: `98.4 MB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(count) < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def locked_source(hub: Hub, quantization: str) -> Locked | None:
    """What the lock says of the repository that holds a quantization; None without a lock."""
    repo_id = files.repo_id(hub, quantization)
    return next((locked for locked in hub.locked if locked.repo_id == repo_id), None)


def weights_size(listed: list[LockedFile]) -> int | None:
    """Bytes of the weights among files; None where there are none, or one's size is not known."""
    sizes = [file.size for file in listed if file.path.endswith(_WEIGHTS)]
    known = [size for size in sizes if size is not None]
    return sum(known) if known and len(known) == len(sizes) else None


def estimated_weights(model_format: str, size_in_billions: str, quantization: str) -> int | None:
    """Bytes of the weights by size and quantization alone; None where the name tells too little."""
    bits = bits_per_weight(model_format, quantization)
    size = parse_size(size_in_billions)
    return int(size * 10**9 * Decimal(str(bits)) / 8) if bits and size else None


def bits_per_weight(model_format: str, quantization: str) -> float | None:
    """Bits that a weight takes on average, scales included; None where the name does not tell."""
    if model_format == "ggufv2":
        return _gguf_bits(quantization)
    if model_format == "fp8":
        return 8.0
    if model_format == "fp4":
        return 4.5  # sixteen weights share an eight-bit scale
    if quantization.lower() in ("none", "bf16", "fp16"):
        return 16.0 if model_format in ("pytorch", "mlx") else None
    match = _BITS.match(quantization)
    if match is None:
        return None
    bits, share = float(match[1]), _MODES.get(quantization.lower()) or _GROUPED.get(model_format)
    if mix := _MIX.match(quantization):
        bits = (int(mix[1]) + int(mix[2])) / 2
    return bits + share[0] / share[1] if share else bits


def _gguf_bits(quantization: str) -> float | None:
    name = quantization.upper()
    if name not in _GGUF_BITS:
        name = re.sub(r"^(UD|I1)-", "", name)
    if name in _GGUF_BITS:
        return _GGUF_BITS[name]
    # A mix with larger outer layers (`Q4_K_XL`, `Q2_K_L`) is counted as its base kind.
    base = re.sub(r"_(XL|L)$", "", name)
    for candidate in (f"{base}_M", base):
        if candidate in _GGUF_BITS:
            return _GGUF_BITS[candidate]
    match = re.match(r"I?Q([2-8])", name)
    return _GGUF_PLAIN[int(match[1])] if match else None


def cache_size(attention: Attention, context_length: int, engine: str) -> int:
    """Bytes of the keys and values of `context_length` tokens."""
    numbers = attention.latent or attention.heads * (attention.key_length + attention.value_length)
    windowed = _windowed(attention.window, context_length, engine)
    tokens = attention.layers * context_length + attention.window_layers * windowed
    return tokens * numbers * _CACHE_BYTES


def _windowed(window: int, context_length: int, engine: str) -> int:
    """Tokens that a layer with a sliding window keeps."""
    if not window:
        return context_length
    if engine.lower() == "llama.cpp":
        window = -(-(window * LLAMA_CPP_SLOTS + _LLAMA_CPP_BATCH) // 256) * 256
    elif engine.lower() == "vllm":
        window += _VLLM_IN_FLIGHT
    return min(context_length, window)
