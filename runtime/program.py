"""The frame of both command lines: finds the verb, parses, and maps every outcome to an exit code.

A verb is a module with `add_arguments(parser)` and `run(args) -> int`, and `PASSES_ON = True` if
what follows `--` is for another program (`args.passed_on`); only the chosen verb's
module is imported, so that a program starts as fast as what it does.
"""

from __future__ import annotations

import argparse
import atexit
import errno
import gc
import importlib
import io
import json
import keyword
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, NoReturn

from runtime import __version__
from runtime.entry import take_over
from runtime.errors import ExitCode, MisuseError, UserError

#: The device that is written to is full or broken, which is not a fault of Modelbook.
_DEVICE_FAULTS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
#: Values of `--format` whose readers are programs.
_DATA_FORMATS = {"json", "sarif", "junit"}


@contextmanager
def collector_off() -> Iterator[None]:
    """Without the garbage collector: what is made within stays, and its passes would free nothing.

    Afterwards all that was made counts as old, or the first thing to happen is a look at all of it.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.freeze()
            gc.unfreeze()
            gc.enable()


class Program(NamedTuple):
    """One console script.

    Attributes:
        name: What the user types.
        description: One sentence for `--help`.
        package: Package that holds one module a verb.
        verbs: Verb → one-line help, in the order of `--help`. A verb's module is its name with
            hyphens as underscores, and one at the end where Python reserves the word.
    """

    name: str
    description: str
    package: str
    verbs: Mapping[str, str]

    def module(self, verb: str) -> ModuleType:
        """The module of a verb."""
        name = verb.replace("-", "_")
        if keyword.iskeyword(name):  # `import` cannot name a module in Python's own syntax
            name += "_"
        with collector_off():  # importing makes thousands of objects, and nearly all of them stay
            return importlib.import_module(f"{self.package}.{name}")

    def parser(self, verb: str) -> argparse.ArgumentParser:
        """The argument parser of one verb."""
        parser = _Parser(prog=f"{self.name} {verb}", description=_sentence(self.verbs[verb]),
                         allow_abbrev=False)
        self.module(verb).add_arguments(parser)
        return parser


class _Parser(argparse.ArgumentParser):
    """argparse that raises instead of printing, so that one place words every error."""

    def error(self, message: str) -> NoReturn:
        raise MisuseError(message, hint=f"see `{self.prog} --help`")

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        """Refuse an empty path, which a variable that is not set leaves: it is no folder here."""
        if action.type is Path and not arg_string:
            raise argparse.ArgumentError(action, "an empty path")
        return super()._get_value(action, arg_string)


def main(program: Program, argv: Sequence[str] | None = None) -> int:
    """Run a program and return its exit code; the only place where errors become exit codes."""
    # What is there at the end goes with the process; the collector need not look at it once more.
    atexit.register(gc.freeze)
    arguments = list(sys.argv[1:] if argv is None else argv)
    _prepare_streams(arguments)
    try:
        take_over()
        code = _dispatch(program, arguments)
        sys.stdout.flush()
        return code
    except UserError as error:
        _print_error(error, as_json=_wants_json(arguments))
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone (`| head`); that is not an error of ours.
        _discard_output()
        return ExitCode.OK
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _DEVICE_FAULTS:
            _discard_output()
            _print_error(UserError(f"cannot write: {error.strerror}", code="write-failed",
                                   hint="make room, or write somewhere else"), as_json=False)
            return ExitCode.FAILED
        return _report_bug(program, arguments, error)


def _prepare_streams(arguments: Sequence[str]) -> None:
    """Make every text printable, whatever the terminal's encoding; names are not all ASCII.

    What programs read is UTF-8 everywhere, as JSON has to be. Elsewhere a character that cannot
    be shown appears as an escape. A closed stream (`>&-`) takes and forgets what is printed.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            data = name == "stdout" and _wanted_format(arguments) in _DATA_FORMATS
            stream.reconfigure(encoding="utf-8" if data else None, errors="backslashreplace")


