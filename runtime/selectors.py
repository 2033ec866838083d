"""Selectors name sets of combinations by their ids: `seed-oss/**`, `*/36/ggufv2/*/llama.cpp`."""

from __future__ import annotations

import contextlib
from fnmatch import fnmatchcase

import msgspec

from runtime import naming
from runtime.combination import Combination, all_combinations
from runtime.errors import MisuseError
from runtime.index import families_named
from runtime.manifest import Manifest

_SEGMENTS = ("family", "size", "format", "quantization", "engine")


class Selector(msgspec.Struct, frozen=True):
    """A pattern for each part of an id; `*`, `?` and `[…]` as in a shell, without regard to case.

    Attributes:
        text: As it was written.
        patterns: Family, size, format, quantization, engine.
    """

    text: str
    patterns: tuple[str, str, str, str, str]

    def matches(self, combination_id: str) -> bool:
        """Whether the id of a combination fits."""
        parts = combination_id.casefold().split("/")
        return len(parts) == len(self.patterns) and all(
            fnmatchcase(part, pattern) for part, pattern in zip(parts, self.patterns, strict=True))


def parse_selector(text: str) -> Selector:
    """Read a selector; a last part `**` stands for all parts that follow.

    Raises:
        MisuseError: It does not have the five parts of an id.
    """
    parts = text.strip().casefold().split("/")
    if parts[-1] == "**" and len(parts) <= len(_SEGMENTS):
        parts = parts[:-1] + ["*"] * (len(_SEGMENTS) - len(parts) + 1)
    if len(parts) != len(_SEGMENTS) or not all(parts) or "**" in parts:
        family = text.strip()
        whole = f"all of {family} is {family}/**; " if len(parts) == 1 and parts[0] else ""
        raise MisuseError(f"{text!r} is not a selector", code="selector",
                          why=f"an id has the parts {'/'.join(_SEGMENTS)}",
                          hint=f"{whole}others are seed-oss/36/ggufv2/Q4_K_M/llama.cpp, "
                               "seed-oss/** or */*/ggufv2/*/llama.cpp")
    size, tilde, variant = parts[1].partition("~")
    with contextlib.suppress(ValueError):  # else it is a pattern
        parts[1] = naming.normalize_size(size) + tilde + variant
    family, size, model_format, quantization, engine = parts
    return Selector(text, (family, size, model_format, quantization, engine))


def matching(
    manifest: Manifest, selector: Selector, *, refused: bool = False
) -> list[Combination]:
    """The combinations that a selector names, in page order.

    Args:
        manifest: Where to look.
        selector: What to look for.
        refused: Also those that no page promises or that the engine's facts refuse.
    """
    return [
        combination
        for family in families_named(
            manifest, lambda name: fnmatchcase(name.casefold(), selector.patterns[0]))
        for combination in all_combinations(manifest, family)
        if (refused or (combination.promised and combination.verdict.supported))
        and selector.matches(combination.id)
    ]
