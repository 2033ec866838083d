"""The index of a large manifest: what lets the runtime read one family out of ten thousand.

`compiler build` writes it beside a manifest that is larger than `WORTH` bytes. It holds, for each
family, its place in the manifest, the SHA-256 of those bytes, and what `runtime list` shows. The
manifest alone is the contract; without its index it is read as a whole, with the same outcome.

What is checked when, so that changed bytes are never served as if they were what was compiled:

- The index states the SHA-256 of its own body, the size of its manifest, and the SHA-256 of
  everything in the manifest but the families (digest, versions, formats, engines). Where one of
  them is not as stated, the index is of another build or damaged: it is ignored, and the manifest
  is read and checked as a whole.
- A family is checked when it is read. One that nobody asks for is not read, and so not checked.
- `runtime list` shows the index, which was made from the same records as the manifest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import overload

import msgspec

from runtime import naming
from runtime.errors import UserError
from runtime.manifest import Family, Manifest, Piece, decode_family, decode_frame

FORMAT = "modelbook.manifest.index"
FORMAT_VERSION = 1
#: A smaller manifest is read as a whole in less time than a person notices.
WORTH = 4_000_000


class Listed(msgspec.Struct, frozen=True, gc=False):
    """What `runtime list` shows of a family, or filters by.

    Attributes:
        name: The family's name.
        description: Plain text.
        context_length: Tokens.
        abilities: As written.
        deprecated: Whether it is on its way out.
        sizes: Each size of its specs once, as ids spell it.
        formats: Likewise its formats.
        engines: Likewise the engines that it is promised for.
        hubs: Likewise its hubs.
    """

    name: str
    description: str
    context_length: int
    abilities: list[str]
    deprecated: bool
    sizes: list[str]
    formats: list[str]
    engines: list[str]
    hubs: list[str]


class Entry(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One family: its bytes in the manifest, and what is listed of it."""

    offset: int
    length: int
    sha256: str
    listed: Listed


class _Index(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    format_version: int
    manifest_size: int
    frame_sha256: str
    entries: list[Entry]


def listed(family: Family) -> Listed:
    """What is listed of a family."""
    return Listed(
        family.name, family.description, family.context_length, family.abilities,
        family.deprecated is not None,
        _distinct(naming.normalize_size(spec.size_in_billions) for spec in family.specs),
        _distinct(spec.format for spec in family.specs),
        _distinct(claim.engine for spec in family.specs for claim in spec.engines),
        _distinct(hub.hub for spec in family.specs for hub in spec.hubs))


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def encode(pieces: Sequence[Piece], families: Sequence[Listed],
           digests: Sequence[bytes] = ()) -> bytes:
    """The bytes of an index: the SHA-256 of the JSON that follows, then that JSON on one line.

    Args:
        pieces: The manifest, as `runtime.manifest.assemble` gives it, with at least one family.
        families: What is listed of its families, in order.
        digests: The SHA-256 of each family's bytes, in order, where they are known.
    """
    entries = []
    digests = digests or [hashlib.sha256(data).digest() for data in pieces[2::2]]
    offset = len(pieces[0])
    for family, comma, data, digest in zip(families, pieces[1:-1:2], pieces[2::2], digests,
                                           strict=True):
        offset += len(comma)
        entries.append(Entry(offset, len(data), digest.hex(), family))
        offset += len(data)
    frame = hashlib.sha256(b"".join((pieces[0], pieces[-1]))).hexdigest()
    index = _Index(FORMAT, FORMAT_VERSION, offset + len(pieces[-1]), frame, entries)
    body = msgspec.json.encode(index) + b"\n"
    return hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def index_path(manifest: Path) -> Path:
    """Where a manifest's index is, if it has one."""
    return manifest.parent / f"{manifest.stem}.index"  # `with_suffix` refuses `.`


def open_indexed(path: Path) -> Manifest | None:
    """The manifest at `path`, its families read when they are asked for.

    None where it has no index that fits it; then `runtime.manifest.load` reads it.

    Raises:
        UserError: The manifest was changed after it was compiled.
    """
    try:
        content = index_path(path).read_bytes()
        size = path.stat().st_size
    except OSError:
        return None
    body = content[65:]
    if content[:65] != hashlib.sha256(body).hexdigest().encode() + b"\n":
        return None
    try:
        index = msgspec.json.decode(body, type=_Index)
    except (msgspec.DecodeError, RecursionError):
        return None
    if (index.format, index.format_version, index.manifest_size) != (FORMAT, FORMAT_VERSION, size):
        return None
    frame = _frame(path, index.entries)
    if hashlib.sha256(frame).hexdigest() != index.frame_sha256:
        return None
    manifest = decode_frame(frame, str(path))
    families = IndexedFamilies(path, index.entries, manifest.optional_fields)
    return msgspec.structs.replace(manifest, families=families)


def _frame(path: Path, entries: list[Entry]) -> bytes:
    """The manifest's bytes without its families, as far as they are where the index says."""
    if not entries:
        return b""
    with path.open("rb") as stream:
        head = stream.read(entries[0].offset)
        stream.seek(entries[-1].offset + entries[-1].length)
        return head + stream.read()


class IndexedFamilies(Sequence[Family]):
    """The families of a manifest, each read and checked when it is asked for.

    Attributes:
        path: The manifest.
        listed: What is listed of each, in order.
    """

    def __init__(self, path: Path, entries: list[Entry], optional_fields: list[str]) -> None:
        self.path = path
        self._entries = entries
        self._optional_fields = optional_fields

    @property
    def listed(self) -> list[Listed]:
        """What is listed of each family, in order."""
        return [entry.listed for entry in self._entries]

    def __len__(self) -> int:
        return len(self._entries)

    @overload
    def __getitem__(self, index: int) -> Family: ...

    @overload
    def __getitem__(self, index: slice) -> list[Family]: ...

    def __getitem__(self, index: int | slice) -> Family | list[Family]:
        if isinstance(index, slice):
            return [self._read(entry) for entry in self._entries[index]]
        return self._read(self._entries[index])

    def _read(self, entry: Entry) -> Family:
        try:
            with self.path.open("rb") as stream:
                stream.seek(entry.offset)
                data = stream.read(entry.length)
        except OSError as error:
            raise UserError(f"cannot read {self.path}: {error.strerror}",
                            code="manifest-unreadable") from None
        if hashlib.sha256(data).hexdigest() != entry.sha256:
            raise UserError(f"{self.path} was changed after it was compiled",
                            code="manifest-digest",
                            why=f"its family {entry.listed.name} is not as it was compiled",
                            hint="if it was just built anew, try again; else build it again with "
                                 "`compiler build`")
        return decode_family(data, str(self.path), self._optional_fields)


def all_listed(manifest: Manifest) -> list[Listed]:
    """What is listed of each family, without reading those that an index describes."""
    if isinstance(manifest.families, IndexedFamilies):
        return manifest.families.listed
    return [listed(family) for family in manifest.families]


def families_named(manifest: Manifest, fits: Callable[[str], bool]) -> list[Family]:
    """The families whose name fits; no other is read from an indexed manifest."""
    if isinstance(manifest.families, IndexedFamilies):
        return [manifest.families[number]
                for number, family in enumerate(manifest.families.listed) if fits(family.name)]
    return [family for family in manifest.families if fits(family.name)]


def names(manifest: Manifest) -> list[str]:
    """The names of all families."""
    if isinstance(manifest.families, IndexedFamilies):
        return [family.name for family in manifest.families.listed]
    return [family.name for family in manifest.families]
