"""Imported families as files: rendered, read back, and only then put in place together."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compiler.read.nodes import plain
from compiler.read.parse import parse
from compiler.yamlwrite import write as write_yaml
from runtime.errors import UserError
from runtime.files import unsafe_path_reason

ORDER_FILE = "catalogue.yaml"

_SPACED = ("specs", "chat_template", "extensions")
_SCHEMAS = Path("compiler/schema")
# ext4, APFS and NTFS take 255; the rest leaves room for a temporary name.
_MAX_NAME_BYTES = 200


@dataclass(frozen=True, slots=True)
class Written:
    """What `write` did.

    Attributes:
        written: Files that are new or changed.
        unchanged: Files that said the same already.
    """

    written: int
    unchanged: int


def render(families: Sequence[Mapping[str, Any]], out: Path, source: str) -> dict[str, bytes]:
    """The files of a catalogue, by their path in the specs folder `out`.

    Args:
        families: In catalogue order.
        out: Where they will lie, for the schema modeline.
        source: What to call the imported file in errors.

    Raises:
        UserError: A name cannot be a file name, two names would be one file, or a value cannot be
            written so that reading it gives the same value.
    """
    files: dict[str, bytes] = {}
    seen: dict[str, str] = {}
    for family in families:
        name = family["name"]
        _check_name(name, seen, source)
        files[f"families/{name}.yaml"] = _verified(
            family, _modeline(out / "families", "family"), f"{source}: {name}")
    order = {"families": [family["name"] for family in families]}
    files[ORDER_FILE] = _verified(order, _modeline(out, "catalogue"), source)
    return files


def _check_name(name: str, seen: dict[str, str], source: str) -> None:
    reason = unsafe_path_reason(f"{name}.yaml")
    if reason is None and ("/" in name or name.startswith((".", "-"))):
        reason = "it holds / or begins with a dot or hyphen"
    if reason is None and len(name.encode("utf-8", "replace")) > _MAX_NAME_BYTES:
        reason = f"it is longer than {_MAX_NAME_BYTES} bytes"
    if reason is not None:
        raise UserError(f"{source}: the family name {name!r} cannot be a file name: {reason}",
                        code="import-name", why="each family is a file that is named after it",
                        hint="rename the family in the file")
    key = unicodedata.normalize("NFC", name).casefold()
    if key in seen:
        same = "twice" if seen[key] == name else f"and {seen[key]!r}, which differ only in case"
        raise UserError(f"{source}: there is a family {name!r} {same}", code="import-name",
                        why="some file systems could hold only one of the two",
                        hint="rename one in the file")
    seen[key] = name


def _verified(data: Mapping[str, Any], header: str, what: str) -> bytes:
    """The YAML of `data`, which reads back as `data`."""
    try:
        text = write_yaml(data, header=header, spaced=_SPACED).encode("utf-8")
    except ValueError as error:
        raise UserError(f"{what}: {error}", code="import-value") from None
    tree, findings = parse(text, "")
    if findings or tree is None:
        raise UserError(f"{what} cannot be a spec: {findings[0].message}", code="import-value",
                        hint=findings[0].hint)
    if json.dumps(plain(tree)) != json.dumps(data):
        raise UserError(f"{what} does not read back as it was written", code="import-value",
                        hint="please report it with this family")
    return text


def _modeline(folder: Path, schema: str) -> str:
    """The comment by which editors find the schema, in a checkout that holds it."""
    folder = folder.resolve()
    for parent in folder.parents:
        target = parent / _SCHEMAS / f"{schema}.schema.json"
        if target.is_file():
            path = Path(os.path.relpath(target, folder)).as_posix()
            return f"# yaml-language-server: $schema={path}\n"
    return ""


def write(files: Mapping[str, bytes], out: Path, *, force: bool) -> Written:
    """Put the files into the folder `out`, all of them or none.

    Raises:
        UserError: Files there say something else and `force` is not given, or the system refuses.
    """
    try:
        changed = {path: data for path, data in files.items() if not _holds(out / path, data)}
        clashes = [path for path in changed if os.path.lexists(out / path)]
        if clashes and not force:
            more = f" and {len(clashes) - 3} more" if len(clashes) > 3 else ""
            raise UserError(
                f"{out} has other contents in {', '.join(clashes[:3])}{more}",
                code="would-overwrite", why="nothing was written",
                hint="choose another folder, or overwrite them with --force")
        _put(changed, out)
    except OSError as error:
        raise UserError(f"cannot write to {error.filename or out}: {error.strerror}",
                        code="not-writable") from None
    return Written(len(changed), len(files) - len(changed))


def _holds(path: Path, data: bytes) -> bool:
    return path.is_file() and path.read_bytes() == data


def _put(files: Mapping[str, bytes], out: Path) -> None:
    """Write beside the folder first, so that a full disk or an interruption leaves it as it was."""
    out.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(prefix=".import-", dir=out))
    try:
        for number, data in enumerate(files.values()):
            (stage / str(number)).write_bytes(data)
        for number, path in enumerate(files):
            target = out / path
            target.parent.mkdir(exist_ok=True)
            (stage / str(number)).replace(target)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
