"""Fixtures: the family's specs, and a hub that holds it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compiler.lock import catalogue
from tests.support.hubs import home, hub  # noqa: F401 - fixtures
from tests.support.hubserver import HubServer


@pytest.fixture
def specs(tmp_path: Path, hub: HubServer) -> Path:  # noqa: F811 - the fixture
    catalogue.serve(hub)
    return catalogue.specs_folder(tmp_path)