def _discard_output() -> None:
    """Let what is still buffered go nowhere, so that Python's exit does not fail on it again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _dispatch(program: Program, arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(_usage(program))
        return ExitCode.OK if arguments else ExitCode.MISUSE
    if arguments[0] in ("-V", "--version"):
        print(f"{program.name} {__version__} (modelbook)")
        return ExitCode.OK
    verb = arguments[0]
    if verb not in program.verbs:
        from difflib import get_close_matches

        near = get_close_matches(verb, program.verbs, n=1)
        raise MisuseError(f"{program.name} has no verb {verb!r}",
                          hint=(f"did you mean `{program.name} {near[0]}`? " if near else "")
                          + f"`{program.name} --help` lists them")
    words, passed_on = arguments[1:], []
    if "--" in words and getattr(program.module(verb), "PASSES_ON", False):
        # What follows `--` is for another program; argparse would mix it with positionals.
        words, passed_on = words[:words.index("--")], words[words.index("--") + 1:]
    try:
        args = program.parser(verb).parse_args(_with_negative_values(words))
        args.passed_on = passed_on
    except SystemExit as leaving:  # --help of a verb
        return int(leaving.code or 0)
    result = program.module(verb).run(args)
    return int(result)


def _with_negative_values(words: list[str]) -> list[str]:
    """Give `--option -5GiB` to the option, which words the error; argparse sees two options."""
    joined: list[str] = []
    for word in words:
        if (word[:1] == "-" and word[1:2].isdigit() and joined and joined[-1].startswith("--")
                and "=" not in joined[-1] and joined[-1] != "--"):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def _usage(program: Program) -> str:
    width = max(map(len, program.verbs))
    lines = [f"usage: {program.name} VERB [options]", "", program.description, "", "verbs:"]
    lines += [f"  {verb:<{width}}  {text}" for verb, text in program.verbs.items()]
    lines += ["", f"`{program.name} VERB --help` tells a verb's options.",
              "exit codes: 0 fine, 1 findings or a failed job, 2 misuse, 3 a bug,",
              "            130 Ctrl-C, 143 SIGTERM"]
    return "\n".join(lines)


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."


def _wants_json(arguments: Sequence[str]) -> bool:
    return _wanted_format(arguments) == "json"


def _wanted_format(arguments: Sequence[str]) -> str:
    """The value of `--format`, which is needed before and also without a successful parse."""
    for index, word in enumerate(arguments):
        if word == "--":
            break
        if word.startswith("--format="):
            return word.removeprefix("--format=")
        if word == "--format":
            return "".join(arguments[index + 1:index + 2])
    return ""


def _print_error(error: UserError, *, as_json: bool) -> None:
    if as_json:
        body = {"error": {"code": error.code, "message": error.message, "why": error.why,
                          "hint": error.hint, "details": error.details}}
        print(json.dumps(body, ensure_ascii=False, default=str))
        # Who reads the standard output of a failed command is not who looks at the terminal.
        print(error.lines()[0], file=sys.stderr)
        return
    print("\n".join(error.lines()), file=sys.stderr)


def _report_bug(program: Program, arguments: Sequence[str], error: Exception) -> int:
    import platform
    import tempfile
    import traceback

    text = "".join((
        f"{program.name} {__version__}, ",
        f"Python {platform.python_version()}, {platform.platform()}\n",
        f"arguments: {list(arguments)!r}\n\n", *traceback.format_exception(error)))
    handle, path = tempfile.mkstemp(prefix=f"{program.name}-", suffix=".log", text=True)
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as log:
        log.write(text)
    print(f"error[bug]: {program.name} failed with {type(error).__name__}: {error}\n"
          f"  why: this is a fault of Modelbook, not of your files\n"
          f"  fix: please report it with the contents of {path}", file=sys.stderr)
    return ExitCode.BUG
