"""The `runtime launch` command line of a combination: what pages show and `launch` accepts."""

from __future__ import annotations

import shlex
from functools import lru_cache

#: Option names in the order in which pages print them.
OPTIONS = ("--model-engine", "--model-name", "--size-in-billions", "--model-format",
           "--quantization")


def launch_argv(
    *, engine: str, family: str, size_in_billions: str, model_format: str, quantization: str,
    variant: str | None = None, program: tuple[str, ...] = ("runtime", "launch"),
) -> list[str]:
    """The argument list that launches one combination.

    A value that begins with a hyphen is joined to its option, so that it is never read as one.
    """
    values = (engine, family, size_in_billions, model_format, quantization)
    argv = list(program)
    pairs = list(zip(OPTIONS, values, strict=True))
    if variant:
        pairs.append(("--variant", variant))
    for option, value in pairs:
        argv += [f"{option}={value}"] if value.startswith("-") else [option, value]
    return argv


#: A page repeats the options, and a catalogue the names, of thousands of commands.
_quoted = lru_cache(maxsize=4096)(shlex.quote)


def shell_line(argv: list[str]) -> str:
    """`argv` quoted for a POSIX shell, on one line unless a value itself holds a newline."""
    return " ".join(map(_quoted, argv))
