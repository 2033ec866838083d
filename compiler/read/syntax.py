"""What libyaml's errors mean for somebody who does not know YAML's grammar."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from compiler.finding import Finding, Severity, Span
from compiler.read import codes
from compiler.read.text import span_at

_DIRECTIVE = re.compile(r"(?:[ ]*(?:#[^\n]*)?\r?\n)*(%[^\r\n]*)")
_PROPERTY = re.compile(r"[&!][^\s,\[\]{}]*")


def directive(text: str, file: str) -> Finding | None:
    """The finding for a `%` directive at the head of a file, if there is one."""
    match = _DIRECTIVE.match(text)
    if match is None:
        return None
    return Finding(file, span_at(text, match.start(1), len(match.group(1))), Severity.ERROR,
                   codes.DIRECTIVE, "a YAML directive is not allowed", "delete the line")


def properties(text: str, start: int, end: int) -> Iterator[re.Match[str]]:
    """The anchor and the tag that stand in front of a value which begins at `start`."""
    position = start
    for _ in range(2):
        match = _PROPERTY.match(text, position)
        if match is None:
            return
        yield match
        position = match.end()
        while text[position:position + 1] in (" ", "\r", "\n") and position < len(text):
            position += 1


def explain(error: yaml.MarkedYAMLError, text: str, file: str) -> Finding:
    """A parser's error as a sentence with a fix, at the place that needs the change."""
    return Finding(file, Span(1, 1, 1, 1), Severity.ERROR, codes.SYNTAX, str(error.problem))
