"""Where the spec files of a catalogue are: what a path stands for, and what would go unread."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from compiler import data
from compiler.finding import Finding, Severity
from compiler.read import codes
from compiler.read.file import TOP, source_name
from compiler.read.text import MAX_BYTES
from runtime.errors import MisuseError

FAMILY, ENGINE, FORMATS, ORDER = "family", "engine", "formats", "catalogue"
_FOLDERS = {"families": FAMILY, "engines": ENGINE}
_FILES = {"formats.yaml": FORMATS, "catalogue.yaml": ORDER}
#: A name that ends in one of these, and does not consist of it.
_YAML = re.compile(r".\.ya?ml\Z", re.IGNORECASE)
_FAMILY_KEY = re.compile(rb"(?m)^(?:specs|context_length|architectures)[ \t]*:")
_NOTHING = "0 files checked"


class Source(msgspec.Struct, frozen=True):
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


class Found(msgspec.Struct):
    """What was found.

    Attributes:
        sources: The spec files.
        findings: On YAML that lies among specs and would go unread.
        skipped: YAML files of a folder that was asked for which are no specs by where they lie.
    """

    sources: list[Source] = []
    findings: list[Finding] = []
    skipped: list[str] = []


def asked(paths: Sequence[str | Path], specs: Path | None) -> Found:
    """The files that paths stand for: files, folders and glob patterns.

    Args:
        paths: As the user typed them.
        specs: The specs folder that they belong to; None where it shows from where they lie.

    Raises:
        MisuseError: Something named does not exist, or holds no specs.
    """
    every: dict[Path, Source] = {}
    result = Found()
    for given in paths:
        for path in _matches(given):
            if path.is_dir():
                found = in_folder(path)
                if not found.sources and not found.findings:
                    raise no_specs(path)
                for source in found.sources:
                    every.setdefault(source.path, source)
                result.findings += found.findings
                result.skipped += found.skipped
            elif path.exists() or path.is_symlink():
                every.setdefault(path, _source(path, specs))
            else:
                raise MisuseError(f"there is no file {path}", code="nothing-to-check", why=_NOTHING,
                                  hint="name a specs folder or a family's file")
    result.sources = list(every.values())
    return result


def families_of(paths: Sequence[str | Path], specs: Path | None) -> tuple[Path, list[str]] | None:
    """The specs folder that holds all of the given files, and the files' names, if they are
    families right there that are named as the folder names them; else None.

    Raises:
        MisuseError: Something named does not exist, or holds no specs.
    """
    found = asked(paths, specs)
    roots = {source.root for source in found.sources}
    if found.findings or found.skipped or len(roots) != 1:
        return None
    [root] = roots
    if (specs or root) != root or not is_specs(root) or any(
            source.kind != FAMILY or source.path != root / source.relative
            for source in found.sources):
        return None
    return root, sorted(source_name(source.path) for source in found.sources)


def in_folder(folder: Path) -> Found:
    """The spec files of a folder, in order.

    Of a folder that is neither a specs folder nor part of one, its `specs` folder counts, else what
    looks like a family right in it: workflows and compose files are not ours to judge.
    """
    if is_specs(folder) or (folder / "formats.yaml").is_file():
        return in_specs(folder)
    inside = folder.absolute().name
    found = Found()
    if inside in _FOLDERS:
        _look(found, folder, _FOLDERS[inside], inside, folder.parent)
        return found
    specs = folder / "specs"
    if is_specs(specs):
        found = in_specs(specs)
    else:
        _look(found, folder, FAMILY, "families", folder, deep=False)
    taken = {source.path for source in found.sources}
    reported = {finding.file for finding in found.findings}
    found.skipped += [source_name(path) for path in _others(folder)
                      if path not in taken and source_name(path) not in reported]
    return found


def in_specs(specs: Path) -> Found:
    """The spec files of a specs folder, in order."""
    found = Found([Source(specs / name, kind, name, specs) for name, kind in _FILES.items()
                   if (specs / name).exists() or (specs / name).is_symlink()])
    for name, kind in _FOLDERS.items():
        if (specs / name).is_dir():
            _look(found, specs / name, kind, name, specs)
    for path in sorted(specs.iterdir()):
        if path.suffix.lower() in (".yaml", ".yml") and path.name not in _FILES:
            found.findings.append(_misplaced(path))
    return found


def context(found: Sequence[Source], specs: Path | None) -> list[Source]:
    """What the files asked for refer to: their neighbours, else the shipped engines and formats."""
    roots = [specs] if specs else list(dict.fromkeys(
        source.root for source in found if is_specs(source.root)))
    around = [source for root in roots for source in in_specs(root).sources]
    known = {os.path.realpath(source.path) for source in found}
    around = [source for source in around if os.path.realpath(source.path) not in known]
    return [*around, *shipped({source.kind for source in (*around, *found)})]


def shipped(kinds: Iterable[str]) -> list[Source]:
    """The engines and formats that come with Modelbook, for kinds that a catalogue lacks."""
    found: list[Source] = []
    formats, engines = data.find("specs/formats.yaml"), data.find("specs/engines")
    if FORMATS not in kinds and formats:
        found.append(Source(formats, FORMATS, "formats.yaml", formats.parent, True))
    if ENGINE not in kinds and engines:
        found += [Source(path, ENGINE, f"engines/{path.name}", engines.parent, True)
                  for path in sorted(engines.glob("*.yaml"))]
    return found


def is_specs(folder: Path) -> bool:
    """Whether a folder holds families or engines in folders of their own."""
    return any((folder / name).is_dir() for name in _FOLDERS)


def no_specs(where: str | Path) -> MisuseError:
    """What to raise where there is nothing to check."""
    return MisuseError(f"no specs in {where}", code="nothing-to-check", why=_NOTHING,
                       hint="a specs folder holds families/*.yaml, engines/*.yaml, formats.yaml")


def _matches(given: str | Path) -> list[Path]:
    if given == "":
        raise MisuseError("a path is empty", code="nothing-to-check", why=_NOTHING,
                          hint="name a specs folder or a family's file, or nothing at all")
    import glob  # hardly any run has a pattern

    path = Path(given)
    if path.exists() or path.is_symlink() or not glob.has_magic(str(given)):
        return [path]
    matches = sorted(Path(name) for name in glob.glob(str(given), recursive=True))  # noqa: PTH207 - absolute patterns too
    if not matches:
        raise MisuseError(f"nothing matches {given}", code="nothing-to-check", why=_NOTHING,
                          hint="specs end in .yaml")
    return matches


def _source(path: Path, specs: Path | None) -> Source:
    """A single file; what it is shows from where it lies, anything else is a family."""
    folder = path.absolute().parent
    if folder.name in _FOLDERS:
        root = _as_typed(path.parent)
        return Source(path, _FOLDERS[folder.name], f"{folder.name}/{path.name}", root)
    if path.name in _FILES and (is_specs(folder) or (specs and specs.absolute() == folder)):
        return Source(path, _FILES[path.name], path.name, path.parent)
    return Source(path, FAMILY, f"families/{path.name}", path.parent)


def _as_typed(folder: Path) -> Path:
    """The folder above, spelled from the working directory where it can be."""
    return folder.parent if folder.name and folder != Path() else folder.absolute().parent


def _look(found: Found, folder: Path, kind: str, prefix: str, root: Path, *,
          deep: bool = True) -> None:
    """Add what one of a specs folder's folders holds."""
    top = os.fspath(folder)
    for where, name in _yaml_files(top) if deep else _like_families(folder):
        if where != top or not name.endswith(".yaml"):
            found.findings.append(_misplaced(Path(where, name)))
        else:
            found.sources.append(Source(folder / name, kind, f"{prefix}/{name}", root))


