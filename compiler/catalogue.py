"""A catalogue: every spec file of a folder, read and held against its schema."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
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
from runtime import facts, lockfile
from runtime.errors import MisuseError, UserError
from runtime.facts import EngineFacts
from runtime.lockfile import Lock

FAMILY, ENGINE, FORMATS, ORDER = "family", "engine", "formats", "catalogue"
_FOLDERS = {"families": FAMILY, "engines": ENGINE}
_FILES = {"formats.yaml": FORMATS, "catalogue.yaml": ORDER}
_TOP = Span(1, 1, 1, 1)
#: A name that ends in one of these, and does not consist of it.
_YAML = re.compile(r".\.ya?ml\Z", re.IGNORECASE)
_FAMILY_KEY = re.compile(rb"(?m)^(?:specs|context_length|architectures)[ \t]*:")
#: A lock names every file of every repository.
_LONGEST_LOCK = 64 << 20
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
        lock: What the hubs said of a family's sources; None where it is not locked.
    """

    kind: str
    file: str
    relative: str
    root: Mapping
    text: str = field(default="", repr=False)
    lock: Lock | None = field(default=None, repr=False)


@dataclass(slots=True)
class Catalogue:
    """Spec files and what reading them found.

    Attributes:
        documents: Families, engines and formats that passed their schema, in order of their path.
        findings: What the reader and the schemas say, sorted.
        checked: Files that were asked for (`Document.file`), in order; the other documents are
            there because rules look into them.
        neighbours: Families that were read only because rules look into them.
        complete: Whether every file but the families passed; else nothing may be called unknown
            that a broken file may hold.
        families_complete: Likewise whether every family did.
        order: Family names as `catalogue.yaml` lists them.
        facts: What probed releases of the engines have.
        texts: File → what was read, of every file that could be decoded.
        skipped: YAML files of a folder that was asked for which are no specs by where they lie.
    """

    documents: list[Document] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    neighbours: list[str] = field(default_factory=list)
    complete: bool = True
    families_complete: bool = True
    order: list[str] = field(default_factory=list)
    facts: list[EngineFacts] = field(default_factory=list, repr=False)
    texts: dict[str, str] = field(default_factory=dict, repr=False)
    skipped: list[str] = field(default_factory=list, repr=False)


@dataclass(frozen=True, slots=True)
class Source:
    """A spec file that is to be read.

    Attributes:
        path: Where it is.
        kind: As `Document.kind`.
        relative: As `Document.relative`.
        root: The folder that it must not lead out of.
        shipped: Whether it comes with Modelbook.
    """

    path: Path
    kind: str
    relative: str
    root: Path
    shipped: bool = False


@dataclass(slots=True)
class Frame:
    """A catalogue without its families, which are read one by one.

    Attributes:
        catalogue: Engines, formats and what reading them found; the families are in `checked`.
        families: Where the families are, in order of their path.
        formats: Names of the catalogue's formats, as `read_family` wants them.
    """

    catalogue: Catalogue
    families: list[Source]
    formats: tuple[str, ...]
    _order: tuple[str, list[Scalar]]

    def order(self, names: Collection[str]) -> None:
        """Take over the order of `catalogue.yaml`, given the names of all families."""
        _take_order(self.catalogue, *self._order, names)


def frame(specs: Path) -> Frame | None:
    """Everything of a specs folder but its families; None where `load` would find nothing."""
    catalogue = Catalogue()
    if not specs.is_dir():
        return None
    asked = _discover(specs, catalogue)
    context = _shipped({source.kind for source in asked})
    families = [source for source in asked if source.kind == FAMILY]
    others = [source for source in (*context, *asked) if source.kind != FAMILY]
    formats, order = _read(catalogue, others, asked={source.path for source in asked})
    catalogue.checked += [source_name(source.path) for source in families]
    catalogue.checked.sort()
    _read_facts(catalogue, others)
    if not catalogue.checked and not catalogue.findings:
        return None
    return Frame(catalogue, sorted(families, key=lambda source: source.relative), formats, order)


