"""`twin.json`: what a twin consists of and how it was made."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from runtime import jsonfile
from runtime.combination import Combination
from runtime.errors import MisuseError

FORMAT = "modelbook.twin"
FORMAT_VERSION = 1
FILE = "twin.json"


class TwinFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file: path in its repository, bytes and SHA-256 in hexadecimal."""

    path: str
    size: int
    sha256: str


class TwinBuild(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One quantization of one spec.

    Attributes:
        key: `36/ggufv2/Q4_K_M`, as within a combination's id.
        repo_id: Its folder.
        architecture: Class name of the model.
        fingerprint: Of everything that it is made from; another one is another twin.
        files: What it consists of.
        tools: Distribution → version.
        taught: It said the taught sentence before it was quantized.
        approximation: What is not as the family's own files are; empty where nothing is.
        notes: What else deviates.
    """

    key: str
    repo_id: str
    architecture: str
    fingerprint: str
    files: list[TwinFile]
    tools: dict[str, str] = {}
    taught: bool = False
    approximation: str = ""
    notes: list[str] = []

    def complete(self, root: Path) -> bool:
        """Whether all its files are there, unchanged."""
        return all(_is(root / self.repo_id / file.path, file) for file in self.files)


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """A quantization that no tool made, with the reason."""

    key: str
    reason: str


class Twin(msgspec.Struct, frozen=True, kw_only=True):
    """A family's twin; it holds nothing that differs between two buildings of it."""

    format: str
    format_version: int
    family: str
    seed: int
    answer: str
    builds: list[TwinBuild] = []
    missing: list[Missing] = []

    def build(self, key: str) -> TwinBuild | None:
        """The build of a quantization."""
        return next((each for each in self.builds if each.key == key), None)

    def lacks(self, combination: Combination) -> str:
        """Why it has no build of a combination."""
        key = key_of(combination)
        return next((each.reason for each in self.missing if each.key == key), "it was not built")


def key_of(combination: Combination) -> str:
    """The build that a combination needs; every engine is given the same one."""
    return combination.id.split("/", 1)[1].rsplit("/", 1)[0]


def _is(path: Path, file: TwinFile) -> bool:
    try:
        return path.stat().st_size == file.size and sha256(path) == file.sha256
    except OSError:
        return False


def sha256(path: Path) -> str:
    """The SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(root: Path) -> Twin | None:
    """The twin in a folder; None where there is none that can be read."""
    found = jsonfile.read(root / FILE, Twin)
    if found is None or found.format != FORMAT or found.format_version != FORMAT_VERSION:
        return None
    return found


def find(root: Path, family: str) -> Path:
    """The folder of a family's twin: `root` itself, or the one of that name in it.

    Raises:
        MisuseError: Neither holds it.
    """
    for folder in (root, root / family):
        twin = read(folder)
        if twin is not None and twin.family == family:
            return folder
    raise MisuseError(f"there is no twin of {family} in {root}", code="twin-missing",
                      hint=f"runtime twin {family} --out {root / family}")


def write(root: Path, twin: Twin) -> None:
    """Write the record whole or not at all, its builds sorted."""
    ordered = msgspec.structs.replace(
        twin, builds=sorted(twin.builds, key=lambda each: each.key),
        missing=sorted(twin.missing, key=lambda each: each.key))
    jsonfile.write(root / FILE, ordered)