def _yaml_files(folder: str) -> list[tuple[str, str]]:
    """Folder and name of each; texts, since thousands of paths are slow to sort."""
    return sorted((where, name) for where, _, names in os.walk(folder) for name in names
                  if _YAML.search(name))


def _like_families(folder: Path) -> list[tuple[str, str]]:
    return [(os.fspath(folder), path.name) for path in sorted(folder.iterdir())
            if _like_family(path)]


def _like_family(path: Path) -> bool:
    """Whether a file anywhere is meant as a family, however broken it is."""
    try:
        if not (_YAML.search(path.name) and path.is_file()):  # opening a pipe would wait for ever
            return False
        with path.open("rb") as stream:
            return bool(_FAMILY_KEY.search(stream.read(MAX_BYTES)))
    except OSError:
        return False


def _others(folder: Path) -> Iterator[Path]:
    """YAML files of a checkout; not what tools keep in it, which is many and nobody's writing."""
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name == ".github" or not (
            name.startswith(".") or name == "node_modules" or name == "__pycache__"))
        yield from (Path(where, name) for name in sorted(names) if _YAML.search(name))


def _misplaced(path: Path) -> Finding:
    if path.suffix != ".yaml":
        message, hint = f"specs end in .yaml, this file ends in {path.suffix}", (
            f"rename it to {path.with_suffix('.yaml').name}")
    else:
        message, hint = "a spec in this folder is not read", (
            "specs are families/*.yaml, engines/*.yaml, formats.yaml and catalogue.yaml")
    return Finding(source_name(path), TOP, Severity.ERROR, codes.FILE_NAME, message, hint)
