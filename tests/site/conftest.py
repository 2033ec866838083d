"""A copy of the project with the site built in it by the real Makefile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.project import ROOT, Project


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
