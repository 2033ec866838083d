"""What every engine module provides, and the records that pass between it and the launcher.

An engine module is a pure description of one engine's own server: its command line, how its
readiness shows and how its log names a failure. It starts nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from runtime.errors import UserError


class LocalModel(msgspec.Struct, frozen=True, kw_only=True):
    """A combination's weights on this machine.

    Attributes:
        folder: Absolute folder that holds the repository's files.
        model_format: The spec's format.
        layout: `folder` or `file`: which of the two the engine is given.
        weights: Absolute weight files in loading order; empty for folder formats.
        projector: Absolute path of a multimodal projector that goes with them.
        draft: Absolute path of a small model that guesses tokens ahead of it.
        original: Folder with the configuration and tokenizer of the unquantized model, where it is
            on this machine; some engines read them there instead of from a .gguf file.
    """

    folder: Path
    model_format: str
    layout: str = "folder"
    weights: tuple[Path, ...] = ()
    projector: Path | None = None
    draft: Path | None = None
    original: Path | None = None

    @property
    def path(self) -> Path:
        """What the engine is given: the first weight file, or the folder."""
        return self.weights[0] if self.layout == "file" else self.folder


class ChatTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """A family's own chat template.

    Attributes:
        text: Jinja text; never rendered by Modelbook.
        path: Absolute path of the file that holds it when the engine starts.
    """

    text: str
    path: Path


class ServeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a model is to be served.

    Attributes:
        host: Address to listen on.
        port: TCP port.
        name: Model name that requests shall use where the engine can serve any.
        fixed_name: The only name that requests may use, for engines with a fixed one.
        context_length: Tokens of one request, prompt and answer together; None: the engine's
            own default.
        chat_template: Replaces the model's own template.
        tool_parser: The engine's name for the family's tool-call format.
        reasoning_parser: The engine's name for the family's way of marking reasoning.
        trust_remote_code: Let the model's own Python code run.
        api_key: Key that requests must carry.
        tensor_parallel_size: GPUs that share each layer.
        gpu_memory_fraction: Part of each GPU's memory that the engine may take.
        cache: Existing or creatable folder for what the engine insists to keep.
        extra: Arguments passed on to the engine as they are, after ours.
    """

    host: str = "127.0.0.1"
    port: int
    name: str
    fixed_name: str | None = None
    context_length: int | None = None
    chat_template: ChatTemplate | None = None
    tool_parser: str | None = None
    reasoning_parser: str | None = None
    trust_remote_code: bool = False
    api_key: str | None = None
    tensor_parallel_size: int | None = None
    gpu_memory_fraction: float | None = None
    cache: Path
    extra: tuple[str, ...] = ()


