"""Where Modelbook keeps what it downloads, installs and records on this machine.

The data folder is `$MODELBOOK_HOME`, or else the user's data folder of the operating system. It is
created on first use, readable by its owner alone, since logs and prompts may be private.
"""

from __future__ import annotations

import os
from pathlib import Path

from runtime.errors import UserError
from runtime.files import unsafe_path_reason


def data_home() -> Path:
    """The data folder; it need not exist yet."""
    if chosen := os.environ.get("MODELBOOK_HOME"):
        return Path(chosen).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_data_dir("modelbook", appauthor=False))


def models_folder() -> Path:
    """Downloaded models: `models/<hub>/<repo_id>/<commit>/`."""
    return data_home() / "models"


def engines_folder() -> Path:
    """Installed engines: `engines/<engine>/<provider>-<version>/`."""
    return data_home() / "engines"


def run_folder() -> Path:
    """One file for each running server."""
    return data_home() / "run"


def logs_folder() -> Path:
    """Logs of engines."""
    return data_home() / "logs"


def records_file() -> Path:
    """Verification records of this machine, one JSON object a line."""
    return data_home() / "records.jsonl"


def repository_folder(hub: str, repo_id: str) -> Path:
    """The folder of one repository's downloads.

    Raises:
        UserError: The repository id cannot be a folder inside the data folder.
    """
    relative = f"{hub}/{repo_id}"
    if reason := unsafe_path_reason(relative):
        raise UserError(f"the repository id {repo_id!r} is not safe: {reason}", code="unsafe-path",
                        why="a model's files must stay inside Modelbook's data folder",
                        hint="correct the repository id in the family's YAML")
    return models_folder().joinpath(*relative.split("/"))


def ensure_folder(folder: Path) -> Path:
    """Create `folder` and its parents if needed; those in the data folder are for the owner only.

    Raises:
        UserError: It cannot be created.
    """
    try:
        if _is_ours(folder):
            data_home().mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_writable(f"cannot create the folder {folder}", folder, error) from None
    return folder


def not_writable(message: str, path: Path, error: OSError) -> UserError:
    """The error for a file or folder that the system refuses to create."""
    return UserError(f"{message}: {error.strerror or error}", code="folder-not-writable",
                     hint=f"{'set MODELBOOK_HOME to' if _is_ours(path) else 'name'} a folder that "
                          "you can write to")


def _is_ours(path: Path) -> bool:
    home = data_home()
    return path == home or home in path.parents
