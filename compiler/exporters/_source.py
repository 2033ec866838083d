"""The families of a specs folder, as written and as compiled."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from compiler import catalogue
from compiler.discover import FAMILY
from compiler.exporters import Document
from compiler.finding import Severity
from compiler.plan import plan
from compiler.read.nodes import Mapping, plain
from compiler.resolve import text
from runtime.errors import MisuseError, UserError
from runtime.manifest import Manifest


class SpecsSource:
    """What an exporter is given.

    Args:
        specs: The specs folder.

    Raises:
        UserError: A file cannot be read or breaks its schema, or two families have one name.
        MisuseError: There is no such folder, or it holds no family.
    """

    def __init__(self, specs: Path) -> None:
        self._catalogue = catalogue.load(specs)
        errors = [finding for finding in self._catalogue.findings
                  if finding.severity is Severity.ERROR]
        if errors:
            first = errors[0]
            raise UserError(
                f"{first.file}:{first.span.line}:{first.span.column}: {first.message}",
                code="spec-invalid", why=f"{len(errors)} such findings" if errors[1:] else "",
                hint=f"`compiler check {specs}` shows them all")
        if not self.families:
            raise MisuseError(f"there are no families in {specs / 'families'}",
                              code="specs-missing",
                              hint="name the folder that holds families/ with --specs")

    @cached_property
    def families(self) -> list[Document]:
        """First the families that `catalogue.yaml` names, then the others by name."""
        found: dict[str, Mapping] = {}
        for document in self._catalogue.documents:
            if document.kind == FAMILY:
                name = text(document.root.get("name")) or ""
                if name in found:  # which of the two was meant nobody can know
                    raise UserError(f"{document.file}: another file has a family {name}, too",
                                    code="spec-invalid", hint="rename one of the two")
                found[name] = document.root
        named = list(dict.fromkeys(self._catalogue.order))
        rest = sorted(found.keys() - set(named), key=lambda name: (name.casefold(), name))
        return [{key.raw: plain(node) for key, node in found[name].items()}
                for name in (*named, *rest)]

    @cached_property
    def manifest(self) -> Manifest:
        """The manifest that a build makes of the folder."""
        return plan(self._catalogue.documents)
