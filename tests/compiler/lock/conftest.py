"""Fixtures: the family's specs, and a hub that holds it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.compiler.lock import catalogue
from tests.support.hubs import home, hub  # noqa: F401 - fixtures
from tests.support.hubserver import HubServer
from tests.support.indexserver import IndexServer


@pytest.fixture
def specs(tmp_path: Path, hub: HubServer) -> Path:  # noqa: F811 - the fixture
    catalogue.serve(hub)
    return catalogue.specs_folder(tmp_path)


@pytest.fixture
def index(home: Path, tmp_path: Path,  # noqa: F811 - the fixture
          monkeypatch: pytest.MonkeyPatch) -> Iterator[IndexServer]:
    for name in (*(name for name in os.environ if name.startswith("PIP_")), "http_proxy",
                 "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "pip-cache"))
    with IndexServer() as server:
        monkeypatch.setenv("PIP_INDEX_URL", server.url)
        yield server
