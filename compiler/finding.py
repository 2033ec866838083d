"""What a check found, and where: the one record that every reporter prints."""

from __future__ import annotations

from enum import IntEnum

import msgspec


class Severity(IntEnum):
    """How bad a finding is; the order is the order of gravity."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def label(self) -> str:
        """Lower-case name for output."""
        return self.name.lower()


# A file has thousands of these; as structs that the garbage collector leaves alone they cost a
# fraction of what frozen dataclasses do.
class Span(msgspec.Struct, frozen=True, order=True, array_like=True, gc=False):
    """A stretch of a file; lines and columns count characters from 1, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class Related(msgspec.Struct, frozen=True, array_like=True):
    """A second place that a finding is about."""

    file: str
    span: Span
    message: str


class Finding(msgspec.Struct, frozen=True, array_like=True):
    """One thing that is wrong, or worth knowing, at one place.

    Attributes:
        file: Path as the user would type it from where the command ran.
        span: The offending key or value.
        severity: See `Severity`.
        code: Stable rule code, such as `MB101`.
        message: One sentence that says what is wrong; no trailing full stop.
        hint: What to do; empty when the message says it.
        path: Where in the document, such as `specs[0].quantizations[1]`; may be empty.
        related: Other places that belong to it.
    """

    file: str
    span: Span
    severity: Severity
    code: str
    message: str
    hint: str = ""
    path: str = ""
    related: tuple[Related, ...] = ()

    def sort_key(self) -> tuple[str, Span, str, str]:
        """Findings print by file, then position, then code."""
        return (self.file, self.span, self.code, self.message)
