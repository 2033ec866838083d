"""`.. model-catalogue::` and the generated index, in real Sphinx: what they show of a manifest."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest

from compiler.sphinx.catalogue_rows import Wanted, rows
from runtime.manifest import EngineClaim, Family
from tests.support.catalogue import family, hub, spec
from tests.support.pages import compile_specs, family_yaml
from tests.support.specs import shipped_manifest

HOSTILE = '<img src=x onerror=alert(1)> "quoted" & `x <javascript:y>`_'
CONF = ('extensions = ["compiler.sphinx"]\nhtml_theme = "furo"\nsmartquotes = False\n'
        'modelbook_manifest = "manifest.json"\nexclude_patterns = []\n')


class Table(HTMLParser):
    """The names of a table's rows, their cells, and every element that there is."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.elements: set[str] = set()
        self.text = ""
        self._in_name = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        if tag == "th" and ("scope", "row") in attrs:
            self.names.append("")
            self._in_name = True
        elif tag == "p":
            self._in_name = False

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._in_name:
            self.names[-1] += data


def names(wanted: Wanted) -> set[str]:
    return {row.family.name for row in rows(shipped_manifest(), wanted)}


def test_all_families_are_in_the_table_by_name() -> None:
    found = [row.family.name for row in rows(shipped_manifest())]
    assert found == sorted((each.name for each in shipped_manifest().families), key=str.casefold)


def test_abilities_have_to_hold_together() -> None:
    both = names(Wanted(abilities=("chat", "tools")))
    assert both == names(Wanted(abilities=("chat",))) & names(Wanted(abilities=("tools",)))
    assert both < names(Wanted(abilities=("chat",)))


def test_memory_engine_format_and_size_hold_for_one_quantization() -> None:
    """A family with a small GGUF and a large folder has no small folder."""
    mixed = family("mixed", [
        spec("ggufv2", "1", ["Q4_K_M"], [hub("huggingface", "a/b", ["Q4_K_M"], file_template="x")],
             [EngineClaim(engine="llama.cpp", quantizations=["Q4_K_M"])]),
        spec("pytorch", "70", ["none"], [hub("huggingface", "a/c", ["none"])],
             [EngineClaim(engine="vLLM", quantizations=["none"])])])
    (row,) = rows(_manifest(mixed))

    def fits(**what: object) -> bool:
        return Wanted(**what).admits(row)  # type: ignore[arg-type]

    assert fits(megabytes=8000)
    assert fits(formats=("pytorch",))
    assert not fits(megabytes=8000, formats=("pytorch",))
    assert not fits(megabytes=8000, engines=("vLLM",))
    assert not fits(megabytes=8000, least_size=Decimal(2))
    assert fits(megabytes=200_000, engines=("vLLM",), least_size=Decimal(2))


def test_a_refuted_or_deprecated_quantization_fits_nowhere() -> None:
    made = family("gone", [spec(
        "ggufv2", "1", ["Q2_K"], [hub("huggingface", "a/b", ["Q2_K"], file_template="x")],
        [EngineClaim(engine="llama.cpp", quantizations=["Q2_K"],
                     refuted={"Q2_K": "MB304 no"})])])
    (row,) = rows(_manifest(made))
    assert row.least_memory is None
    assert not Wanted(megabytes=8000).admits(row)
    assert Wanted().admits(row)


def _manifest(*families: Family) -> object:
    from msgspec.structs import replace

    return replace(shipped_manifest(), families=list(families))


@pytest.fixture
def compiled(tmp_path: Path) -> Path:
    """A Sphinx project with the pages of two families."""
    out = compile_specs(tmp_path, {"alpha": family_yaml("alpha", HOSTILE),
                                   "beta": family_yaml("beta", "Plain.")})
    (out / "conf.py").write_text(CONF)
    (out / "index.rst").write_text("Start\n=====\n\n.. toctree::\n\n   models/llm/index\n")
    return out


def build(source: Path, builder: str = "html") -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "sphinx", "-b", builder, "-n", "-W",
                           "--keep-going", "-q", str(source), str(source / "_out" / builder)],
                          capture_output=True, text=True, check=False, timeout=120)


def test_index_page_gets_the_table_and_text_stays_literal(compiled: Path) -> None:
    done = build(compiled)
    assert done.returncode == 0, done.stderr
    html = (compiled / "_out/html/models/llm/index.html").read_text(encoding="utf-8")
    article = html[html.index("<article"):html.index("</article")]
    table = Table(article)
    assert table.names == ["alpha", "beta"]
    assert 'href="alpha.html"' in article
    assert HOSTILE in " ".join(table.text.split())
    assert table.elements.isdisjoint({"img", "script"})
    assert "modelbook-catalogue.js" in html
    family_page = (compiled / "_out/html/models/llm/alpha.html").read_text(encoding="utf-8")
    assert "modelbook-catalogue.js" not in family_page


def test_directive_narrows_the_table_and_can_be_plain(compiled: Path) -> None:
    (compiled / "own.rst").write_text(
        ":orphan:\n\nOwn\n===\n\n.. model-catalogue::\n   :text: plain\n   :abilities: Chat\n"
        "   :memory: 900GB\n   :plain:\n")
    done = build(compiled)
    assert done.returncode == 0, done.stderr
    html = (compiled / "_out/html/own.html").read_text(encoding="utf-8")
    table = Table(html[html.index("<article"):html.index("</article")])
    assert table.names == ["beta"]
    assert "form" not in table.elements


def test_other_formats_show_a_plain_table(compiled: Path) -> None:
    (compiled / "own.rst").write_text(":orphan:\n\nOwn\n===\n\n.. model-catalogue::\n")
    done = build(compiled, "text")
    assert done.returncode == 0, done.stderr
    text = (compiled / "_out/text/own.txt").read_text(encoding="utf-8")
    assert "alpha" in text
    assert "beta" in text


@pytest.mark.parametrize(("option", "said"), [
    (":engines: llama.cp", "did you mean llama.cpp"),
    (":abilities: juggling", "no family has 'juggling'"),
    (":memory: lots", "not an amount of memory"),
    (":least-size: big", "a size is a number of billions"),
])
def test_a_wrong_option_says_what_is_wrong(compiled: Path, option: str, said: str) -> None:
    (compiled / "own.rst").write_text(
        f":orphan:\n\nOwn\n===\n\n.. model-catalogue::\n   {option}\n")
    done = build(compiled)
    assert done.returncode != 0
    assert said in done.stderr
    assert "own.rst:6" in done.stderr


def test_a_changed_family_changes_the_table_in_the_next_build(compiled: Path,
                                                              tmp_path: Path) -> None:
    (compiled / "own.rst").write_text(":orphan:\n\nOwn\n===\n\n.. model-catalogue::\n")
    assert build(compiled).returncode == 0
    text = (tmp_path / "specs/families/beta.yaml").read_text(encoding="utf-8")
    (tmp_path / "specs/families/beta.yaml").write_text(text.replace("Plain.", "Changed words."))
    from compiler.cli import main

    assert main(["build", "--specs", str(tmp_path / "specs"), "--out", str(compiled)]) == 0
    assert build(compiled).returncode == 0
    for page in ("own.html", "models/llm/index.html"):
        assert "Changed words." in (compiled / "_out/html" / page).read_text(encoding="utf-8")
