"""The families of a specs folder, as written and as compiled."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from compiler.exporters import Document
from compiler.plan import plan
from compiler.read.nodes import Mapping, plain
from compiler.read.parse import parse
from runtime.errors import MisuseError, UserError
from runtime.manifest import Manifest

ORDER_FILE = "catalogue.yaml"


@dataclass(frozen=True)
class _File:
    kind: str
    relative: str
    root: Mapping


class SpecsSource:
    """What an exporter is given.

    Args:
        specs: The specs folder.
    """

    def __init__(self, specs: Path) -> None:
        self.specs = specs

    @cached_property
    def families(self) -> list[Document]:
        """First the families that `catalogue.yaml` names, then the others by name.

        Raises:
            UserError: A file cannot be read, or `catalogue.yaml` names a family that is not there.
        """
        found = {}
        for file in self._files("families", "family"):
            document = _plain(file.root)
            found[str(document["name"])] = document
        if not found:
            raise MisuseError(f"there are no families in {self.specs / 'families'}",
                              code="specs-missing",
                              hint="name the folder that holds families/ with --specs")
        return [found[name] for name in _order(self.specs / ORDER_FILE, set(found))]

    @cached_property
    def manifest(self) -> Manifest:
        """The manifest that a build makes of the folder."""
        documents = [*self._files("families", "family"), *self._files("engines", "engine")]
        formats = self.specs / "formats.yaml"
        if formats.is_file():
            documents.append(_File("formats", formats.name, _root(formats)))
        return plan(documents)

    def _files(self, folder: str, kind: str) -> list[_File]:
        return [_File(kind, f"{folder}/{path.name}", _root(path))
                for path in sorted((self.specs / folder).glob("*.yaml"))]


def _order(path: Path, names: set[str]) -> list[str]:
    rest = sorted(names, key=lambda name: (name.casefold(), name))
    if not path.is_file():
        return rest
    listed = _plain(_root(path))["families"]
    for name in listed:
        if name not in names:
            raise UserError(f"{path} names the family {name}, which is not there",
                            code="catalogue-order", hint="delete the line, or add the family")
    named = set(listed)
    return [*listed, *(name for name in rest if name not in named)]


def _root(path: Path) -> Mapping:
    tree, findings = parse(path.read_bytes(), str(path))
    if not isinstance(tree, Mapping) or findings:
        first = findings[0] if findings else None
        raise UserError(
            f"{path}:{first.span.line}:{first.span.column}: {first.message}" if first
            else f"{path} is not a mapping",
            code="spec-invalid", hint="`compiler check` lists every finding")
    return tree


def _plain(root: Mapping) -> Document:
    return {key.raw: plain(node) for key, node in root.items()}
