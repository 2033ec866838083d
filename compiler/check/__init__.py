"""Semantic checks: what is wrong with specs that are well-formed and fit their schema."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol

from compiler.check.registry import run_rules
from compiler.check.view import CatalogueView
from compiler.finding import Finding
from compiler.read.nodes import Node
from runtime.facts import EngineFacts
from runtime.lockfile import Lock


class Document(Protocol):
    """One file of a catalogue that passed its schema."""

    @property
    def kind(self) -> str:
        """`family`, `engine` or `formats`."""

    @property
    def file(self) -> str:
        """Path as findings print it."""

    @property
    def root(self) -> Node:
        """The document's tree."""

    @property
    def lock(self) -> Lock | None:
        """What the hubs said of a family's sources; None where it is not locked."""


class Catalogue(Protocol):
    """What has been read."""

    @property
    def documents(self) -> Iterable[Document]:
        """The files that passed their schema."""

    @property
    def facts(self) -> list[EngineFacts]:
        """What probed releases of the engines have."""

    @property
    def complete(self) -> bool:
        """Whether all but the families did; what a broken one may hold is not called unknown."""

    @property
    def families_complete(self) -> bool:
        """Whether every family did."""


def run(catalogue: Catalogue, files: Collection[str] | None = None) -> list[Finding]:
    """The findings of every rule on a catalogue, in the order of their places.

    Args:
        catalogue: All of it, since a file may be wrong by what another one holds.
        files: Report only on these (`Document.file`); None for all.
    """
    return run_rules(view_of(catalogue), files)


def view_of(catalogue: Catalogue, renamed: dict[str, str | None] | None = None) -> CatalogueView:
    """A catalogue as the rules see it.

    Args:
        catalogue: What has been read.
        renamed: See `CatalogueView.renamed`, where the catalogue does not hold all families.
    """
    view = CatalogueView(complete=catalogue.complete, facts=catalogue.facts,
                         families_complete=catalogue.families_complete,
                         known_renamed=renamed)
    for document in catalogue.documents:
        view.add(document.kind, document.file, document.root, document.lock)
    return view
