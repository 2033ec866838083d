"""Hostile specs through real Sphinx: no warning, and the HTML shows the very text."""

from __future__ import annotations

from pathlib import Path

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from compiler.emit import profiles
from compiler.emit.pages import render
from runtime.manifest import Deprecation, Family
from runtime.naming import slug
from tests.compiler.emit.test_escape import HOSTILE, shown
from tests.support.catalogue import claim, family, hub, manifest, spec
from tests.support.pages import ROOT, body, build_html, field, heading

NAMES = [
    "书生", "千问大模型", "通义千问 Qwen2.5", "한국어", "Ｑｗｅｎ", "Qwen 🚀", "qwen_", "a__",
    "*star*", "`code`", "|pipe|", "A. name", "x <y>", "!ref <models_llm_index>", "- list", "====",
    "C:\\x\\", "name::", "a@b.c", "https://a.b/c", "[1]_", "1) one", "x" * 100, "\N{ROCKET}" * 50,
]


def hostile_family(name: str, text: str, page: str) -> Family:
    """A family in which every free text is hostile."""
    gone = Deprecation(since="2026-01-02", reason=text, renamed_to=name)
    specs = [spec("pytorch", "0_5", ["none", "Q4_", "a__", "*"], [
        hub("huggingface", "o/a_`<>{x}", ["none", "Q4_", "a__"]),
        hub("modelscope", "o/{quantization}_", ["none", "*"], revision="v1_`")],
        [claim("vLLM", ["none", "a__"], **{"Q4_": f"MB302 {text}"}), claim("e_", ["none"])],
        trust_remote_code=True, deprecated_quantizations={"Q4_": gone})]
    made = family(name, specs, description=text, languages=["en", "x_"], abilities=["chat"],
                  licence=text, homepage="https://a.b/c_?d=`e`", deprecated=gone)
    return msgspec.structs.replace(made, slug=page)


@settings(max_examples=2, deadline=None, phases=[Phase.generate],
          suppress_health_check=list(HealthCheck))
@given(st.lists(HOSTILE.filter(lambda text: shown(text).strip()), min_size=100, max_size=100,
                unique=True))
def test_hostile_text_in_one_build(tmp_path_factory, texts: list[str]):
    texts = [text.replace("\n", " ") for text in texts]
    families = [hostile_family(f"f{number}", text, f"f{number}")
                for number, text in enumerate(texts)]
    pages = render(manifest(*families), profiles.find("modelbook"))
    html = build_html(tmp_path_factory.mktemp("hostile"), pages)
    for number, text in enumerate(texts):
        page = html / f"models/llm/f{number}.html"
        assert field(page, "Description") == " " + shown(text)
        assert field(page, "Verification") == " not verified"
        assert not [*body(page).all("script"), *body(page).all("img"), *body(page).all("iframe")]
        for link in body(page).all("a"):
            assert (link.attributes["href"] or "").startswith(("https://", "#", "f"))


def test_hostile_names_are_headings_and_links(tmp_path: Path):
    families = [hostile_family(name, "text", slug(name)) for name in NAMES]
    pages = render(manifest(*families), profiles.find("modelbook"))
    html = build_html(tmp_path, pages)
    for made in families:
        page = html / f"models/llm/{made.slug}.html"
        assert heading(page) == made.name
        assert field(page, "Model Name") == " " + made.name
    index = body(html / "models/llm/index.html")
    cells = [link.text() for table in index.all("table") for link in table.all("a")]
    assert cells == NAMES


def test_text_of_several_lines_keeps_them(tmp_path: Path):
    text = (".. note to reader\nuses *-aes\n\n   indented\nA. Smith\n- 7B\nFormats::\n"
            ">>> print(1)\nC:\\x\\")
    pages = render(manifest(family("x", hostile_family("x", "t", "x").specs, description=text)),
                   profiles.find("modelbook"))
    html = build_html(tmp_path, pages)
    assert field(html / "models/llm/x.html", "Description").strip() == text
    lines = [element.text().rstrip("\n") for element in body(html / "models/llm/x.html").all("div")
             if element.attributes.get("class") == "line"]
    assert lines == text.split("\n")


def test_a_line_of_any_length_is_shown(tmp_path: Path):
    text = "long_ *word* " * 4000 + "end"
    pages = render(manifest(family("x", hostile_family("x", "t", "x").specs, description=text)),
                   profiles.find("modelbook"))
    assert field(build_html(tmp_path, pages) / "models/llm/x.html", "Description") == " " + text


def test_the_page_that_started_it_builds_too(tmp_path: Path):
    source = (ROOT / "tests/golden/seed-oss.rst").read_text(encoding="utf-8")
    index = ".. _models_llm_index:\n\nModels\n======\n\n.. toctree::\n\n   seed-oss\n"
    html = build_html(tmp_path, {"models/llm/seed-oss.rst": source, "models/llm/index.rst": index})
    assert heading(html / "models/llm/seed-oss.html") == "seed-oss"
