"""The families of a specs folder as plain data, in catalogue order."""

from __future__ import annotations

from pathlib import Path

from compiler.exporters import Document
from compiler.read.nodes import Mapping, plain
from compiler.read.parse import parse
from runtime.errors import MisuseError, UserError

ORDER_FILE = "catalogue.yaml"


def families(specs: Path) -> list[Document]:
    """Every family of the folder: first those that `catalogue.yaml` names, then the others by name.

    Raises:
        UserError: A file cannot be read, or `catalogue.yaml` names a family that is not there.
    """
    found = {}
    for path in sorted((specs / "families").glob("*.yaml")):
        document = _document(path)
        found[str(document["name"])] = document
    if not found:
        raise MisuseError(f"there are no families in {specs / 'families'}", code="specs-missing",
                          hint="name the folder that holds families/ with --specs")
    return [found[name] for name in _order(specs / ORDER_FILE, set(found))]


def _order(path: Path, names: set[str]) -> list[str]:
    rest = sorted(names, key=lambda name: (name.casefold(), name))
    if not path.is_file():
        return rest
    listed = _document(path)["families"]
    for name in listed:
        if name not in names:
            raise UserError(f"{path} names the family {name}, which is not there",
                            code="catalogue-order", hint="delete the line, or add the family")
    return [*listed, *(name for name in rest if name not in set(listed))]


def _document(path: Path) -> Document:
    tree, findings = parse(path.read_bytes(), str(path))
    if tree is None or findings:
        first = findings[0]
        raise UserError(f"{path}:{first.span.line}:{first.span.column}: {first.message}",
                        code="spec-invalid", hint="`compiler check` lists every finding")
    if not isinstance(tree, Mapping):
        raise UserError(f"{path} is not a mapping", code="spec-invalid")
    return {key.raw: plain(node) for key, node in tree.items()}
