"""A catalogue: every spec file of a folder, read and held against its schema."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG

from compiler import data
from compiler.finding import Finding, Severity, Span
from compiler.read import codes
from compiler.read.nodes import Mapping, Node, Scalar
from compiler.read.parse import parse
from compiler.read.text import MAX_BYTES
from compiler.resolve import scalars, text
from compiler.schema.validate import validate
from runtime import facts
from runtime.errors import MisuseError, UserError
from runtime.facts import EngineFacts

FAMILY, ENGINE, FORMATS, ORDER = "family", "engine", "formats", "catalogue"
_FOLDERS = {"families": FAMILY, "engines": ENGINE}
_FILES = {"formats.yaml": FORMATS, "catalogue.yaml": ORDER}
_TOP = Span(1, 1, 1, 1)
_NOTHING = "0 files checked"


@dataclass(frozen=True, slots=True)
class Document:
    """One file that passed its schema.

    Attributes:
        kind: `family`, `engine` or `formats`.
        file: Path as the user would type it; what findings print.
        relative: Path relative to the specs folder, with forward slashes.
        root: The document's tree.
        text: What was read, without a byte order mark.
    """

    kind: str
    file: str
    relative: str
    root: Mapping
    text: str = field(default="", repr=False)


@dataclass(slots=True)
class Catalogue:
    """Spec files and what reading them found.

    Attributes:
        documents: Families, engines and formats that passed their schema, in order of their path.
        findings: What the reader and the schemas say, sorted.
        checked: Files that were asked for (`Document.file`), in order; the other documents are
            there because rules look into them.
        neighbours: Families that were read only because rules look into them.
        complete: Whether every file passed; else nothing may be called unknown that a broken file
            may hold.
        order: Family names as `catalogue.yaml` lists them.
        facts: What probed releases of the engines have.
        texts: File → what was read, of every file that could be decoded.
    """

    documents: list[Document] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    neighbours: list[str] = field(default_factory=list)
    complete: bool = True
    order: list[str] = field(default_factory=list)
    facts: list[EngineFacts] = field(default_factory=list, repr=False)
    texts: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class _Source:
    path: Path
    kind: str
    relative: str
    root: Path
    shipped: bool = False


def load(specs: Path | None = None, paths: Sequence[str | Path] = ()) -> Catalogue:
    """Read a catalogue.

    Args:
        specs: The specs folder; None for `specs` in the working directory, or with `paths` for the
            folder that each of them lies in. Where it has no engines or no formats, those that
            come with Modelbook are read.
        paths: Files, folders or glob patterns to check. The specs that they refer to (engines,
            formats, families beside them) are read as well. Empty: the whole specs folder.

    Raises:
        MisuseError: Something named does not exist, or there is nothing to check.
    """
    catalogue = Catalogue()
    if not paths:
        specs = specs or Path("specs")
        if not specs.is_dir():
            raise MisuseError(f"there is no folder {specs}", code="nothing-to-check", why=_NOTHING,
                              hint="name the specs folder or a family's file")
        asked = _discover(specs, catalogue)
        context = _shipped({source.kind for source in asked})
    else:
        asked = _asked(paths, specs, catalogue)
        context = _context(asked, specs)
    _read(catalogue, [*context, *asked], asked={source.path for source in asked})
    if not catalogue.checked and not catalogue.findings:
        where = ", ".join(map(str, paths)) or str(specs)
        raise MisuseError(f"no specs in {where}", code="nothing-to-check", why=_NOTHING,
                          hint="a specs folder holds families/*.yaml, engines/*.yaml, formats.yaml")
    _read_facts(catalogue, [*context, *asked])
    catalogue.documents.sort(key=lambda document: (document.relative, document.file))
    catalogue.findings.sort(key=Finding.sort_key)
    return catalogue


def _asked(paths: Sequence[str | Path], specs: Path | None, catalogue: Catalogue) -> list[_Source]:
    """The files that the given paths stand for."""
    found: dict[Path, _Source] = {}
    for given in paths:
        matches = [Path(given)]
        if not matches[0].exists() and not matches[0].is_symlink() and glob.has_magic(str(given)):
            matches = sorted(Path(name) for name in glob.glob(str(given), recursive=True))  # noqa: PTH207 - absolute patterns too
        if not matches:
            raise MisuseError(f"nothing matches {given}", code="nothing-to-check", why=_NOTHING,
                              hint="specs end in .yaml")
        for path in matches:
            if path.is_dir():
                for source in _discover(path, catalogue):
                    found.setdefault(source.path, source)
            elif path.exists() or path.is_symlink():
                found.setdefault(path, _source(path, specs))
            else:
                raise MisuseError(f"there is no file {path}", code="nothing-to-check", why=_NOTHING,
                                  hint="name a specs folder or a family's file")
    return list(found.values())


def _source(path: Path, specs: Path | None) -> _Source:
    """A single file; what it is shows from where it lies, anything else is a family."""
    folder = path.absolute().parent
    if folder.name in _FOLDERS:
        root = _as_typed(path.parent)
        return _Source(path, _FOLDERS[folder.name], f"{folder.name}/{path.name}", root)
    if path.name in _FILES and (_is_specs(folder) or (specs and specs.absolute() == folder)):
        return _Source(path, _FILES[path.name], path.name, path.parent)
    return _Source(path, FAMILY, f"families/{path.name}", path.parent)


def _as_typed(folder: Path) -> Path:
    """The folder above, spelled from the working directory where it can be."""
    return folder.parent if folder.name and folder != Path() else folder.absolute().parent


def _is_specs(folder: Path) -> bool:
    return any((folder / name).is_dir() for name in _FOLDERS)


def _discover(folder: Path, catalogue: Catalogue) -> list[_Source]:
    """The spec files of a folder, in order; YAML that would go unread is reported."""
    if _is_specs(folder) or (folder / "formats.yaml").is_file():
        return _discover_specs(folder, catalogue)
    inside = folder.absolute().name
    kind = _FOLDERS.get(inside, FAMILY)
    prefix = inside if inside in _FOLDERS else "families"
    root = folder.parent if inside in _FOLDERS else folder
    return _in_folder(folder, kind, prefix, root, catalogue)


def _discover_specs(specs: Path, catalogue: Catalogue) -> list[_Source]:
    found = [_Source(specs / name, kind, name, specs) for name, kind in _FILES.items()
             if (specs / name).exists() or (specs / name).is_symlink()]
    for name, kind in _FOLDERS.items():
        if (specs / name).is_dir():
            found += _in_folder(specs / name, kind, name, specs, catalogue)
    for path in sorted(specs.iterdir()):
        if path.suffix.lower() in (".yaml", ".yml") and path.name not in _FILES:
            _misplaced(path, catalogue)
    return found


def _in_folder(folder: Path, kind: str, prefix: str, root: Path,
               catalogue: Catalogue) -> list[_Source]:
    found = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in (".yaml", ".yml") or path.is_dir():
            continue
        if path.suffix != ".yaml" or path.parent != folder:
            _misplaced(path, catalogue)
        else:
            found.append(_Source(path, kind, f"{prefix}/{path.name}", root))
    return found


def _misplaced(path: Path, catalogue: Catalogue) -> None:
    if path.suffix != ".yaml":
        message, hint = f"specs end in .yaml, this file ends in {path.suffix}", (
            f"rename it to {path.with_suffix('.yaml').name}")
    else:
        message, hint = "a spec in this folder is not read", (
            "specs are families/*.yaml, engines/*.yaml, formats.yaml and catalogue.yaml")
    catalogue.findings.append(
        Finding(_name(path), _TOP, Severity.ERROR, codes.FILE_NAME, message, hint))
    catalogue.complete = False


def _context(asked: Sequence[_Source], specs: Path | None) -> list[_Source]:
    """What the files asked for refer to: their neighbours, else the shipped engines and formats."""
    roots = [specs] if specs else list(dict.fromkeys(
        source.root for source in asked if _is_specs(source.root)))
    quiet = Catalogue()
    found: list[_Source] = []
    for root in roots:
        found += _discover_specs(root, quiet)
    known = {_real(source.path) for source in asked}
    found = [source for source in found if _real(source.path) not in known]
    kinds = {source.kind for source in (*found, *asked)}
    return [*found, *_shipped(kinds)]


def _real(path: Path) -> str:
    return os.path.realpath(path)


def _shipped(kinds: Iterable[str]) -> list[_Source]:
    """The engines and formats that come with Modelbook, for kinds that a catalogue lacks."""
    found: list[_Source] = []
    formats, engines = data.find("specs/formats.yaml"), data.find("specs/engines")
    if FORMATS not in kinds and formats:
        found.append(_Source(formats, FORMATS, "formats.yaml", formats.parent, True))
    if ENGINE not in kinds and engines:
        found += [_Source(path, ENGINE, f"engines/{path.name}", engines.parent, True)
                  for path in sorted(engines.glob("*.yaml"))]
    return found


def _read(catalogue: Catalogue, sources: Iterable[_Source], *, asked: set[Path]) -> None:
    """Read and validate each file; formats first, since the others' schemas name them."""
    order = {FORMATS: 0, ENGINE: 1, ORDER: 2, FAMILY: 3}
    formats: tuple[str, ...] = ()
    order_file, listed_names = "", list[Scalar]()
    for source in sorted(sources, key=lambda source: (order[source.kind], source.relative)):
        name = _name(source.path)
        if source.path in asked:
            catalogue.checked.append(name)
        elif source.kind == FAMILY:
            catalogue.neighbours.append(name)
        # The shipped engines know the shipped formats, whatever a catalogue has in their place.
        tree, findings = _document(source, name, () if source.shipped else formats, catalogue)
        catalogue.findings += findings
        broken = any(finding.severity is Severity.ERROR for finding in findings)
        if broken or not isinstance(tree, Mapping):
            catalogue.complete = False
            continue
        if source.kind == FORMATS:
            listed = tree.get("formats")
            formats = tuple(listed.entries) if isinstance(listed, Mapping) else ()
        if source.kind == ORDER:
            order_file, listed_names = name, scalars(tree.get("families"))
            continue
        catalogue.documents.append(Document(
            source.kind, name, source.relative, tree, catalogue.texts.get(name, "")))
    catalogue.checked.sort()
    _order(catalogue, order_file, listed_names)


