"""Semantic checks: what is wrong with specs that are well-formed and fit their schema."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol

from compiler.check.registry import run_rules
from compiler.check.view import CatalogueView
from compiler.finding import Finding
from compiler.read.nodes import Node
from runtime.facts import EngineFacts


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
        """Whether every file did; else nothing is called unknown that a broken one may hold."""


def run(catalogue: Catalogue, files: Collection[str] | None = None) -> list[Finding]:
    """The findings of every rule on a catalogue, in the order of their places.

    Args:
        catalogue: All of it, since a file may be wrong by what another one holds.
        files: Report only on these (`Document.file`); None for all.
    """
    view = CatalogueView(complete=catalogue.complete, facts=catalogue.facts)
    for document in catalogue.documents:
        view.add(document.kind, document.file, document.root)
    return run_rules(view, files)