def read_family(source: Source, content: bytes, formats: tuple[str, ...]
                ) -> tuple[Document | None, list[Finding]]:
    """A family from its bytes, and what reading it found; None where it has an error."""
    name = source_name(source.path)
    tree, findings = _parsed(content, FAMILY, name, formats)
    lock, problems = _lock(source, tree)
    findings += problems
    if not isinstance(tree, Mapping) or any(
            finding.severity is Severity.ERROR for finding in findings):
        return None, findings
    return Document(FAMILY, name, source.relative, tree, decoded(content), lock), findings


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
    _, order = _read(catalogue, [*context, *asked], asked={source.path for source in asked})
    _take_order(catalogue, *order, {text(document.root.get("name"))
                                    for document in catalogue.documents
                                    if document.kind == FAMILY})
    if not catalogue.checked and not catalogue.findings:
        raise _no_specs(", ".join(map(str, paths)) or str(specs))
    _read_facts(catalogue, [*context, *asked])
    catalogue.documents.sort(key=lambda document: (document.relative, document.file))
    catalogue.findings.sort(key=Finding.sort_key)
    return catalogue


def _no_specs(where: str | Path) -> MisuseError:
    return MisuseError(f"no specs in {where}", code="nothing-to-check", why=_NOTHING,
                       hint="a specs folder holds families/*.yaml, engines/*.yaml, formats.yaml")


def _asked(paths: Sequence[str | Path], specs: Path | None, catalogue: Catalogue) -> list[Source]:
    """The files that the given paths stand for."""
    found: dict[Path, Source] = {}
    for given in paths:
        matches = [Path(given)]
        if not matches[0].exists() and not matches[0].is_symlink() and glob.has_magic(str(given)):
            matches = sorted(Path(name) for name in glob.glob(str(given), recursive=True))  # noqa: PTH207 - absolute patterns too
        if not matches:
            raise MisuseError(f"nothing matches {given}", code="nothing-to-check", why=_NOTHING,
                              hint="specs end in .yaml")
        for path in matches:
            if path.is_dir():
                before = len(catalogue.findings)
                sources = _discover(path, catalogue)
                if not sources and len(catalogue.findings) == before:
                    raise _no_specs(path)
                for source in sources:
                    found.setdefault(source.path, source)
            elif path.exists() or path.is_symlink():
                found.setdefault(path, _source(path, specs))
            else:
                raise MisuseError(f"there is no file {path}", code="nothing-to-check", why=_NOTHING,
                                  hint="name a specs folder or a family's file")
    return list(found.values())


def _source(path: Path, specs: Path | None) -> Source:
    """A single file; what it is shows from where it lies, anything else is a family."""
    folder = path.absolute().parent
    if folder.name in _FOLDERS:
        root = _as_typed(path.parent)
        return Source(path, _FOLDERS[folder.name], f"{folder.name}/{path.name}", root)
    if path.name in _FILES and (_is_specs(folder) or (specs and specs.absolute() == folder)):
        return Source(path, _FILES[path.name], path.name, path.parent)
    return Source(path, FAMILY, f"families/{path.name}", path.parent)


def _as_typed(folder: Path) -> Path:
    """The folder above, spelled from the working directory where it can be."""
    return folder.parent if folder.name and folder != Path() else folder.absolute().parent


def _is_specs(folder: Path) -> bool:
    return any((folder / name).is_dir() for name in _FOLDERS)


def _discover(folder: Path, catalogue: Catalogue) -> list[Source]:
    """The spec files of a folder, in order; YAML that would go unread is reported.

    Of a folder that is neither a specs folder nor part of one, its `specs` folder counts, else what
    looks like a family right in it: workflows and compose files are not ours to judge.
    """
    if _is_specs(folder) or (folder / "formats.yaml").is_file():
        return _discover_specs(folder, catalogue)
    inside = folder.absolute().name
    if inside in _FOLDERS:
        return _in_folder(folder, _FOLDERS[inside], inside, folder.parent, catalogue)
    specs = folder / "specs"
    found = (_discover_specs(specs, catalogue) if _is_specs(specs)
             else _in_folder(folder, FAMILY, "families", folder, catalogue, deep=False))
    taken = {source.path for source in found}
    reported = {finding.file for finding in catalogue.findings}
    catalogue.skipped += [
        source_name(path) for path in _others(folder)
        if path not in taken and source_name(path) not in reported]
    return found