def _read_facts(catalogue: Catalogue, sources: Iterable[_Source]) -> None:
    """Read `engines/facts/*.json` beside the engines; it is written by `runtime engines probe`."""
    folders = dict.fromkeys(source.path.parent / "facts" for source in sources
                            if source.kind == ENGINE)
    for path in sorted(path for folder in folders for path in folder.glob("*.json")):
        content, problem = read_bytes(path, path.parent)
        if content is None:
            catalogue.findings += [problem] if problem else []
            continue
        try:
            catalogue.facts.append(facts.decode(content, path.name))
        except UserError as error:
            catalogue.findings.append(Finding(_name(path), _TOP, Severity.ERROR, codes.UNREADABLE,
                                              error.message, error.hint))


def _order(catalogue: Catalogue, file: str, names: Sequence[Scalar]) -> None:
    """Take over the order of `catalogue.yaml`; a family that is not there is reported."""
    there = {text(document.root.get("name")) for document in catalogue.documents
             if document.kind == FAMILY}
    for node in names:
        name = text(node) or ""
        if name in there:
            catalogue.order.append(name)
        elif catalogue.complete:
            catalogue.findings.append(Finding(
                file, node.span, Severity.ERROR, codes.ORDER_UNKNOWN,
                f"there is no family {name}", "delete the line, or add the family"))


