"""A build reads again only what changed, and several processes write what one does."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from runtime.manifest import Manifest
from tests.compiler.sphinx.test_family_pages import MANIFEST, RECORDS, record
from tests.support.sphinx_project import SphinxProject

GUIDE = "Guide\n=====\n\n.. launch-command:: star\n\n:family:`dwarf`\n"


@pytest.fixture
def project(tmp_path: Path) -> SphinxProject:
    made = SphinxProject(tmp_path, MANIFEST, RECORDS, pages={"guide": GUIDE})
    # The guide, the start, four families and their index, verification, four engines and theirs.
    assert made.read_again() == (13, 0, 0)
    return made


def changed(name: str, **facts: object) -> Manifest:
    families = [msgspec.structs.replace(each, **facts) if each.name == name else each
                for each in MANIFEST.families]
    return msgspec.structs.replace(MANIFEST, families=families)


def reads(project: SphinxProject) -> set[str]:
    """The pages that the next build reads."""
    said = project.build("html", "-v")
    told = said.partition("looking for now-outdated")[0]
    return {name for name in ("guide", "out/models/llm/star", "out/models/llm/dwarf",
                              "out/models/llm/far", "out/engines/vllm")
            if re.search(rf"(?m)^reading sources\.\.\. \[ *\d+%\] {name}$", told)}


def test_nothing_changed_nothing_is_read(project: SphinxProject) -> None:
    assert project.read_again() == (0, 0, 0)


def test_a_fact_that_the_page_does_not_print_reads_its_family_again(
        project: SphinxProject) -> None:
    before = (project.source / "out/models/llm/star.rst").read_bytes()
    project.compile(changed("star", stop=["x"]), RECORDS)
    assert (project.source / "out/models/llm/star.rst").read_bytes() == before
    assert reads(project) == {"out/models/llm/star", "guide"}


def test_a_family_that_is_not_shown_elsewhere_is_read_alone(project: SphinxProject) -> None:
    project.compile(changed("far", stop=["x"]), RECORDS)
    assert reads(project) == {"out/models/llm/far"}


def test_a_new_record_shows_on_its_pages(project: SphinxProject) -> None:
    assert "not verified" in project.model("dwarf")
    project.compile(MANIFEST, [*RECORDS, record("dwarf/1/pytorch/none/vLLM")])
    assert reads(project) >= {"out/models/llm/dwarf", "out/engines/vllm", "guide"}
    assert "answers · real weights" in project.model("dwarf")


def test_an_engine_fact_reads_everything_that_stands_on_it(project: SphinxProject) -> None:
    engines = [msgspec.structs.replace(each, description="Other.") for each in MANIFEST.engines]
    project.compile(msgspec.structs.replace(MANIFEST, engines=engines), RECORDS)
    assert reads(project) >= {"out/models/llm/star", "out/engines/vllm", "guide"}


def test_several_processes_write_the_same(project: SphinxProject, tmp_path: Path) -> None:
    many = SphinxProject(tmp_path / "many", MANIFEST, RECORDS, pages={"guide": GUIDE})
    many.build("html", "-j", "3")
    assert many.read_again("-j", "3") == (0, 0, 0)
    for page in ("guide", "out/models/llm/star", "out/models/llm/wild", "out/engines/index"):
        assert many.page(page) == project.page(page)
