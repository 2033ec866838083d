"""Small spec files for tests of the reader, the schemas and `compiler check`."""

from __future__ import annotations

from pathlib import Path

from compiler.finding import Finding
from compiler.read.nodes import Node
from compiler.read.parse import parse
from compiler.review import Review, review
from compiler.schema.validate import validate

FAMILY = """\
name: demo
context_length: 8192
languages: [en]
abilities: [chat]
description: A family for tests.
architectures: [LlamaForCausalLM]
specs:
  - format: pytorch
    size_in_billions: 1_8
    quantizations: [none]
    repo_id: org/demo-1.8B
    hubs:
      huggingface: {}
"""


def read(text: str | bytes) -> tuple[Node | None, list[Finding]]:
    """A text, read."""
    return parse(text if isinstance(text, bytes) else text.encode(), "f.yaml")


def places(findings: list[Finding]) -> list[tuple[int, int, str]]:
    """Line, column and code of each finding."""
    return [(found.span.line, found.span.column, found.code) for found in findings]


def problems(text: str, kind: str = "family") -> list[Finding]:
    """What reader and schema say about a text."""
    tree, findings = read(text)
    return findings + (validate(tree, kind, "f.yaml") if tree is not None else [])


def pointed(text: str, finding: Finding) -> str:
    """The text that a finding of one line points at."""
    line = text.split("\n")[finding.span.line - 1]
    return line[finding.span.column - 1:finding.span.end_column - 1]


def family(folder: Path, text: str = FAMILY, name: str = "demo") -> Path:
    """A specs folder with one family, which uses the shipped engines and formats."""
    path = folder / "specs" / "families" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def checked(folder: Path, text: str = FAMILY) -> Review:
    """The review of one family."""
    return review(None, [family(folder, text)])


__all__ = ["FAMILY", "checked", "family", "places", "pointed", "problems", "read"]
