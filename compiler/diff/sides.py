"""The two sides of a comparison: a git revision, a folder of specs, or a manifest file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from compiler.diff import git
from compiler.finding import Finding, Severity
from compiler.plan import plan
from compiler.read import nodes
from compiler.read.parse import parse
from compiler.schema.validate import validate
from runtime import manifest as contract
from runtime.errors import MisuseError, UserError
from runtime.manifest import Manifest

_FORCED = "git:"


@dataclass(frozen=True, slots=True)
class Document:
    """One spec file that passed its schema."""

    kind: str
    relative: str
    root: nodes.Mapping


@dataclass(frozen=True, slots=True)
class Side:
    """One side, read.

    Attributes:
        label: How reports call it.
        documents: Spec file → document, of those without an error; empty for a manifest.
        errors: What is wrong with the others.
        manifest: The manifest, where the side is one.
        broken: Spec files with errors.
    """

    label: str
    documents: Mapping[str, Document] = field(default_factory=dict)
    errors: tuple[Finding, ...] = ()
    manifest: Manifest | None = None
    broken: frozenset[str] = frozenset()

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
    return _side(label, tree.files, f"{revision}:{specs.as_posix()}/")


def _folder(folder: Path, label: str) -> Side:
    if not folder.is_dir():
        raise MisuseError(f"there is no specs folder at {folder}", code="specs-missing",
                          hint="name it with --specs")
    if not (folder / "families").is_dir() and (folder / "specs" / "families").is_dir():
        folder /= "specs"  # a checkout was named
    found = {}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder).as_posix()
        if kind_of(relative) and path.is_file():
            try:
                found[relative] = path.read_bytes()
            except OSError as error:
                raise UserError(f"cannot read {path}: {error.strerror}",
                                code="spec-unreadable") from None
    return _side(label, found, f"{folder.as_posix()}/")


def _side(label: str, found: Mapping[str, bytes], prefix: str) -> Side:
    documents: dict[str, Document] = {}
    errors: list[Finding] = []
    broken = set()
    families = 0
    for relative, data in sorted(found.items()):
        kind = kind_of(relative)
        if not kind:
            continue
        families += kind == "family"
        document, wrong = _document(kind, relative, data, prefix + relative)
        if document is not None:
            documents[relative] = document
        else:
            errors += wrong
            broken.add(relative)
    if not families:
        raise UserError(f"{label} holds no family, so there is nothing to compare",
                        code="nothing-found",
                        hint="families lie in families/*.yaml of the specs folder; see --specs")
    return Side(label, documents, tuple(errors), broken=frozenset(broken))


def kind_of(relative: str) -> str:
    """`family`, `engine` or `formats`, by a file's place in the specs folder; `` for others."""
    if relative == "formats.yaml":
        return "formats"
    folder, _, name = relative.partition("/")
    if "/" in name or not name.endswith((".yaml", ".yml")):
        return ""
    return {"families": "family", "engines": "engine"}.get(folder, "")


def _document(
    kind: str, relative: str, data: bytes, shown: str,
) -> tuple[Document | None, list[Finding]]:
    root, findings = parse(data, shown)
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if root is not None and not errors:
        errors = validate(root, kind, shown)
    if errors or not isinstance(root, nodes.Mapping):
        return None, errors
    return Document(kind, relative, root), []
