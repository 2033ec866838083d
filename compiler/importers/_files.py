"""Imported families as files: rendered, read back, and only then put in place together."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from compiler.emit import write as emit
from compiler.emit.write import Changes
from compiler.fmt import modeline
from compiler.read.nodes import plain
from compiler.read.parse import parse
from compiler.yamlwrite import write as write_yaml
from runtime.errors import UserError
from runtime.files import unsafe_path_reason

ORDER_FILE = "catalogue.yaml"

_SPACED = ("specs", "chat_template", "extensions")
# ext4, APFS and NTFS take 255; the rest leaves room for a temporary name.
_MAX_NAME_BYTES = 200


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
        check_name(name, seen, source)
        files[f"families/{name}.yaml"] = _verified(
            family, modeline_for(out / f"families/{name}.yaml", "family"), f"{source}: {name}")
    return files | order_file([family["name"] for family in families], out, source)


def order_file(names: list[str], out: Path, source: str) -> dict[str, bytes]:
    """The file that keeps the order of the families."""
    header = modeline_for(out / ORDER_FILE, "catalogue")
    return {ORDER_FILE: _verified({"families": names}, header, source)}


def check_name(name: str, seen: dict[str, str], source: str) -> None:
    """Refuse a name that cannot be a file's, or is one of `seen`; add it there."""
    reason = unsafe_path_reason(name)
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


def modeline_for(path: Path, kind: str) -> str:
    """The comment by which editors find the schema, in a checkout that holds it."""
    schema = modeline.choose(path, kind, None)
    return f"{modeline.line(schema)}\n" if schema else ""


def write(files: Mapping[str, bytes], out: Path, *, force: bool) -> Changes:
    """Put the files into the folder `out`, all of them or none; returns what changed.

    Raises:
        UserError: Files there say something else and `force` is not given, or the system refuses.
    """
    changes = emit.compare(out, files)
    if changes.changed and not force:
        more = f" and {len(changes.changed) - 3} more" if len(changes.changed) > 3 else ""
        raise UserError(
            f"{out} has other contents in {', '.join(changes.changed[:3])}{more}",
            code="would-overwrite", why="nothing was written",
            hint="choose another folder, or overwrite them with --force")
    emit.put(out, {path: files[path] for path in (*changes.new, *changes.changed)})
    return changes
