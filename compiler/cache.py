"""What is kept from one run to the next, so that only what changed is compiled again.

One file for each specs folder, profile and output folder, in the user's cache folder
(`$MODELBOOK_CACHE`, else that of the system). It only ever saves time:

- Its first line is the SHA-256 of the rest, so that a damaged or half-written file is ignored.
- An entry is found by the SHA-256 of everything that decided on it: the family's bytes, the frame
  of the catalogue, the templates, and the compiler's own code. A change to any of them, a newer
  version among them, finds nothing.
- It is written to a temporary name and renamed; of several builds at once, the last one's stays.
- A file's content stands for it, or, where it was left alone since an earlier run read it, what
  the system says of it (`compiler.stamps`).
- Compiled templates in it are code. They are taken from a file that only the user can have written,
  made under the same frame, templates and code.
- Records and pages are not in it, only their digests. They are taken from the output folder where
  they are still what that build wrote, and made again where not.
- `MAX_FILES` and `MAX_BYTES` bound it; the files used longest ago go first.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import msgspec

from compiler.catalogue import Parsed
from compiler.finding import Finding
from compiler.stamps import Stamp, Stamps
from compiler.unit import Kept

MAX_FILES = 64
MAX_BYTES = 512_000_000
_LIBRARIES = ("jinja2", "jsonschema_rs", "msgspec", "yaml")
_PACKAGE = Path(__file__).parent
_HEADER = 65  # hexadecimal digest and a line end


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A compiled family.

    Attributes:
        key: SHA-256 of what decided on it.
        kept: What is kept of it.
        offset: Where its record begins in the manifest.
        length: Bytes of the record.
        page: SHA-256 of the page; empty where it is always made anew.
        sha256: Of the record, where the manifest has an index.
    """

    key: bytes
    kept: Kept
    offset: int = 0
    length: int = 0
    page: bytes = b""
    sha256: bytes = b""


class Store(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """All that is kept of one build or check.

    Attributes:
        entries: By no particular order.
        derived: Path of a file made of more than one family → SHA-256 of what it was made of, and
            of the file. Offsets are of the manifest among them.
        frame: SHA-256 of the frame of the catalogue, and what the rules on engines found in it.
        whole: SHA-256 of the frame and the keys of all families, and what the rules on the whole
            catalogue found in them.
        stamps: Path → stamp, of every file that was read.
        templates: Bytecode of the profile's templates, made under that frame.
        code: What stands for the code that made all of it.
        parsed: The spec files but the families, if nothing was found in them.
    """

    entries: list[Entry] = []
    derived: dict[str, tuple[bytes, bytes]] = {}
    frame: tuple[bytes, list[Finding]] = (b"", [])
    whole: tuple[bytes, list[Finding]] = (b"", [])
    stamps: dict[str, Stamp] = {}
    templates: dict[str, bytes] = {}
    code: bytes = b""
    parsed: Parsed | None = None


def folder() -> Path:
    """Where the files are."""
    if named := os.environ.get("MODELBOOK_CACHE"):
        return Path(named).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("modelbook", appauthor=False) / "compiler"


def path_for(*what: object) -> Path:
    """The file for a specs folder and what is made of it."""
    name = hashlib.sha256("\0".join(map(str, what)).encode("utf-8", "surrogateescape")).hexdigest()
    return folder() / f"{name[:32]}.cache"


def read(path: Path) -> Store:
    """What the file holds; nothing where it cannot be read or is damaged."""
    try:
        with path.open("rb") as stream:
            ours = _only_ours(os.fstat(stream.fileno()))
            content = memoryview(stream.read())
    except OSError:
        return Store()
    body = content[_HEADER:]
    if bytes(content[:_HEADER]) != hashlib.sha256(body).hexdigest().encode() + b"\n":
        return Store()
    try:
        store = msgspec.msgpack.decode(body, type=Store)
    except msgspec.DecodeError:
        return Store()
    with contextlib.suppress(OSError):
        os.utime(path)  # it is in use
    return store if ours else msgspec.structs.replace(store, templates={})


def _only_ours(status: os.stat_result) -> bool:
    """Whether nobody but this user can have written a file; Windows keeps a user's folder so."""
    return os.name == "nt" or (status.st_uid == os.geteuid() and not status.st_mode & 0o022)


def write(path: Path, store: Store) -> None:
    """Keep a store; a folder that cannot be written is left alone."""
    body = msgspec.msgpack.encode(store)
    header = hashlib.sha256(body).hexdigest().encode() + b"\n"
    with contextlib.suppress(OSError):
        if _header(path) == header:
            return  # nothing has changed
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(header)
                stream.write(body)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _prune(path.parent)


def _header(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(_HEADER)
    except FileNotFoundError:
        return b""


def _prune(where: Path) -> None:
    """Keep to the bounds; what a killed build left goes as well, once it is old."""
    found = sorted(((path.stat().st_mtime, path.stat().st_size, path)
                    for path in where.iterdir() if path.is_file()), reverse=True)
    total = 0
    for number, (_, size, path) in enumerate(found):
        total += size
        if number >= MAX_FILES or (total > MAX_BYTES and number):
            with contextlib.suppress(OSError):
                path.unlink()


def digest(*parts: bytes) -> bytes:
    """SHA-256 of several texts, each told apart from the next."""
    lengths = b"".join([len(part).to_bytes(8, "big") for part in parts])
    return hashlib.sha256(b"".join((len(parts).to_bytes(8, "big"), lengths, *parts))).digest()


def code(stamps: Stamps) -> bytes:
    """What stands for the code that compiles: ours by its bytes, libraries by their files."""
    made = hashlib.sha256(sys.version.encode())
    for package in (_PACKAGE, _PACKAGE.parent / "runtime"):
        for path in _files(package):
            made.update(path.encode() + b"\0")
            made.update(stamps.digest_or_read(path) or b"")
    for name in _LIBRARIES:
        spec = find_spec(name)
        if spec is not None and spec.origin:
            status = Path(spec.origin).stat()
            made.update(f"{name} {spec.origin} {status.st_size} {status.st_mtime_ns}\n".encode())
    return made.digest()


def _files(package: Path) -> Iterable[str]:
    """What a package is made of: everything but bytecode."""
    for where, folders, names in os.walk(package):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        if os.path.basename(where) == "data" and package.name == "runtime":  # noqa: PTH119
            continue  # the packaged manifest compiles nothing
        for name in sorted(names):
            yield os.path.join(where, name)  # noqa: PTH118
