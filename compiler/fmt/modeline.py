"""The first line of a spec: where an editor finds its schema."""

from __future__ import annotations

import os
import re
from pathlib import Path

_MODELINE = re.compile(r"#\s*yaml-language-server:\s*\$schema=(\S+)\s*$")


def target(comment: str) -> str | None:
    """The schema that a comment names; None if it is no modeline."""
    match = _MODELINE.match(comment)
    return match.group(1) if match else None


def line(schema: str) -> str:
    """The modeline for a schema, given by relative path or URL."""
    return f"# yaml-language-server: $schema={schema}"


def choose(path: Path, kind: str, existing: str | None, wanted: str | None = None) -> str | None:
    """The schema that the modeline of the file at `path` is to name.

    In order: the one that the caller wants; an existing one that is a URL or leads to a file; the
    schema in the checkout that the file lies in; the existing one, whatever it is; none.

    Args:
        path: The spec's file; it need not exist.
        kind: `family`, `engine` or `formats`.
        existing: What the file's modeline names now.
        wanted: Path (from the working folder) or URL given by the caller.
    """
    folder = path.resolve().parent
    if wanted:
        return wanted if "://" in wanted else _relative(Path(wanted).resolve(), folder)
    if existing and ("://" in existing or _is_file(folder / existing)):
        return existing
    for parent in (folder, *folder.parents):
        schema = parent / "compiler" / "schema" / f"{kind}.schema.json"
        if _is_file(schema):
            return _relative(schema, folder)
    return existing


def _relative(schema: Path, folder: Path) -> str:
    try:
        # Path.relative_to cannot climb before Python 3.12.
        return Path(os.path.relpath(schema, folder)).as_posix()
    except ValueError:  # another drive on Windows
        return schema.as_uri()


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
