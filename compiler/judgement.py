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


class Judged:
    """Verdicts of the engines of one catalogue, whose names are unique, on one list.

    Attributes:
        asked: What was asked.
    """

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self._verdicts: dict[str, dict[str, Verdict]] = {}
        self._loaded: dict[str, list[str]] = {}

    def verdicts(self, engine: Engine) -> dict[str, Verdict]:
        """Quantization → what the engine's facts say; not to be changed."""
        found = self._verdicts.get(engine.name)
        if found is None:
            asked = self.asked
            found = self._verdicts[engine.name] = {
                name: judge(engine, model_format=asked.model_format, quantization=name,
                            architectures=asked.architectures, split=split,
                            remote_code=asked.remote_code)
                for name, split in zip(asked.quantizations, asked.split, strict=True)}
        return found

    def loaded(self, engine: Engine) -> list[str]:
        """The quantizations that the engine loads, in the order asked; not to be changed."""
        found = self._loaded.get(engine.name)
        if found is None:
            verdicts = self.verdicts(engine)
            found = self._loaded[engine.name] = [
                name for name in self.asked.quantizations if verdicts[name].supported]
        return found


class Judgement:
    """Remembers what has been judged."""

    def __init__(self) -> None:
        self._judged: dict[Asked, Judged] = {}

    def of(self, asked: Asked) -> Judged:
        """What the engines' facts say of a list of quantizations."""
        found = self._judged.get(asked)
        if found is None:
            if len(self._judged) >= _MOST:
                self._judged.clear()
            found = self._judged[asked] = Judged(asked)
        return found
