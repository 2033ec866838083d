"""The two sides of a comparison: a git revision, a folder of specs, or a manifest file."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from msgspec.structs import replace

from compiler.catalogue import Document, load
from compiler.diff import git
from compiler.discover import FAMILY
from compiler.finding import Finding, Severity
from compiler.plan import plan
from runtime import manifest as contract
from runtime.errors import MisuseError, UserError
from runtime.manifest import Manifest

_FORCED = "git:"


@dataclass(frozen=True, slots=True)
class Side:
    """One side, read.

    Attributes:
        label: How reports call it.
        documents: Spec file → document, of those without an error; empty for a manifest.
        errors: What is wrong with the others.
        manifest: The manifest, where the side is one.
        broken: Spec files with errors.
        texts: File, as the errors name it → what was read, for excerpts.
    """

    label: str
    documents: Mapping[str, Document] = field(default_factory=dict)
    errors: tuple[Finding, ...] = ()
    manifest: Manifest | None = None
    broken: frozenset[str] = frozenset()
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)

    def compiled(self, instead: Mapping[str, Document] | None = None) -> Manifest:
        """The side's manifest.

        Args:
            instead: Documents that stand in for broken ones of the same file.
        """
        if self.manifest is not None:
            return self.manifest
        others = {name: document for name, document in (instead or {}).items()
                  if name in self.broken}
        return plan([*self.documents.values(), *others.values()])


def read(argument: str | None, specs: Path) -> Side:
    """Read one side.

    A path that exists is taken as a path; anything else as a git revision. `git:REV` is always a
    revision, and `./NAME` always a path.

    Args:
        argument: What the user named; None for the specs as they are on disk.
        specs: The specs folder, for None and for revisions.

    Raises:
        UserError: There is no such side, or it cannot be read.
    """
    if argument is None:
        return _folder(specs, str(specs))
    if not argument:
        raise MisuseError("the side to compare with is empty",
                          hint="name a git revision, a folder of specs, or a manifest file")
    if argument.startswith(_FORCED):
        return _revision(argument.removeprefix(_FORCED), specs)
    path = Path(argument)
    if path.is_dir():
        return _folder(path, argument)
    if path.exists():
        if path.suffix in (".yaml", ".yml"):
            raise MisuseError(f"{argument} is one spec, not a catalogue", code="not-a-catalogue",
                              hint="name the specs folder that holds it, or a manifest file")
        return Side(argument, manifest=contract.load(path))
    return _revision(argument, specs)


def _revision(revision: str, specs: Path) -> Side:
    tree = git.read_folder(revision, specs)
    label = revision if tree.commit.startswith(revision) else f"{revision} ({tree.commit[:12]})"
    with tempfile.TemporaryDirectory(prefix="modelbook-") as work:
        folder = Path(work) / "specs"
        for relative, data in tree.files.items():
            path = folder / relative
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            except OSError as error:
                raise UserError(f"cannot unpack {relative!r} of {revision}: {error.strerror}",
                                code="revision-unpack") from None
        return _side(label, folder, f"{revision}:{specs.as_posix()}")


def _folder(folder: Path, label: str) -> Side:
    if not folder.is_dir():
        raise MisuseError(f"there is no specs folder at {folder}", code="specs-missing",
                          hint="name it with --specs")
    if not (folder / "families").is_dir() and (folder / "specs" / "families").is_dir():
        folder /= "specs"  # a checkout was named
    return _side(label, folder, folder.as_posix())


def _side(label: str, folder: Path, shown: str) -> Side:
    """Read a folder of specs, whose files errors are to call `shown` and their relative path."""
    if not any((folder / "families").glob("*")):
        raise _no_family(label)
    catalogue = load(folder)

    def relative(file: str) -> str:
        path = PurePosixPath(file)
        root = folder.as_posix()
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else file

    def called(file: str) -> str:
        return (PurePosixPath(shown) / relative(file)).as_posix()

    errors = [replace(finding, file=called(finding.file), related=tuple(
                  replace(other, file=called(other.file)) for other in finding.related))
              for finding in catalogue.findings if finding.severity is Severity.ERROR]
    broken = frozenset(relative(finding.file) for finding in catalogue.findings
                       if finding.severity is Severity.ERROR)
    documents = {document.relative: document for document in catalogue.documents}
    if not broken and not any(document.kind == FAMILY for document in documents.values()):
        raise _no_family(label)
    return Side(label, documents, tuple(errors), broken=broken,
                texts={called(file): text for file, text in catalogue.texts.items()})


def _no_family(label: str) -> MisuseError:
    return MisuseError(f"{label} holds no family, so there is nothing to compare",
                       code="nothing-found",
                       hint="families lie in families/*.yaml of the specs folder; see --specs")
