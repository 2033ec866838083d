"""A quick look at weights before an engine is started with them: kind and size, not content."""

from __future__ import annotations

import os
from pathlib import Path

from runtime import gguf, safetensors
from runtime.combination import Combination
from runtime.engines.base import LocalModel
from runtime.errors import MisuseError, UserError


def given_model(path: Path, combination: Combination) -> LocalModel:
    """The weights that a user named with `--model-path`, for the combination.

    For a file format the path is the file (its first part, if split) or a folder that holds it; for
    a folder format it is the folder.

    Raises:
        MisuseError: There is no such thing at the path.
    """
    # Links stay as they are: the names of split parts matter, and hub caches link to blobs.
    chosen = Path(os.path.abspath(path.expanduser()))  # noqa: PTH100
    if not chosen.exists():
        raise MisuseError(f"{path} does not exist", code="model-path")
    if combination.layout == "folder":
        if not chosen.is_dir():
            raise MisuseError(f"{path} is not a folder", code="model-path",
                              why=f"{combination.spec.format} weights are a folder")
        return LocalModel(folder=chosen, model_format=combination.spec.format)
    names = combination.expected_files or []
    if chosen.is_dir():
        weights = _in_folder(chosen, names, path)
    else:
        parts = [chosen.with_name(Path(name).name) for name in names]
        weights = parts if len(parts) > 1 and chosen == parts[0] else [chosen]
    for file in weights:
        if not file.is_file():
            raise MisuseError(f"the part {file} is missing", code="model-path",
                              why="every part of a split model must lie in one folder")
    return LocalModel(folder=weights[0].parent, model_format=combination.spec.format,
                      layout="file", weights=tuple(weights))


def _in_folder(folder: Path, names: list[str], shown: Path) -> list[Path]:
    for candidates in ([folder / name for name in names],
                       [folder / Path(name).name for name in names]):
        if candidates and all(path.is_file() for path in candidates):
            return candidates
    found = sorted(folder.glob("*.gguf"))
    if len(found) == 1 and len(names) <= 1:
        return found
    raise MisuseError(f"{shown} does not hold {' and '.join(names) or 'a .gguf file'}",
                      code="model-path",
                      hint="name the file itself" + (
                          "; there are " + ", ".join(path.name for path in found[:8])
                          if found else ""))


def check(model: LocalModel) -> None:
    """Look at the weights.

    Raises:
        UserError: A file is missing, cut off or not what its name says.
    """
    if model.layout == "file":
        for path in model.weights:
            gguf.read_header(path)
        return
    if not (model.folder / "config.json").is_file():
        raise UserError(f"{model.folder} holds no config.json", code="model-damaged",
                        why="engines read a folder's architecture from it",
                        hint="check --model-path, or download the model again")
    for path in sorted(model.folder.glob("*.safetensors")):
        safetensors.check(path)
