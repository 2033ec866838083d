"""Names, sizes and ids as they are written, compared and put into paths. Pure functions."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256

#: As many digits as YAML's whole numbers may have here, so that no sum of sizes overflows.
SIZE_PATTERN = r"^(0|[1-9][0-9]{0,17})(_[0-9]{1,17})?$"
_SIZE = re.compile(SIZE_PATTERN)
#: File systems allow 255 bytes; room is left for suffixes.
_SLUG_LIMIT = 120
_ASCII_SLUG = re.compile(r"[a-z0-9._-]")


@lru_cache(maxsize=4096)
def parse_size(text: str) -> Decimal:
    """The size in billions of parameters that `text` (`36`, `0_5`, `1_8`) stands for.

    The underscore is the decimal point, as the field writes it.

    Raises:
        ValueError: `text` is not a size.
    """
    if not _SIZE.fullmatch(text):
        raise ValueError(f"{text!r} is not a size such as 7, 0_5 or 1_8")
    return Decimal(text.replace("_", "."))


@lru_cache(maxsize=4096)
def normalize_size(text: str) -> str:
    """`text` as ids spell it: `1_80` and `1.8` are `1_8`, `7_0` is `7`.

    Raises:
        ValueError: `text` is not a size.
    """
    value = parse_size(text.replace(".", "_", 1)).normalize()
    return format(value, "f").replace(".", "_")


@lru_cache(maxsize=256)
def slug(name: str) -> str:
    """ASCII form of a family name for file names, URLs and labels, from the name alone.

    ASCII letters are lower-cased, spaces become `-`, any other character becomes `u` and its code
    point in hexadecimal between hyphens. A form too long for a file name is cut and ends in a part
    of the name's SHA-256. Distinct names may collide; the check `MB` rules report it.
    """
    out: list[str] = []
    for char in unicodedata.normalize("NFKC", name).lower():
        if _ASCII_SLUG.match(char):
            out.append(char)
        elif char == " ":
            out.append("-")
        else:
            out.append(f"-u{ord(char):x}-")
    text = re.sub(r"-{2,}", "-", "".join(out)).strip("-")
    if len(text) <= _SLUG_LIMIT:
        return text
    return f"{text[:_SLUG_LIMIT - 9].rstrip('-')}-{sha256(name.encode()).hexdigest()[:8]}"


def spec_key(size_in_billions: str, variant: str | None) -> str:
    """A spec's part of a combination id: `36`, or `36~name` where it has a variant."""
    size = normalize_size(size_in_billions)
    return f"{size}~{variant}" if variant else size


def combination_id(
    family: str, size_in_billions: str, variant: str | None, model_format: str,
    quantization: str, engine: str,
) -> str:
    """The id of one combination, such as `seed-oss/36/ggufv2/Q4_K_M/llama.cpp`."""
    size = spec_key(size_in_billions, variant)
    return "/".join((family, size, model_format, quantization, engine))
