"""What the engines' facts say of whole specs, remembered.

Specs of a catalogue offer the same lists of quantizations again and again; each list is judged
once.
"""

from __future__ import annotations

from typing import NamedTuple

from runtime.manifest import Engine
from runtime.support import Verdict, judge

#: A catalogue of thousands of unlike specs must not keep them all.
_MOST = 1 << 13


class Asked(NamedTuple):
    """What verdicts on a spec depend on, besides the engine.

    Attributes:
        model_format: Format name.
        quantizations: Their names.
        split: Of each of them, whether its weights are in several files on every hub.
        architectures: Of the family.
        remote_code: Whether the repository's own code may run.
    """

    model_format: str
    quantizations: tuple[str, ...]
    split: tuple[bool, ...]
    architectures: tuple[str, ...]
    remote_code: bool


class Judgement:
    """Remembers verdicts on the engines of one catalogue, whose names are unique."""

    def __init__(self) -> None:
        self._verdicts: dict[tuple[str, Asked], dict[str, Verdict]] = {}

    def verdicts(self, engine: Engine, asked: Asked) -> dict[str, Verdict]:
        """Quantization → what the engine's facts say; not to be changed."""
        key = (engine.name, asked)
        found = self._verdicts.get(key)
        if found is None:
            if len(self._verdicts) >= _MOST:
                self._verdicts.clear()
            found = self._verdicts[key] = {
                name: judge(engine, model_format=asked.model_format, quantization=name,
                            architectures=asked.architectures, split=split,
                            remote_code=asked.remote_code)
                for name, split in zip(asked.quantizations, asked.split, strict=True)}
        return found
