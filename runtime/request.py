"""How a combination shall be served, and what can be refused of that at once."""

from __future__ import annotations

from pathlib import Path

import msgspec

from runtime import gpus
from runtime.combination import Combination
from runtime.errors import MisuseError, UserError

DEFAULT_TIMEOUT = 900.0
#: Options of every engine that another value of would hide its server from the launcher.
_OURS = ("--host", "--port")


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """How a combination shall be served.

    Attributes:
        host: Address to listen on.
        port: TCP port; None: a free one.
        context_length: Tokens of one request; None: the engine's default.
        provider: Which way to have the engine; None: the first that is there.
        engine_python: Interpreter of an environment of the user's own that has the engine.
        tensor_parallel_size: GPUs that share each layer.
        gpus: Indices of the GPUs to use, separated by commas; None: all.
        gpu_memory_fraction: Part of each GPU's memory that the engine may take, 0 to 1.
        served_model_name: Model name for requests; None: the family's name.
        api_key: Key that requests must carry.
        trust_remote_code: Let the model's own Python code run.
        timeout: Seconds until it must have answered.
        force: Go on although the facts speak against it.
        try_refused: Go on although the provider is known not to load it here (`verify`).
        extra: Arguments passed on to the engine.
    """

    host: str = "127.0.0.1"
    port: int | None = None
    context_length: int | None = None
    provider: str | None = None
    engine_python: Path | None = None
    tensor_parallel_size: int | None = None
    gpus: str | None = None
    gpu_memory_fraction: float | None = None
    served_model_name: str | None = None
    api_key: str | None = None
    trust_remote_code: bool = False
    timeout: float = DEFAULT_TIMEOUT
    force: bool = False
    try_refused: bool = False
    extra: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Everything but the key, which has no business in a log."""
        shown = (f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__
                 if name != "api_key")
        return f"Request({', '.join(shown)})"


def check(combination: Combination, request: Request) -> None:
    """Refuse what cannot be meant, or what the combination cannot do.

    Raises:
        UserError: See the message.
    """
    spec, family = combination.spec, combination.family
    if spec.trust_remote_code and not request.trust_remote_code:
        raise UserError(f"{family.name} runs Python code that comes with its weights",
                        code="remote-code",
                        why="that code could do anything that you can do on this machine",
                        hint="read it in the repository, then pass --trust-remote-code")
    asked = request.context_length
    if asked is not None and asked < 1:
        raise MisuseError(f"{asked} is not a context length", code="context-length")
    if asked is not None and asked > family.context_length and not request.force:
        raise MisuseError(f"{family.name} has a context of {family.context_length} tokens, "
                          f"not {asked}", code="context-length",
                          hint=f"--context-length {family.context_length} or less; "
                               "--force passes it on all the same")
    gpus.check(request.gpus, request.tensor_parallel_size, request.gpu_memory_fraction)
    if not request.timeout > 0:  # as is nan
        raise MisuseError("--timeout must be more than 0 seconds", code="timeout")
    if request.port is not None and not 1 <= request.port <= 65535:
        raise MisuseError(f"{request.port} is not a TCP port", code="port",
                          hint="choose one from 1024 to 65535, or leave --port out")
    if not request.host or any(map(str.isspace, request.host)):
        raise MisuseError(f"{request.host!r} is not an address", code="host",
                          hint="leave --host out to listen on the loopback address")
    if taken := next((word for word in request.extra if word.split("=")[0] in _OURS), None):
        raise MisuseError(f"{taken} cannot be passed on: launch tells the engine itself",
                          code="usage", hint=f"give {taken.split('=')[0]} before the --")
    if request.served_model_name is not None and not request.served_model_name.strip():
        raise MisuseError("--served-model-name is empty", code="served-model-name",
                          hint="leave it out to serve the model under its family's name")
