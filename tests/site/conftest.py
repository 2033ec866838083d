"""Copies of the project with the site built in them by the real Makefile."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.project import ROOT, Project


@pytest.fixture(scope="session")
def built_project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The site as `make docs` builds it, in a folder with a space; not to be changed."""
    project = Project.copy(ROOT, tmp_path_factory.mktemp("site") / "a checkout", built=False)
    made = project.make("docs")
    assert made.returncode == 0, made.stdout + made.stderr
    return project


@pytest.fixture
def project(built_project: Project, tmp_path: Path) -> Project:
    """A built copy that a test may change."""
    copy = Project.copy(built_project.folder, tmp_path / "my checkout", built=True)
    made = copy.make("docs")  # Sphinx's own caches know the old folder
    assert made.returncode == 0, made.stdout + made.stderr
    return copy
