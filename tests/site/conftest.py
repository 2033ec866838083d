"""A copy of the project with the site built by the real Makefile, and Chromium to look at it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support.browser import SIZES, chromium, served, tab
from tests.support.project import ROOT, Project

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="session")
def built_project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The site as `make docs` builds it, in a folder with a space; not to be changed."""
    project = Project.copy(ROOT, tmp_path_factory.mktemp("site") / "a checkout")
    made = project.make("docs")
    assert made.returncode == 0, made.stdout + made.stderr
    return project


@pytest.fixture
def project(built_project: Project) -> Iterator[Project]:
    """The same copy for a test that edits it; afterwards it is as it was."""
    yield built_project
    built_project.restore()
    made = built_project.make("docs")
    assert made.returncode == 0, made.stdout + made.stderr


@pytest.fixture(scope="session")
def chinese_project(built_project: Project) -> Project:
    """The same with the Chinese site in it."""
    made = built_project.make("docs-zh")
    assert made.returncode == 0, made.stdout + made.stderr
    return built_project


@pytest.fixture(scope="session")
def address(built_project: Project) -> Iterator[str]:
    """The site as a web server gives it."""
    with served(built_project.html) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests."""
    with chromium() as running:
        yield running


@pytest.fixture(params=list(SIZES))
def page(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Page]:
    """A tab at the width of a phone, and one at that of a laptop."""
    with tab(browser, address, request.param) as page:
        yield page
