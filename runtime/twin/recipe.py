"""How each quantization of each format is made, and what is only approximated. Pure functions."""

from __future__ import annotations

import re

import msgspec

#: ggml's types from the fewest bits to the most, as one is "raised" to a better one.
_LADDER = ("IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "Q2_K", "IQ3_XXS", "IQ3_S", "Q3_K",
           "IQ4_XS", "Q4_K", "Q5_K", "Q6_K", "Q8_0", "BF16")
#: What llama.cpp quantizes to under these very names.
_FTYPES = {
    "F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q2_K_S", "Q3_K_S",
    "Q3_K_M", "Q3_K_L", "Q4_K_S", "Q4_K_M", "Q5_K_S", "Q5_K_M", "Q6_K", "IQ1_S", "IQ1_M",
    "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ2_M", "IQ3_XXS", "IQ3_XS", "IQ3_S", "IQ3_M", "IQ4_NL",
    "IQ4_XS", "TQ1_0", "TQ2_0", "MXFP4_MOE",
}
_OTHER_NAMES = {"FP16": "F16", "FP32": "F32", "Q3_K": "Q3_K_M", "Q4_K": "Q4_K_M", "Q5_K": "Q5_K_M",
                "MXFP4": "MXFP4_MOE", "NONE": "F16"}
_NO_IMPORTANCE = {"F32", "F16", "BF16", "Q8_0", "MXFP4_MOE", "TQ1_0", "TQ2_0"}


class NoRecipe(ValueError):  # noqa: N818  # it is an answer rather than a fault
    """Nothing here makes the quantization; the message says why."""


class GgufRecipe(msgspec.Struct, frozen=True):
    """How llama.cpp's quantizer is called.

    Attributes:
        ftype: Its name of the mix.
        embedding: Type of the token embedding and, with it, `output` of the last layer; empty
            leaves both to the mix.
        output: See `embedding`.
        raised: Part of a tensor's name → type, where a tensor gets more bits than the mix gives.
        importance: Whether it is given an importance matrix.
        approximation: What is not as its vendor makes it; empty where it is the real thing.
    """

    ftype: str
    embedding: str = ""
    output: str = ""
    raised: tuple[tuple[str, str], ...] = ()
    importance: bool = False
    approximation: str = ""

    def job(self) -> dict[str, object]:
        """As the builder reads it."""
        return {"ftype": self.ftype, "embedding": self.embedding, "output": self.output,
                "raised": dict(self.raised), "importance": self.importance}


def gguf_recipe(quantization: str) -> GgufRecipe:
    """How a quantization of GGUF is made.

    Raises:
        NoRecipe: llama.cpp has no mix of that name, and it is no known variation of one.
    """
    name = quantization.upper()
    vendor, dash, rest = name.partition("-")
    if dash and vendor in ("UD", "I1"):
        name = rest
    base = _OTHER_NAMES.get(name, name)
    if vendor == "UD" and dash:
        return _raised(base, quantization)
    if base in _FTYPES:
        return GgufRecipe(base, importance=base not in _NO_IMPORTANCE)
    large = re.fullmatch(r"(Q[2-8]_K)_(L|XL)", base)
    if large:
        mix = _base_of_large(large[1])
        return GgufRecipe(mix, embedding="Q8_0", output="Q8_0", importance=True,
                          approximation=f"{quantization} is made as {mix} with embedding and "
                                        "output in Q8_0")
    raise NoRecipe(f"llama.cpp quantizes to nothing named {quantization}")


