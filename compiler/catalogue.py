"""A catalogue: every spec file of a folder, read and held against its schema."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import msgspec

from compiler import discover
from compiler.discover import ENGINE, FAMILY, FORMATS, ORDER, Found, Source
from compiler.finding import Finding, Severity
from compiler.read import codes
from compiler.read.file import TOP, decoded, read_bytes, source_name
from compiler.read.nodes import Mapping, Node, Scalar
from compiler.resolve import scalars, text
from runtime import facts, lockfile
from runtime.errors import MisuseError, UserError
from runtime.facts import EngineFacts
from runtime.lockfile import Lock

#: A lock names every file of every repository.
LONGEST_LOCK = 64 << 20


class Document(msgspec.Struct, frozen=True):
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
    text: str = ""
    lock: Lock | None = None


class Catalogue(msgspec.Struct):
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

    documents: list[Document] = []
    findings: list[Finding] = []
    checked: list[str] = []
    neighbours: list[str] = []
    complete: bool = True
    families_complete: bool = True
    order: list[str] = []
    facts: list[EngineFacts] = []
    texts: dict[str, str] = {}
    skipped: list[str] = []


class Parsed(msgspec.Struct, frozen=True, array_like=True):
    """The spec files of a folder but its families, parsed, in a form that the cache can hold.

    Attributes:
        sources: Name, kind and relative path of each file, and whether it is shipped.
        texts: As `Catalogue.texts`.
        documents: As `Catalogue.documents`.
        formats: Names of the catalogue's formats, as `read_family` wants them.
        order: `catalogue.yaml`, and the names that it lists.
    """

    sources: list[tuple[str, str, str, bool]]
    texts: dict[str, str]
    documents: list[Document]
    formats: tuple[str, ...]
    order: tuple[str, list[Scalar]]


class Frame(msgspec.Struct):
    """A catalogue without its families, which are read one by one.

    Attributes:
        catalogue: Engines, formats and what reading them found; the families are in `checked`.
        families: Where the families are, in order of their path.
        parsed: The other files.
    """

    catalogue: Catalogue
    families: list[Source]
    parsed: Parsed

    def order(self, names: Collection[str]) -> None:
        """Take over the order of `catalogue.yaml`, given the names of all families."""
        _take_order(self.catalogue, *self.parsed.order, names)


def frame(specs: Path, known: Parsed | None = None) -> Frame | None:
    """Everything of a specs folder but its families; None where `load` would find nothing.

    Args:
        specs: The folder.
        known: What an earlier run parsed and found nothing in; used where the files still hold it.
    """
    catalogue = Catalogue()
    if not specs.is_dir():
        return None
    found = discover.in_folder(specs)
    _take_found(catalogue, found)
    context = discover.shipped({source.kind for source in found.sources})
    families = [source for source in found.sources if source.kind == FAMILY]
    others = [source for source in (*context, *found.sources) if source.kind != FAMILY]
    sources = [(source_name(source.path), source.kind, source.relative, source.shipped)
               for source in others]
    if known is not None and known.sources == sources and all(
            read_bytes(source.path, source.root)[0] == known.texts[name].encode()
            for source, (name, *_) in zip(others, sources, strict=True)):
        parsed = known
        catalogue.texts, catalogue.documents = dict(known.texts), list(known.documents)
    else:
        formats, order = _read(catalogue, others, asked=set())
        parsed = Parsed(sources, catalogue.texts, catalogue.documents, formats, order)
    catalogue.checked = sorted(source_name(source.path) for source in found.sources)
    _read_facts(catalogue, others)
    if not catalogue.checked and not catalogue.findings:
        return None
    return Frame(catalogue, sorted(families, key=lambda source: source.relative), parsed)


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


def load(specs: Path | None = None, paths: Sequence[str | Path] = (), *,
         locks: bool = True) -> Catalogue:
    """Read a catalogue.

    Args:
        specs: The specs folder; None for `specs` in the working directory, or with `paths` for the
            folder that each of them lies in. Where it has no engines or no formats, those that
            come with Modelbook are read.
        paths: Files, folders or glob patterns to check. The specs that they refer to (engines,
            formats, families beside them) are read as well. Empty: the whole specs folder.
        locks: Read the families' locks too; a family whose lock cannot be read has an error.

    Raises:
        MisuseError: Something named does not exist, or there is nothing to check.
    """
    catalogue = Catalogue()
    if not paths:
        specs = specs or Path("specs")
        if not specs.is_dir():
            raise MisuseError(f"there is no folder {specs}", code="nothing-to-check",
                              why="0 files checked",
                              hint="name the specs folder or a family's file")
        found = discover.in_folder(specs)
        context = discover.shipped({source.kind for source in found.sources})
    else:
        found = discover.asked(paths, specs)
        context = discover.context(found.sources, specs)
    _take_found(catalogue, found)
    every = [*context, *found.sources]
    _, order = _read(catalogue, every, asked={source.path for source in found.sources}, locks=locks)
    _take_order(catalogue, *order, {text(document.root.get("name"))
                                    for document in catalogue.documents
                                    if document.kind == FAMILY})
    if not catalogue.checked and not catalogue.findings:
        raise discover.no_specs(", ".join(map(str, paths)) or str(specs))
    _read_facts(catalogue, every)
    catalogue.documents.sort(key=lambda document: (document.relative, document.file))
    catalogue.findings.sort(key=Finding.sort_key)
    return catalogue


def _take_found(catalogue: Catalogue, found: Found) -> None:
    catalogue.findings += found.findings
    catalogue.skipped += found.skipped
    if found.findings:
        catalogue.complete = catalogue.families_complete = False


def _read(catalogue: Catalogue, sources: Iterable[Source], *, asked: set[Path],
          locks: bool = True) -> tuple[tuple[str, ...], tuple[str, list[Scalar]]]:
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
        lock, problems = _lock(source, tree) if locks and source.path in asked else (None, [])
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
                source_name(path), TOP, Severity.ERROR, codes.UNREADABLE, error.message,
                error.hint))


def _lock(source: Source, tree: Node | None) -> tuple[Lock | None, list[Finding]]:
    """The lock of a family, `locks/<family>.lock.json` beside the families, if there is one."""
    folder = source.path.parent.parent / lockfile.FOLDER
    path = folder / lockfile.file_name(source.path.stem)
    if source.kind != FAMILY or source.path.parent.name != "families" or not path.exists():
        return None, []
    content, problem = read_bytes(path, folder, LONGEST_LOCK)
    if content is None:
        return None, [problem] if problem else []
    family = text(tree.get("name")) if isinstance(tree, Mapping) else None
    try:
        lock = lockfile.decode(content, path.name)
        if family is not None and lock.family != family:
            raise UserError(f"this is the lock of {lock.family}, not of {family}",
                            code="lock-invalid",
                            hint="run `compiler lock`, which writes a new one")
    except UserError as error:
        return None, [Finding(source_name(path), TOP, Severity.ERROR, codes.UNREADABLE,
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
    # Where nothing has changed nothing is parsed, and importing what it takes costs as much again.
    from compiler.read.parse import parse
    from compiler.schema.validate import validate

    tree, findings = parse(content, name)
    if tree is not None:
        findings += validate(tree, kind, name, formats)
    return tree, findings
