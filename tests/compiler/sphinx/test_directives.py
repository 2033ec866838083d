"""What hand-written pages can use, and pages about engines, in real Sphinx."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from compiler.sphinx.engine_pages import pages
from compiler.sphinx.records import Site
from tests.compiler.sphinx.test_family_pages import MANIFEST, RECORDS, text
from tests.support.sphinx_project import SphinxProject

GUIDE = """Guide
=====

See :family:`star`, or :family:`the small one <DWARF>`.

.. launch-command:: star/8/gptq/Int4/vLLM

.. launch-command:: star
   :engine: llama.cpp

.. launch-command:: star
   :format: ggufv2
   :quantization: q4_k_m
   :hub: modelscope
   :badge:
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> SphinxProject:
    made = SphinxProject(tmp_path_factory.mktemp("directives"), MANIFEST, RECORDS,
                         pages={"guide": GUIDE})
    made.build()
    return made


def test_commands_are_those_of_the_runtime(project: SphinxProject) -> None:
    lines = re.findall(r"<pre>(.*?)\n?</pre>", project.page("guide"), re.S)
    plain = "runtime launch --model-engine {} --model-name star --size-in-billions 8 " \
        "--model-format {} --quantization {}"
    assert [re.sub(r"<[^>]+>|\s+$", "", line) for line in lines] == [
        plain.format("vLLM", "gptq", "Int4"), plain.format("llama.cpp", "ggufv2", "Q4_K_M"),
        plain.format("llama.cpp", "ggufv2", "Q4_K_M") + " --hub modelscope"]
    assert "answers · real weights" in text(project.page("guide"))


def test_the_role_links_to_a_page(project: SphinxProject) -> None:
    page = project.page("guide")
    assert re.search(r'href="out/models/llm/star.html#[^"]*"><span[^>]*>star<', page)
    assert re.search(r'href="out/models/llm/dwarf.html#[^"]*"><span[^>]*>the small one<', page)


@pytest.mark.parametrize(("content", "says"), [
    (":family:`stra`", "there is no model family 'stra'; did you mean star?"),
    (".. launch-command:: stra", "there is no model family 'stra'; did you mean star?"),
    (".. launch-command:: star/8/gptq/Int3/vLLM",
     "star/8/gptq/Int3/vLLM cannot be launched: vLLM loads gptq quantizations"),
    (".. launch-command:: star\n   :size: 9", "star has nothing with size 9"),
    (".. launch-command:: star/8", "'star/8' is neither a family nor the id"),
    (".. model-engine:: vlm", "there is no engine 'vlm'; did you mean vLLM?"),
])
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, content: str, says: str) -> None:
    project = SphinxProject(tmp_path, MANIFEST, pages={"guide": f"Guide\n=====\n\n{content}\n"})
    said = project.build("dummy", ok=False)
    assert says in said
    assert "guide.rst:4:" in said


def test_an_engine_page_says_what_it_loads(project: SphinxProject) -> None:
    page = text(project.page("out/engines/vllm"))
    for part in ("What it loads", "*4*", "What it does not load",
                 "(in several files): It opens one file.", "Linux", "How to have it"):
        assert part in page, part
    # Each of the four families is promised for it once; one was tried.
    assert re.search(r"pytorch all 1 passed 3 not verified", page)


def test_the_matrix_counts_what_was_tried(project: SphinxProject) -> None:
    page = project.page("out/engines/index")
    rows = {text(row).split()[0]: text(row) for row in re.findall(r"<tr.*?</tr>", page, re.S)}
    assert "1 passed 1 failed 1 not verified" in rows["llama.cpp"]
    assert "1 out of date" in rows["Transformers"]
    assert 'href="llama-cpp.html' in page


def test_pages_of_engines_that_are_gone_go_too(tmp_path: Path) -> None:
    project = SphinxProject(tmp_path, MANIFEST)
    project.build("dummy")
    assert {path.stem for path in (project.source / "out/engines").glob("*.rst")} == {
        "index", "llama-cpp", "mlx", "transformers", "vllm"}
    engines = [each for each in MANIFEST.engines if each.name != "MLX"]
    project.compile(msgspec.structs.replace(MANIFEST, engines=engines))
    project.build("dummy")
    assert not (project.source / "out/engines/mlx.rst").exists()


def test_an_engine_title_is_no_markup() -> None:
    engine = msgspec.structs.replace(MANIFEST.engines[0], name="a", title="*x* `y`_ |z|")
    page = pages(Site(msgspec.structs.replace(MANIFEST, engines=[engine])))["a.rst"]
    assert "\\*x\\* \\`y\\`\\_ \\|z\\|" in page
