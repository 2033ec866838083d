"""What a repository id or file name says about itself: size, format, quantization, model.

Ids are written by people, so everything here is cautious: a name that says nothing, or says two
things of which one fits, contradicts nothing.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

import msgspec

_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
#: `7B`, `0.5B`, `1_8b`, `135M`, `8x7B`; a letter or digit before it makes it something else
#: (`A3B`, `E2B`, `Qwen2B`), and so does one after it (`4bit`, `7Bx`).
_SIZE = re.compile(
    r"(?<![A-Za-z0-9])(?<![0-9]\.)(?:(?P<experts>[0-9]{1,3})x)?(?P<number>[0-9]{1,6}(?:[._][0-9]{1,6})?)"
    r"(?P<unit>[BbMmTt])(?![A-Za-z0-9])")
_ACTIVATED = re.compile(r"(?<![A-Za-z0-9])[Aa](?P<number>[0-9]{1,6}(?:[._][0-9]{1,6})?)[Bb]"
                        r"(?![A-Za-z0-9])")
#: What follows a size that is one expert's share: `17B-16E` has 16 experts and 17B active.
_EXPERTS = re.compile(r"[-_][0-9]{1,4}E(?![A-Za-z0-9])")
_UNIT = {"b": Decimal(1), "m": Decimal("0.001"), "t": Decimal(1000)}
_BITS = re.compile(r"(?i)(?<![a-z0-9])(?:int([2-8])|([2-8])-?bits?|w([248])a16)(?![a-z0-9])")
_WORD = re.compile(r"[a-z0-9]+")
_DOTTED = re.compile(r"[a-z0-9.]+")
_POINT = re.compile(r"(?<=[0-9])[._](?=[0-9])")

#: Words of a repository's name that tell its format.
FORMAT_WORDS = {"gptq": "gptq", "awq": "awq", "gguf": "ggufv2", "mlx": "mlx", "fp8": "fp8",
                "bnb": "bnb"}
#: Words that say how a model is stored, by whom or in which wrapping, not which model it is.
_PACKAGING = re.compile(
    r"(?:gguf|ggml|ggufs|awq|gptq|mlx|bnb|exl2|int[2-8](?:mix)?|[2-8]bits?|w[248]a16|fp8|fp4|bf16"
    r"|fp16|f16|f32|fp32|nvfp4|mxfp[48]|quantized|quant|quants|dynamic|hf|imat|imatrix|i1|ud|qat"
    r"|safetensors|pytorch|bit|bits|q[2-8]|[2-8]|fixed|lite|compact|medium|v0|split|block"
    r"|meta|community|official|of|part[0-9]*|unsloth|marlin|g128|gs128|group|sym|static)\Z")


class StatedSize(msgspec.Struct, frozen=True):
    """A size that a name states.

    Attributes:
        text: As written (`8x7B`).
        low: Smallest number of billions that fits it.
        high: Largest.
        step: The precision that it is written with, in billions.
    """

    text: str
    low: Decimal
    high: Decimal
    step: Decimal

    def fits(self, size: Decimal) -> bool:
        """Whether `size` billions may be called so, allowing for one being a rounded form."""
        if self.low <= size <= self.high:
            return True
        step = _step(size)
        if self.low != self.high or step == self.step:
            return False
        return (abs(size - self.low) < max(step, self.step)
                and abs(size - self.low) <= max(size, self.low) / 4)


def _step(number: Decimal) -> Decimal:
    exponent = number.as_tuple().exponent
    return Decimal(10) ** (exponent if isinstance(exponent, int) else 0)


def bare(template: str) -> str:
    """`template` with its placeholders taken out."""
    return _PLACEHOLDER.sub(" ", template)


def base_name(repo_id: str) -> str:
    """What follows the organisation."""
    return repo_id.rstrip("/").rsplit("/", 1)[-1]


@lru_cache(maxsize=4096)
def stated_sizes(name: str) -> list[StatedSize]:
    """The sizes that a name states; several where an underscore can be read two ways.

    The list is kept for the next who asks, and not to be changed.
    """
    plain = bare(name)
    # What one expert's share of the experts is, is an activated size.
    return [size for match in _SIZE.finditer(plain) if not _EXPERTS.match(plain, match.end())
            for size in _readings(match.group(), match["experts"], match["number"], match["unit"])]


@lru_cache(maxsize=256)
def _readings(written: str, experts: str | None, number: str, unit: str) -> list[StatedSize]:
    """What a size can mean; the same few are written in every catalogue."""
    found: list[StatedSize] = []
    readings = [number.replace("_", ".")]
    if "_" in number:
        readings.append(number.split("_")[1])
    for reading in readings:
        billions = Decimal(reading) * _UNIT[unit.lower()]
        if unit in "Mm" and billions < Decimal("0.02"):
            continue  # `1M` is a context length
        low = high = billions
        if experts:
            whole = billions * int(experts)
            # Experts share their attention layers: 8x7B has 46.7 billion, not 56.
            low, high = whole * Decimal("0.6"), whole * Decimal("1.1")
        found.append(StatedSize(written, low, high, _step(billions)))
    return found


@lru_cache(maxsize=4096)
def stated_activated(name: str) -> list[StatedSize]:
    """The activated sizes (`A3B`, `17B-16E`) that a name states."""
    plain = bare(name)
    matches = [*_ACTIVATED.finditer(plain),
               *(match for match in _SIZE.finditer(plain) if _EXPERTS.match(plain, match.end()))]
    return [StatedSize(match.group(), number, number, _step(number))
            for match in matches
            for number in [Decimal(match["number"].replace("_", "."))]]


def stated_formats(repo_id: str) -> dict[str, str]:
    """Format → the word that states it in the repository's own name; not to be changed."""
    return _formats(base_name(repo_id))


@lru_cache(maxsize=256)
def _formats(name: str) -> dict[str, str]:
    words = _WORD.findall(bare(name).lower())
    return {FORMAT_WORDS[word]: word for word in words if word in FORMAT_WORDS}


@lru_cache(maxsize=256)
def stated_bits(name: str) -> dict[int, str]:
    """Bits of the weights → the words that state them (`Int4`, `8bit`); not to be changed."""
    return {int(match[1] or match[2] or match[3]): match.group()
            for match in _BITS.finditer(bare(name))}


@lru_cache(maxsize=4096)
def _packaging(word: str) -> bool:
    return _PACKAGING.match(word) is not None


@lru_cache(maxsize=4096)
def model_words(name: str) -> frozenset[str]:
    """The words that say which model it is: without packaging, sizes kept, case and dots aside."""
    text = bare(name).lower().removesuffix(".gguf")
    words = _WORD.findall(_POINT.sub("p", text))
    return frozenset(word for word in words if not _packaging(word))


@lru_cache(maxsize=4096)
def model_key(name: str) -> str:
    """`model_words` joined in the order written, for names that differ only in their separators."""
    text = bare(name).lower().removesuffix(".gguf")
    words = _DOTTED.findall(text.replace("_", "."))
    return "".join(word for word in words if not _packaging(word)).replace(".", "")


def same_model(first: str, second: str) -> bool:
    """Whether two names may well mean the same model."""
    if model_key(first) == model_key(second):
        return True
    return model_words(first) == model_words(second)
