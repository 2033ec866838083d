"""Which files a call means, and writing them whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from runtime.errors import MisuseError, UserError

_SUFFIXES = (".yaml", ".yml")


def find(paths: Iterable[Path]) -> list[Path]:
    """The spec files that `paths` name: files as they are, folders by what lies in them.

    Raises:
        MisuseError: A path does not exist, or none of them holds a spec.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found |= dict.fromkeys(_below(path))
        elif path.is_file():
            found[path] = None
        elif path.exists():
            raise MisuseError(f"{path} is not a regular file", code="path-missing",
                              hint="name spec files, or the folder that holds them")
        else:
            raise MisuseError(f"there is no {path}", code="path-missing",
                              hint="name spec files, or the folder that holds them")
    if not found:
        raise MisuseError("no spec was found, so nothing was formatted", code="nothing-found",
                          hint="specs end in .yaml")
    return list(found)


def _below(folder: Path) -> Iterator[Path]:
    for suffix in _SUFFIXES:
        yield from sorted(path for path in folder.rglob(f"*{suffix}") if path.is_file()
                          and not any(part.startswith(".")
                                      for part in path.relative_to(folder).parts))


def replace(path: Path, data: bytes) -> None:
    """Put `data` in the place of the file at `path`, with its permissions, in one step.

    A link stays a link: the file that it leads to is replaced.

    Raises:
        UserError: The file cannot be written.
    """
    target = path.resolve()
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        shutil.copymode(target, temporary)
        Path(temporary).replace(target)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}", code="write-failed",
                        hint="see that the folder may be written to and has room") from None
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                Path(temporary).unlink(missing_ok=True)
