"""Fixtures around downloads: a data folder, a hub, and one call that pulls a combination."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime import fetch
from runtime.errors import UserError
from runtime.hubs import huggingface, modelscope
from runtime.local import Located
from runtime.manifest import Family, Manifest
from runtime.select import Wish, select
from tests.support import catalogue
from tests.support.hubserver import HubServer

_CLEAN = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_HUB_OFFLINE", "MODELBOOK_SEND_TOKEN",
          "MODELBOOK_LOCAL_HUB", "MODELBOOK_MANIFEST", "MODELBOOK_OFFLINE", "MODELSCOPE_API_TOKEN",
          "MODELSCOPE_ENDPOINT", "MODELSCOPE_DOMAIN")
ROOT = Path(__file__).parents[2]
#: Waits of ModelScope's client that would make tests slow.
MODELSCOPE_PATIENCE = {
    "_download.DOWNLOAD_RETRY_MAX_DELAY_SECONDS": 0.05,
    "_download.DOWNLOAD_RETRY_TIMES": 3,
    "_download.DOWNLOAD_INTEGRITY_RETRY_BACKOFF": 0.01,
    "_legacy_api.REPO_TREE_PAGE_RETRY_MAX_DELAY_SECONDS": 0.05,
}


class Notes:
    """A reporter that remembers what it was told."""

    def __init__(self) -> None:
        self.notices: list[str] = []
        self.labels: list[str] = []
        self.total = self.done = 0

    def notify(self, text: str) -> None:
        self.notices.append(text)

    def begin(self, label: str, total: int) -> None:
        self.labels.append(label)
        self.total, self.done = total, 0

    def advance(self, count: int) -> None:
        self.done += count

    def end(self) -> None:
        pass


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder, and no login or setting of the user who runs the tests."""
    for name in _CLEAN:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MODELBOOK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hf" / "hub"))
    monkeypatch.setenv("HF_TOKEN_PATH", str(tmp_path / "hf" / "token"))
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
    monkeypatch.setenv("MODELSCOPE_HOME", str(tmp_path / "ms-home"))
    monkeypatch.setenv("MODELSCOPE_CACHE", str(tmp_path / "ms-cache"))
    monkeypatch.setattr("modelscope_hub.config._default_config", None)
    # As its environment variables would: the client reads them when it is imported.
    for name, value in MODELSCOPE_PATIENCE.items():
        module, constant = name.split(".")
        monkeypatch.setattr(f"modelscope_hub.{module}.{constant}", value)
    return tmp_path / "home"


@pytest.fixture
def hub(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """A hub on loopback that the real client is pointed to."""
    with HubServer() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", server.url)
        monkeypatch.setenv("MODELSCOPE_DOWNLOAD_INTRA_CLOUD", "false")
        monkeypatch.setattr(huggingface, "_FIRST_PAUSE", 0.01)
        monkeypatch.setattr(modelscope, "_FIRST_PAUSE", 0.01)
        yield server


def gguf_family(repo_id: str = "o/tiny", quantizations: list[str] | None = None, *,
                on: str = "huggingface", **source: object) -> Family:
    """A family with one GGUF spec on a hub."""
    names = quantizations or ["Q4_K_M"]
    source.setdefault("file_template", "tiny-{quantization}.gguf")
    return catalogue.family("tiny", [catalogue.spec(
        "ggufv2", "1", names, [catalogue.hub(on, repo_id, names, **source)],
        [catalogue.claim("llama.cpp", names)])])


def folder_family(repo_id: str = "o/folder", *, on: str = "huggingface", **more: object) -> Family:
    """A family with one pytorch spec on a hub."""
    return catalogue.family("folder", [catalogue.spec(
        "pytorch", "1", ["none"], [catalogue.hub(on, repo_id, ["none"])],
        [catalogue.claim("Transformers", ["none"])], **more)])


def pull(family: Family, notes: Notes | None = None, *, quantization: str | None = None,
         hub: str | None = None, **options: object) -> Located:
    """Have the family's first combination on this machine."""
    manifest: Manifest = catalogue.manifest(family)
    wish = Wish(name=family.name, quantization=quantization, any_engine=True, hub=hub)
    return fetch.ensure(select(manifest, wish), fetch.Options(**options), notes)  # type: ignore[arg-type]


def refusal(family: Family, notes: Notes | None = None, **options: object) -> UserError:
    """The error that `pull` ends with."""
    with pytest.raises(UserError) as caught:
        pull(family, notes, **options)
    return caught.value


def runtime(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the `runtime` program as a process of its own."""
    return subprocess.run([sys.executable, "-m", "runtime.cli", *arguments], text=True,
                          capture_output=True, timeout=120, cwd=ROOT,
                          env={**os.environ, "PYTHONPATH": str(ROOT), **environment}, check=False)


def files_under(folder: Path) -> list[str]:
    """Every file under a folder, as relative paths; empty if it does not exist."""
    return sorted(path.relative_to(folder).as_posix()
                  for path in folder.rglob("*") if path.is_file())


def state_of(folder: Path) -> dict[str, object]:
    """The recorded state of a commit's folder."""
    found = json.loads((folder / ".modelbook.json").read_text())
    assert isinstance(found, dict)
    return found