class Runner(msgspec.Struct, frozen=True, kw_only=True):
    """An installed engine, as far as a command line needs to know it.

    Attributes:
        provider: The provider's name.
        python: Interpreter of the engine's environment; None for a bare executable.
        executable: The engine's own program; None where it is run as a module.
        environment: Variables that the engine's facts set.
    """

    provider: str
    python: Path | None = None
    executable: Path | None = None
    environment: dict[str, str] = {}

    def program(self, module: str) -> list[str]:
        """Beginning of an argument list: the executable, or `python -m module`."""
        if self.executable is not None:
            return [str(self.executable)]
        return self.run_module(module)

    def run_module(self, *module: str) -> list[str]:
        """`python -m module` with the environment's interpreter."""
        if self.python is None:
            raise UserError(f"{self.provider} has no Python interpreter to run",
                            code="engine-broken", hint="name one with --engine-python")
        return [str(self.python), "-m", *module]


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """A server's command line.

    Attributes:
        argv: Program and arguments.
        environment: Variables to set; None removes one.
        served_model_name: The name that requests must use.
        secrets: Names of variables whose values must not be shown.
        folders: Folders that must exist before the engine starts.
        notes: What the user should know; one sentence each.
    """

    argv: list[str]
    environment: dict[str, str | None]
    served_model_name: str
    secrets: tuple[str, ...] = ()
    folders: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    def shown_environment(self) -> dict[str, str | None]:
        """`environment` with secrets hidden."""
        return {name: "********" if name in self.secrets and value is not None else value
                for name, value in sorted(self.environment.items())}


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A way in which an engine's log names a failure.

    Attributes:
        pattern: Regular expression of the line; its groups fill `{1}`, `{2}` … of the texts.
        reason: What went wrong, as a clause.
        advice: What to do about it.
        outcome: `failed`, or `environment` where the machine and not the model is at fault.
        fatal: The engine does not end by itself after this line.
    """

    pattern: str
    reason: str
    advice: str = ""
    outcome: str = "failed"
    fatal: bool = False


class KeyLine(msgspec.Struct, frozen=True, kw_only=True):
    """The line of a log that explains a failure.

    Attributes:
        line: The line itself, shortened, without control characters.
        reason: What it means; empty when no pattern knows it.
        advice: What to do; may be empty.
        outcome: `failed` or `environment`.
        fatal: See `Failure.fatal`.
    """

    line: str
    reason: str = ""
    advice: str = ""
    outcome: str = "failed"
    fatal: bool = False


class Engine(Protocol):
    """What a module in this folder provides.

    Attributes:
        NAME: The engine's name as the specs write it.
        HEALTH: Path that answers 200 once the server is up, None where there is none.
        UP: Pattern of the line of its log after which it listens on its port; None where no line
            says that.
        DRAFTS: Layouts (`folder`, `file`) in which it takes a draft model beside the model.
        FAILURES: Known failures, the most telling first.
        UNWANTED: Provider → distributions that break it and are removed after installation.
        DEFAULT_CONTEXT: Tokens of a request when nobody asks for a number; None leaves it to the
            engine.
        MEMORY: Bytes that it takes beside the weights, as measured with a tiny model.
    """

    NAME: str
    HEALTH: str | None
    UP: str | None
    DRAFTS: tuple[str, ...]
    FAILURES: tuple[Failure, ...]
    UNWANTED: dict[str, tuple[str, ...]]
    DEFAULT_CONTEXT: int | None
    MEMORY: int

    def serve_command(self, runner: Runner, model: LocalModel, options: ServeOptions) -> Command:
        """The command that serves `model`.

        Raises:
            UserError: The engine cannot do what the options ask for.
        """
        ...


#: The reason by which a launch knows that another port may do.
PORT_TAKEN = "the port was taken by another program"

#: Failures that any engine's log may show.
COMMON_FAILURES = (
    Failure(pattern=r"unrecognized arguments?: (.+)|No such option:? ?(.+)|no such option: (.+)"
                    r"|invalid argument: (.+)",
            reason="the engine does not know an option that it was given",
            advice="look the option up in the installed version's --help"),
    Failure(pattern=r"address already in use|couldn't bind (?:HTTP )?server socket",
            reason=PORT_TAKEN, outcome="environment", fatal=True,
            advice="leave --port out to have a free one chosen"),
    Failure(pattern=r"CUDA out of memory|OutOfMemoryError|not enough (?:free )?memory"
                    r"|Free memory on device .* is less|failed to allocate|unable to allocate"
                    r"|Cannot allocate memory|std::bad_alloc|\bMemoryError\b"
                    r"|No available memory for the cache blocks",
            reason="there is not enough memory", outcome="environment",
            advice="free memory, or ask for a smaller --context-length or quantization"),
    Failure(pattern=r"Temporary failure in name resolution|Name or service not known"
                    r"|nodename nor servname provided|getaddrinfo failed",
            reason="the engine wanted to fetch something and found no network",
            outcome="environment", advice="start it once where it has one"),
    Failure(pattern=r"No space left on device", reason="the disk is full", outcome="environment",
            advice="free some space"),
    Failure(pattern=r"Illegal instruction", outcome="environment",
            reason="this build of the engine needs a newer processor",
            advice="choose another --provider"),
    Failure(pattern=r"error while loading shared libraries: (\S+)|ImportError: (lib\S+)",
            reason="the engine's installation lacks a system library", outcome="environment",
            advice="install the engine again"),
    Failure(pattern=r"No module named '?([\w.]+)'?",
            reason="the engine's environment lacks a Python module", outcome="environment",
            advice="install the engine again"),
)

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_ALARM = re.compile(r"(?:error|exception)\b|\b(?:fatal|failed|failure|cannot|abort\w*|panic)\b",
                    re.IGNORECASE)
#: What a server writes for each of our own requests while we wait, what follows every error of a
#: library and every warning of Python, and what only points to another line.
_EMPTY = re.compile(r'"(?:GET|POST) /(?:health|v1)|For further information visit|warnings\.warn\('
                    r"|See root cause above")
_LONGEST_LINE = 300


def clean(line: str) -> str:
    """A log line for a terminal: no control characters, at most 300 characters."""
    text = _CONTROL.sub("", line).strip()
    return text if len(text) <= _LONGEST_LINE else text[:_LONGEST_LINE - 1] + "…"


def tells(line: str) -> bool:
    """Whether a cleaned log line says anything: no echo of our own requests, no mere decoration."""
    return bool(line) and not _EMPTY.search(line)


def key_line(lines: Iterable[str], failures: Sequence[Failure]) -> KeyLine | None:
    """The line that best explains why an engine failed.

    Known failures win in their order, then the last line that sounds like an error, then the last
    line that is not empty.
    """
    kept = [line for line in map(clean, lines) if tells(line)]
    for failure in (*failures, *COMMON_FAILURES):
        pattern = re.compile(failure.pattern, re.IGNORECASE)
        for line in kept:
            if match := pattern.search(line):
                groups = ["", *(group for group in match.groups() if group is not None)]
                return KeyLine(line=line, reason=_fill(failure.reason, groups),
                               advice=_fill(failure.advice, groups), outcome=failure.outcome,
                               fatal=failure.fatal)
    for line in reversed(kept):
        if _ALARM.search(line):
            return KeyLine(line=line)
    return KeyLine(line=kept[-1]) if kept else None


def _fill(text: str, groups: Sequence[str]) -> str:
    for index, group in enumerate(groups):
        text = text.replace(f"{{{index}}}", group)
    return text


def option(name: str, value: object) -> list[str]:
    """`name value`, or `name=value` where the value could be read as an option itself."""
    text = str(value)
    return [f"{name}={text}"] if text.startswith("-") else [name, text]


def refuse_gpu_options(engine: str, options: ServeOptions) -> None:
    """For engines whose server knows neither tensor parallelism nor a memory fraction.

    Raises:
        UserError: One of them was asked for.
    """
    for name, value in (("--tensor-parallel-size", options.tensor_parallel_size),
                        ("--gpu-memory-fraction", options.gpu_memory_fraction)):
        if value is not None:
            raise UserError(f"the server of {engine} has no equivalent of {name}",
                            code="unsupported-option", hint="leave it out, or use vLLM")


def refuse_api_key(engine: str, options: ServeOptions) -> None:
    """For engines whose server knows no key.

    Raises:
        UserError: A key was asked for.
    """
    if options.api_key is not None:
        raise UserError(f"the server of {engine} cannot ask for an API key",
                        code="unsupported-option",
                        why="everyone who reaches the port could use the model",
                        hint="leave --api-key-file out and keep the loopback address, "
                             "or put a proxy in front of it")