def _discover_specs(specs: Path, catalogue: Catalogue) -> list[Source]:
    found = [Source(specs / name, kind, name, specs) for name, kind in _FILES.items()
             if (specs / name).exists() or (specs / name).is_symlink()]
    for name, kind in _FOLDERS.items():
        if (specs / name).is_dir():
            found += _in_folder(specs / name, kind, name, specs, catalogue)
    for path in sorted(specs.iterdir()):
        if path.suffix.lower() in (".yaml", ".yml") and path.name not in _FILES:
            _misplaced(path, catalogue)
    return found


def _in_folder(folder: Path, kind: str, prefix: str, root: Path, catalogue: Catalogue, *,
               deep: bool = True) -> list[Source]:
    found = []
    for path in _yaml_files(folder) if deep else filter(_like_family, sorted(folder.iterdir())):
        if path.suffix != ".yaml" or path.parent != folder:
            _misplaced(path, catalogue)
        else:
            found.append(Source(path, kind, f"{prefix}/{path.name}", root))
    return found


def _yaml_files(folder: Path) -> list[Path]:
    return sorted(Path(where, name) for where, _, names in os.walk(folder) for name in names
                  if _YAML.search(name))


def _like_family(path: Path) -> bool:
    """Whether a file anywhere is meant as a family, however broken it is."""
    try:
        with path.open("rb") as stream:
            return bool(_YAML.search(path.name) and _FAMILY_KEY.search(stream.read(MAX_BYTES)))
    except OSError:
        return False


def _others(folder: Path) -> Iterator[Path]:
    """YAML files of a checkout; not what tools keep in it, which is many and nobody's writing."""
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name == ".github" or not (
            name.startswith(".") or name == "node_modules" or name == "__pycache__"))
        yield from (Path(where, name) for name in sorted(names) if _YAML.search(name))


def _misplaced(path: Path, catalogue: Catalogue) -> None:
    if path.suffix != ".yaml":
        message, hint = f"specs end in .yaml, this file ends in {path.suffix}", (
            f"rename it to {path.with_suffix('.yaml').name}")
    else:
        message, hint = "a spec in this folder is not read", (
            "specs are families/*.yaml, engines/*.yaml, formats.yaml and catalogue.yaml")
    catalogue.findings.append(
        Finding(source_name(path), _TOP, Severity.ERROR, codes.FILE_NAME, message, hint))
    catalogue.complete = catalogue.families_complete = False


def _context(asked: Sequence[Source], specs: Path | None) -> list[Source]:
    """What the files asked for refer to: their neighbours, else the shipped engines and formats."""
    roots = [specs] if specs else list(dict.fromkeys(
        source.root for source in asked if _is_specs(source.root)))
    quiet = Catalogue()
    found: list[Source] = []
    for root in roots:
        found += _discover_specs(root, quiet)
    known = {_real(source.path) for source in asked}
    found = [source for source in found if _real(source.path) not in known]
    kinds = {source.kind for source in (*found, *asked)}
    return [*found, *_shipped(kinds)]


def _real(path: Path) -> str:
    return os.path.realpath(path)


def _shipped(kinds: Iterable[str]) -> list[Source]:
    """The engines and formats that come with Modelbook, for kinds that a catalogue lacks."""
    found: list[Source] = []
    formats, engines = data.find("specs/formats.yaml"), data.find("specs/engines")
    if FORMATS not in kinds and formats:
        found.append(Source(formats, FORMATS, "formats.yaml", formats.parent, True))
    if ENGINE not in kinds and engines:
        found += [Source(path, ENGINE, f"engines/{path.name}", engines.parent, True)
                  for path in sorted(engines.glob("*.yaml"))]
    return found


