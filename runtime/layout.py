"""Which of a hub's files a combination needs, vetted. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Protocol

from runtime.errors import UserError
from runtime.files import unsafe_path_reason
from runtime.hubs import TITLES
from runtime.hubs.base import RemoteFile

#: What engines read beside the weights. Code (`*.py`) is not among it.
_SIDE = (".json", ".txt", ".model", ".jinja", ".tiktoken", ".spm", ".vocab", ".bpe")
_LEGAL = re.compile(r"^(licen[cs]e|notice|use_policy)", re.IGNORECASE)
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
_SHARD = re.compile(r"^(?P<stem>.+)-(?P<index>\d{5})-of-(?P<count>\d{5})(?P<suffix>\.\w+)$")


class Needing(Protocol):
    """What needs files of a repository: a combination, or a quantization that is to be locked."""

    @property
    def hub_name(self) -> str:
        """Where the files are."""

    @property
    def repo_id(self) -> str:
        """The repository."""

    @property
    def expected_files(self) -> list[str] | None:
        """Exact paths of the weights; None for a folder format."""

    @property
    def trust_remote_code(self) -> bool:
        """Whether the repository's own code is needed."""


def needed(combination: Needing, listing: Sequence[RemoteFile], *,
           allow_pickle: bool = False) -> list[RemoteFile]:
    """The files of `listing` that the combination needs; small side files first.

    Raises:
        UserError: One is missing, its name would leave the folder, or only pickled weights exist.
    """
    expected = combination.expected_files
    if expected is not None:
        chosen = _exactly(combination, expected, listing)
    else:
        chosen = _folder(combination, listing, allow_pickle=allow_pickle)
    for file in chosen:
        vet(combination, file.path)
    _refuse_case_clash(combination, chosen)
    return chosen


def vet(combination: Needing, path: str) -> None:
    """Refuse a path that a hub lists and that must not be joined to a folder.

    Raises:
        UserError: It is not safe (code `unsafe-path`).
    """
    if reason := unsafe_path_reason(path):
        raise UserError(
            f"{combination.repo_id} on {_title(combination)} lists the unsafe path {path!r}",
            code="unsafe-path", why=f"{reason}; nothing of it was downloaded",
            hint="do not use this repository before its owner has explained that")


def _exactly(combination: Needing, expected: Sequence[str], listing: Sequence[RemoteFile],
             ) -> list[RemoteFile]:
    by_path = {file.path: file for file in listing}
    missing = [path for path in expected if path not in by_path]
    if not missing:
        return [by_path[path] for path in expected]
    suffix = PurePosixPath(expected[0]).suffix
    alike = [file.path for file in listing if file.path.endswith(suffix)] or list(by_path)
    from difflib import get_close_matches

    near = get_close_matches(missing[0], alike, n=4, cutoff=0.3) or alike[:4]
    found = len(expected) - len(missing)
    raise UserError(
        f"{found} of {len(expected)} expected files are in {combination.repo_id} on "
        f"{_title(combination)}; missing: {', '.join(missing)}", code="files-missing",
        why=f"nearest names: {', '.join(near)}" if near else "the repository is empty",
        hint="correct the file template in the family's YAML",
        details={"missing": missing, "nearest": near})


def _folder(combination: Needing, listing: Sequence[RemoteFile], *, allow_pickle: bool,
            ) -> list[RemoteFile]:
    top = [file for file in listing if "/" not in file.path]
    outside = [file for file in listing if file.path.startswith(("/", "\\", "../", "..\\"))]
    if outside:  # no honest hub lists such a thing, so nothing else it says is worth much
        vet(combination, outside[0].path)
    side = [file for file in top if _is_side(combination, file.path)]
    weights = [file for file in top if file.path.endswith(".safetensors")]
    if any(not _consolidated(file.path) for file in weights):
        weights = [file for file in weights if not _consolidated(file.path)]
    if not weights:
        weights = _pickled(combination, top, allow_pickle=allow_pickle)
    if gaps := missing_shards(file.path for file in weights):
        raise UserError(f"{combination.repo_id} on {_title(combination)} is incomplete: "
                        f"{', '.join(gaps[:4])} missing", code="files-missing",
                        why="the weights are in numbered parts and some are not there",
                        details={"missing": gaps})
    return side + weights


def _is_side(combination: Needing, path: str) -> bool:
    if path.endswith(".safetensors.index.json") or _LEGAL.match(path):
        return True
    if path.endswith(".py"):
        return combination.trust_remote_code
    return path.endswith(_SIDE) and not path.endswith(".bin.index.json")


def _consolidated(path: str) -> bool:
    """Whether it is a lab's own second copy of the weights, in one piece."""
    return path.startswith("consolidated")


def _pickled(combination: Needing, top: Sequence[RemoteFile], *, allow_pickle: bool,
             ) -> list[RemoteFile]:
    pickled = [file for file in top if file.path.endswith(_PICKLES)
               and not file.path.startswith(("training_args", "optimizer", "scheduler"))]
    where = f"{combination.repo_id} on {_title(combination)}"
    if not pickled:
        raise UserError(f"{where} has no weights", code="files-missing",
                        why="there is no .safetensors file at its top", hint="check the repo id")
    if not allow_pickle:
        raise UserError(f"{where} has pickled weights only", code="pickle",
                        why=f"loading {pickled[0].path} can run any code that its author put in",
                        hint="choose a source with .safetensors files, or trust it with "
                             "--allow-pickle")
    return pickled


def missing_shards(paths: Iterable[str]) -> list[str]:
    """The parts that are missing among names like `model-00001-of-00003.safetensors`."""
    groups: dict[tuple[str, int, str], set[int]] = {}
    for path in paths:
        if match := _SHARD.match(path):
            key = (match["stem"], int(match["count"]), match["suffix"])
            groups.setdefault(key, set()).add(int(match["index"]))
    return [f"{stem}-{index:05}-of-{count:05}{suffix}"
            for (stem, count, suffix), present in sorted(groups.items())
            for index in range(1, min(count, 10_000) + 1) if index not in present]


def _refuse_case_clash(combination: Needing, files: Sequence[RemoteFile]) -> None:
    seen: dict[str, str] = {}
    for file in files:
        other = seen.setdefault(file.path.casefold(), file.path)
        if other != file.path:
            raise UserError(f"{combination.repo_id} has both {other} and {file.path}",
                            code="unsafe-path",
                            why="they are one file on systems that do not tell case apart")


def _title(combination: Needing) -> str:
    return TITLES.get(combination.hub_name, combination.hub_name)