def _document(source: _Source, name: str, formats: tuple[str, ...],
              catalogue: Catalogue) -> tuple[Node | None, list[Finding]]:
    content, problem = read_bytes(source.path, source.root)
    if content is None:
        return None, [problem] if problem else []
    catalogue.texts[name] = content.decode("utf-8-sig", errors="replace")
    tree, findings = parse(content, name)
    if tree is not None:
        findings += validate(tree, source.kind, name, formats)
    return tree, findings


def read_bytes(path: Path, root: Path) -> tuple[bytes | None, Finding | None]:
    """The bytes of a spec file, no more than the reader's limit and one; or why there are none."""
    name = _name(path)

    def refuse(code: str, message: str, hint: str) -> tuple[None, Finding]:
        return None, Finding(name, _TOP, Severity.ERROR, code, message, hint)

    try:
        link = path.is_symlink()
        real = path.resolve(strict=True) if link else path
        if link and not real.is_relative_to(root.resolve()):
            return refuse(codes.OUTSIDE_FOLDER, "the symbolic link leads out of the specs folder",
                          "put the file itself here")
        if not S_ISREG(real.stat().st_mode):
            return refuse(codes.UNREADABLE, "it is not a regular file", "put a text file here")
        with real.open("rb") as stream:
            return stream.read(MAX_BYTES + 1), None
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links
        reason = getattr(error, "strerror", None) or "the symbolic link leads nowhere"
        if path.is_symlink():
            reason = "the symbolic link leads nowhere"
        return refuse(codes.UNREADABLE, f"it cannot be read: {reason}",
                      "check the file's permissions, or delete it")


def _name(path: Path) -> str:
    """How findings call a file: as typed, with forward slashes on every system."""
    return path.as_posix()
