"""The manifest of the shipped specs, compiled once a run."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from compiler.plan import plan
from compiler.read.nodes import Mapping
from compiler.read.parse import parse
from runtime.manifest import Manifest, decode, encode

SPECS = Path(__file__).parents[2] / "specs"


@dataclass(frozen=True)
class _Document:
    kind: str
    relative: str
    root: Mapping
    lock: None = None


@functools.cache
def manifest_bytes() -> bytes:
    """Canonical bytes of the manifest compiled from `specs/`."""
    documents = []
    for path in sorted(SPECS.rglob("*.yaml")):
        relative = path.relative_to(SPECS).as_posix()
        kind = {"families": "family", "engines": "engine"}.get(relative.split("/")[0], "formats")
        if kind == "formats" and relative != "formats.yaml":
            continue
        tree, findings = parse(path.read_bytes(), relative)
        assert isinstance(tree, Mapping), findings
        documents.append(_Document(kind, relative, tree))
    return encode(plan(documents))


@functools.cache
def shipped_manifest() -> Manifest:
    """The manifest itself."""
    return decode(manifest_bytes())
