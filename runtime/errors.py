"""The one exception that a user's own action can cause, and the exit codes of both programs."""

from __future__ import annotations

import re
from enum import IntEnum

#: What could steer a terminal or turn a line around; hubs and engines choose words of messages.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


class ExitCode(IntEnum):
    """What a Modelbook process exits with; documented in the README and on the CLI page."""

    OK = 0
    FAILED = 1  # findings, or a job that did not succeed
    MISUSE = 2  # the call itself is off, or names something that does not exist
    BUG = 3  # our fault: a traceback log is written for a report
    INTERRUPTED = 130  # Ctrl-C
    TERMINATED = 143  # SIGTERM


class UserError(Exception):
    """Something a user can put right.

    Args:
        message: What is wrong, in one sentence.
        code: Stable kebab-case word for programs (`port-in-use`, `engine-missing` …).
        why: Why it matters or what was expected; may be empty.
        hint: What to do about it; may be empty.
        exit_code: The process's exit code.
        details: Further facts for `--format json` (plain JSON values).
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        why: str = "",
        hint: str = "",
        exit_code: ExitCode = ExitCode.FAILED,
        details: dict[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.why = why
        self.hint = hint
        self.exit_code = exit_code
        self.details = details or {}

    def lines(self) -> list[str]:
        """The error as a terminal shows it, without a trailing newline on any line.

        Control characters are shown as escapes.
        """
        out = [f"error[{self.code}]: {self.message}"]
        if self.why:
            out += [f"  why: {self.why}"]
        if self.hint:
            out += [f"  fix: {line}" if i == 0 else f"       {line}"
                    for i, line in enumerate(self.hint.removesuffix("\n").split("\n"))]
        return list(map(shown, out))


class MisuseError(UserError):
    """A call that cannot be carried out as written (exit code 2)."""

    def __init__(self, message: str, *, code: str = "usage", why: str = "", hint: str = "",
                 details: dict[str, object] | None = None) -> None:
        super().__init__(message, code=code, why=why, hint=hint,
                         exit_code=ExitCode.MISUSE, details=details)


def shown(text: str) -> str:
    """`text` with control characters as escapes, for a terminal."""
    return _CONTROL.sub(lambda char: char[0].encode("unicode_escape").decode(), text)


def seconds(value: float) -> str:
    """A limit of time as messages say it: `300 s`, `0.5 s`."""
    return f"{value:.0f} s" if value >= 10 else f"{value:.2g} s"
