"""What one release of an engine has, as `runtime engines probe` found it: the file of facts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from runtime.errors import UserError

FORMAT = "modelbook.engine-facts"
FORMAT_VERSION = 1
#: Python takes further characters for digits, and refuses to read thousands of them.
_NUMBER = re.compile("[0-9]{1,18}")


class EngineFacts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The facts of one release. None: the engine does not tell, which refuses nothing.

    Attributes:
        format: Always `modelbook.engine-facts`.
        format_version: Raised when an older reader must not read the file.
        engine: Engine name.
        provider: The provider that was asked.
        version: The engine's version.
        architectures: Class names that it loads.
        model_types: Values of `model_type` that it loads.
        quantization_methods: By the engine's own names.
        tensor_types: Types of tensors that it computes with, for an engine of GGUF files.
        tool_parsers: Names of its tool-call parsers.
        reasoning_parsers: Names of its reasoning parsers.
        flags: Options of its server, short and long.
        parameters: Fields of its server's parameters, for a provider without a command line.
        abbreviates: A long option may be shortened as far as it stays unambiguous.
    """

    format: str
    format_version: int
    engine: str
    provider: str
    version: str
    architectures: list[str] | None = None
    model_types: list[str] | None = None
    quantization_methods: list[str] | None = None
    tensor_types: list[str] | None = None
    tool_parsers: list[str] | None = None
    reasoning_parsers: list[str] | None = None
    flags: list[str] | None = None
    parameters: list[str] | None = None
    abbreviates: bool = False

    @property
    def file_name(self) -> str:
        """Such as `vllm-0.26.0.json`."""
        return f"{self.engine.lower()}-{self.version}.json"

    def unknown_flags(self, argv: Iterable[str]) -> list[str]:
        """The long options in `argv` that the release does not have."""
        if self.flags is None:
            return []
        known = {_plain(flag) for flag in self.flags}
        return [name for name in dict.fromkeys(
            word.partition("=")[0] for word in argv if word.startswith("--") and len(word) > 2)
            if not self._has(_plain(name), known)]

    def _has(self, name: str, known: set[str]) -> bool:
        # vLLM sets fields of an option's value by `--option.field`.
        if name in known or name.partition(".")[0] in known:
            return True
        return self.abbreviates and sum(flag.startswith(name) for flag in known) == 1


def _plain(flag: str) -> str:
    """Engines take `_` and `-` for the same."""
    return "--" + flag[2:].replace("_", "-") if flag.startswith("--") else flag


def encode(facts: EngineFacts) -> bytes:
    """The canonical bytes of a file of facts."""
    return msgspec.json.format(msgspec.json.encode(facts, order="sorted"), indent=2) + b"\n"


def decode(data: bytes, name: str = "facts") -> EngineFacts:
    """Read a file of facts.

    Raises:
        UserError: It is none, or is for a newer Modelbook.
    """
    try:
        facts = msgspec.json.decode(data, type=EngineFacts)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise UserError(f"{name} holds no facts of an engine: {error}", code="facts-invalid",
                        hint="make it again with `runtime engines probe`") from None
    if (facts.format, facts.format_version) != (FORMAT, FORMAT_VERSION):
        raise UserError(f"{name} is no file of facts that this version reads",
                        code="facts-invalid", why=f"it is {facts.format} {facts.format_version}",
                        hint="make it again with `runtime engines probe`")
    return facts


def version_key(version: str) -> tuple[int, ...]:
    """Orders versions by their numbers."""
    return tuple(int(part) if _NUMBER.fullmatch(part) else -1 for part in version.split("."))


def newest(facts: Sequence[EngineFacts], engine: str) -> list[EngineFacts]:
    """The newest facts of each provider of an engine; providers number their releases apart."""
    found: dict[str, EngineFacts] = {}
    for each in sorted(facts, key=lambda each: version_key(each.version)):
        if each.engine.casefold() == engine.casefold():
            found[each.provider] = each
    return [found[provider] for provider in sorted(found)]