def _raised(name: str, quantization: str) -> GgufRecipe:
    """Unsloth's mixes give single layers more bits by measurement; here, by kind of tensor."""
    base = re.sub(r"_(XL|L)$", "", name)
    if base not in _FTYPES or base in ("Q8_0",):
        base = _base_of_large(base)
    if base not in _FTYPES:
        raise NoRecipe(f"llama.cpp quantizes to nothing named {name}")
    kind = _type_of(base)
    if kind not in _LADDER:
        return GgufRecipe(base, importance=base not in _NO_IMPORTANCE,
                          approximation=f"{quantization} is made as plain {base}")
    step = _LADDER.index(kind)

    def up(steps: int, least: str = "IQ1_S") -> str:
        return _LADDER[min(max(step + steps, _LADDER.index(least)), len(_LADDER) - 1)]

    return GgufRecipe(
        base, embedding=up(1, "Q4_K"), output=up(2, "Q6_K"),
        raised=(("attn_v", up(3)), ("attn_output", up(2)), ("ffn_down", up(2))),
        importance=base not in _NO_IMPORTANCE,
        approximation=f"{quantization} is made as {base} with embedding, output, attn_v, "
                      "attn_output and ffn_down in better types; the vendor's own mix differs")


def _base_of_large(name: str) -> str:
    """The mix that a `_L` or `_XL` of it starts from."""
    return {"Q2_K": "Q2_K", "Q6_K": "Q6_K", "Q8_K": "Q8_0"}.get(name, f"{name}_M")


def _type_of(ftype: str) -> str:
    """The type that most tensors of a mix have."""
    special = {"IQ2_M": "IQ2_S", "IQ3_XS": "IQ3_XXS", "IQ3_M": "IQ3_S", "Q2_K_S": "Q2_K"}
    return special.get(ftype) or re.sub(r"(?<=^Q\d_K)_[SML]$", "", ftype)


class Recipe(msgspec.Struct, frozen=True):
    """Which builder makes a quantization, and with what settings.

    Attributes:
        builder: Name of the script; empty where the checkpoint itself is what is wanted.
        tool: The tool that has the builder's libraries.
        settings: What the builder is told.
        approximation: See `GgufRecipe`.
    """

    builder: str
    tool: str
    settings: dict[str, object]
    approximation: str = ""


def recipe(model_format: str, quantization: str) -> Recipe:
    """How a quantization is made.

    Raises:
        NoRecipe: Nothing here makes it.
    """
    if model_format == "ggufv2":
        made = gguf_recipe(quantization)
        return Recipe("build_gguf", "transformers", made.job(), made.approximation)
    if model_format == "pytorch" and quantization == "none":
        return Recipe("", "transformers", {})
    if model_format in ("gptq", "awq"):
        return _gptq(model_format, quantization)
    if model_format == "mlx":
        return _mlx(quantization)
    raise NoRecipe(f"no tool here makes {model_format} weights in {quantization}")


def _gptq(method: str, quantization: str) -> Recipe:
    found = re.search(r"[2348]", quantization)
    bits = int(found[0]) if found else 4
    if method == "awq" and bits != 4:
        raise NoRecipe(f"GPTQModel makes AWQ weights in 4 bits only, not {quantization}")
    plain = re.fullmatch(r"[Ii]nt[2348]|[2348]-?bits?|AWQ", quantization)
    return Recipe("build_gptq", "gptqmodel", {"method": method, "bits": bits},
                  "" if plain else f"{quantization} is made as plain {bits} bit")


def _mlx(quantization: str) -> Recipe:
    def made(bits: int = 0, mode: str = "affine", group: int | None = None,
             dtype: str = "bfloat16", approximation: str = "") -> Recipe:
        return Recipe("build_mlx", "mlx", {"bits": bits, "mode": mode, "group": group,
                                           "dtype": dtype}, approximation)

    special = {"none": made(), "bf16": made(), "fp16": made(dtype="float16"),
               "mxfp4": made(4, "mxfp4", 32), "mxfp8": made(8, "mxfp8", 32),
               "nvfp4": made(4, "nvfp4", 16)}
    if quantization in special:
        return special[quantization]
    if found := re.fullmatch(r"([2-8])-?bit(-.+)?", quantization):
        return made(int(found[1]), approximation=f"{quantization} is made as plain {found[1]}bit"
                    if found[2] else "")
    raise NoRecipe(f"mlx-lm converts to nothing named {quantization}")