def _read(catalogue: Catalogue, sources: Iterable[Source], *, asked: set[Path]
          ) -> tuple[tuple[str, ...], tuple[str, list[Scalar]]]:
    """Read and validate each file; formats first, since the others' schemas name them.

    Returns:
        The names of the formats; `catalogue.yaml` and the names that it lists.
    """
    order = {FORMATS: 0, ENGINE: 1, ORDER: 2, FAMILY: 3}
    formats: tuple[str, ...] = ()
    order_file, listed_names = "", list[Scalar]()
    for source in sorted(sources, key=lambda source: (order[source.kind], source.relative)):
        name = source_name(source.path)
        if source.path in asked:
            catalogue.checked.append(name)
        elif source.kind == FAMILY:
            catalogue.neighbours.append(name)
        # The shipped engines know the shipped formats, whatever a catalogue has in their place.
        tree, findings = _document(source, name, () if source.shipped else formats, catalogue)
        lock, problems = _lock(source, tree) if source.path in asked else (None, [])
        findings += problems
        catalogue.findings += findings
        broken = any(finding.severity is Severity.ERROR for finding in findings)
        if broken or not isinstance(tree, Mapping):
            if source.kind == FAMILY:
                catalogue.families_complete = False
            else:
                catalogue.complete = False
            continue
        if source.kind == FORMATS:
            listed = tree.get("formats")
            formats = tuple(listed.entries) if isinstance(listed, Mapping) else ()
        if source.kind == ORDER:
            order_file, listed_names = name, scalars(tree.get("families"))
            continue
        catalogue.documents.append(Document(
            source.kind, name, source.relative, tree, catalogue.texts.get(name, ""), lock))
    catalogue.checked.sort()
    return formats, (order_file, listed_names)


def _read_facts(catalogue: Catalogue, sources: Iterable[Source]) -> None:
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
            catalogue.findings.append(Finding(
                source_name(path), _TOP, Severity.ERROR, codes.UNREADABLE, error.message,
                error.hint))


def _lock(source: Source, tree: Node | None) -> tuple[Lock | None, list[Finding]]:
    """The lock of a family, `locks/<family>.lock.json` beside the families, if there is one."""
    folder = source.path.parent.parent / lockfile.FOLDER
    path = folder / lockfile.file_name(source.path.stem)
    if source.kind != FAMILY or source.path.parent.name != "families" or not path.exists():
        return None, []
    content, problem = read_bytes(path, folder, _LONGEST_LOCK)
    if content is None:
        return None, [problem] if problem else []
    family = text(tree.get("name")) if isinstance(tree, Mapping) else None
    try:
        lock = lockfile.decode(content, path.name)
        if family is not None and lock.family != family:
            raise UserError(f"this is the lock of {lock.family}, not of {family}",
                            code="lock-invalid", hint="delete it and run `compiler lock`")
    except UserError as error:
        return None, [Finding(source_name(path), _TOP, Severity.ERROR, codes.UNREADABLE,
                              error.message, error.hint)]
    return lock, []


def _take_order(catalogue: Catalogue, file: str, names: Sequence[Scalar],
                there: Collection[str | None]) -> None:
    """Take over the order of `catalogue.yaml`; a family that is not there is reported."""
    for node in names:
        name = text(node) or ""
        if name in there:
            catalogue.order.append(name)
        elif catalogue.complete and catalogue.families_complete:
            catalogue.findings.append(Finding(
                file, node.span, Severity.ERROR, codes.ORDER_UNKNOWN,
                f"there is no family {name}", "delete the line, or add the family"))


def _document(source: Source, name: str, formats: tuple[str, ...],
              catalogue: Catalogue) -> tuple[Node | None, list[Finding]]:
    content, problem = read_bytes(source.path, source.root)
    if content is None:
        return None, [problem] if problem else []
    catalogue.texts[name] = decoded(content)
    return _parsed(content, source.kind, name, formats)


def _parsed(content: bytes, kind: str, name: str, formats: tuple[str, ...]
            ) -> tuple[Node | None, list[Finding]]:
    tree, findings = parse(content, name)
    if tree is not None:
        findings += validate(tree, kind, name, formats)
    return tree, findings


def decoded(content: bytes) -> str:
    """A file's text, for excerpts."""
    return content.decode("utf-8-sig", errors="replace")


def read_bytes(path: Path, root: Path, limit: int = MAX_BYTES,
               ) -> tuple[bytes | None, Finding | None]:
    """The bytes of a spec file, no more than the reader's limit and one; or why there are none."""
    name = source_name(path)

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
            return stream.read(limit + 1), None
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links
        reason = getattr(error, "strerror", None) or "the symbolic link leads nowhere"
        if path.is_symlink():
            reason = "the symbolic link leads nowhere"
        return refuse(codes.UNREADABLE, f"it cannot be read: {reason}",
                      "check the file's permissions, or delete it")


def source_name(path: Path) -> str:
    """How findings call a file: as typed, with forward slashes on every system."""
    return path.as_posix()
