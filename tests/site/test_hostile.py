"""Text of a spec that would like to be a script, in every place of the live site that shows it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from tests.support.browser import served, tab
from tests.support.pages import compile_specs, family_yaml

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

#: Ends elements, comments, attributes and data; links and roles of reST and Markdown; templates.
TEXT = ('Wolf <img src=x onerror=alert(1)> </script><script>alert(2)</script> <!-- --> ]]> '
        '"x" onmouseover=alert(3) x="&lt;b&gt; ${alert(4)} {{ 7*7 }} `x <javascript:alert(5)>`_ '
        "[x](javascript:alert(6)) :ref:`x` |x| \\u0041")
BASE = "https://models.example/"
CONF = f"""\
extensions = ["compiler.sphinx"]
html_theme = "furo"
html_baseurl = "{BASE}"
smartquotes = False
modelbook_manifest = "manifest.json"
modelbook_engine_pages = "engines"
modelbook_summary = {TEXT!r}
"""
START = """\
Start
=====

.. model-catalogue::
   :plain:

.. toctree::

   models/llm/index
   engines/index
   verification
"""
PAGES = ("index", "models/llm/index", "models/llm/alpha", "models/llm/beta", "engines/index",
         "engines/llama-cpp", "verification", "genindex", "404", "search")
#: What runs on a page: handlers in attributes, addresses that are scripts, scripts with our text.
RUNS = """() => [...document.querySelectorAll("*")].filter(node =>
    [...node.attributes].some(each => /^on/i.test(each.name) && each.value.includes("alert")
        || /^\\s*javascript:/i.test(each.value))
    || node.localName === "script" && node.type !== "application/json"
        && node.textContent.includes("alert(")
    || node.localName === "img" && node.getAttribute("src") === "x").map(node => node.outerHTML)"""


def _family(name: str) -> str:
    """A family that says the text wherever a spec may say what it likes."""
    own = family_yaml(name, "").replace('description: ""', "\n".join([
        f"description: {json.dumps(TEXT)}", f"licence: {json.dumps(TEXT)}",
        'homepage: "https://example.org/\'onmouseover=alert(7)"', "deprecated:",
        '  since: "2026-01-01"', f"  reason: {json.dumps(TEXT)}"]))
    return own.replace("    hubs:", "\n".join([
        "    deprecated_quantizations:",
        f'      Q4_K_M: {{since: "2026-01-01", reason: {json.dumps(TEXT)}}}', "    hubs:"]))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = compile_specs(tmp_path_factory.mktemp("hostile"),
                        {name: _family(name) for name in ("alpha", "beta")})
    (out / "conf.py").write_text(CONF, encoding="utf-8")
    (out / "index.rst").write_text(START, encoding="utf-8")
    done = subprocess.run([sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", str(out),
                           str(out / "_html")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out / "_html"


@pytest.fixture
def page(browser: Browser, site: Path) -> Iterator[Page]:
    """A tab that fails where a dialog opens, a script goes wrong or another host is asked."""
    with served(site) as address, tab(browser, address, base_url=f"{address}/") as page:
        yield page


def words(page: Page) -> str:
    return " ".join((page.locator("article").text_content() or "").split())


@pytest.mark.parametrize("name", PAGES)
def test_nothing_of_a_spec_runs(page: Page, name: str) -> None:
    page.goto(f"{name}.html?memory=100&q=wolf", wait_until="load")
    assert page.evaluate(RUNS) == []


@pytest.mark.parametrize(("name", "most"), [
    ("models/llm/alpha", len(TEXT)),
    ("models/llm/index", 100),  # the table tells the beginning
])
def test_it_is_shown_as_it_was_written(page: Page, name: str, most: int) -> None:
    page.goto(f"{name}.html")
    assert TEXT[:most] in words(page)


def test_what_describes_the_page_to_others_is_one_text(page: Page) -> None:
    page.goto("models/llm/alpha.html")
    for place in ('meta[name="description"]', 'meta[property="og:description"]'):
        said = page.locator(place).get_attribute("content")
        assert said
        assert TEXT.startswith(said.rstrip("….")[:60])
    assert page.locator('meta[property="og:url"]').get_attribute("content") == (
        f"{BASE}models/llm/alpha.html")


def test_the_builder_tells_it_as_text(page: Page) -> None:
    page.goto("models/llm/alpha.html")
    page.locator(".mb-command code").wait_for()
    data = page.evaluate("JSON.parse(document.querySelector('.mb-builder-data').textContent)")
    assert any(TEXT in text for text in data["texts"])  # why a quantization is deprecated
    assert TEXT in (page.locator(".mb-told").text_content() or "")


def test_the_table_is_searched_for_it_and_an_address_is_a_text_too(page: Page) -> None:
    page.goto("models/llm/index.html?q=%3Cimg+src%3Dx+onerror%3Dalert(1)%3E")
    assert page.locator(".mb-search input").input_value() == "<img src=x onerror=alert(1)>"
    assert page.locator(".mb-catalogue tbody tr:not([hidden])").count() == 2
    page.locator(".mb-catalogue tbody tr").first.hover()
    assert page.locator(".mb-catalogue :is(img, script, b)").count() == 0


def test_the_search_of_the_site_shows_it_as_text(page: Page) -> None:
    page.goto("search.html?q=wolf")
    page.locator("#search-results li p.context").first.wait_for(timeout=60_000)
    assert page.evaluate(RUNS) == []


def test_lists_for_programs_keep_their_form(site: Path) -> None:
    tree = ElementTree.parse(site / "sitemap.xml")
    assert all((place.text or "").startswith(BASE) for place in tree.iter() if "loc" in place.tag)
    for name in ("llms.txt", "llms-full.txt"):
        text = (site / name).read_text(encoding="utf-8")
        assert "Wolf" in text
        assert "\\<img" in text
        assert "<script>" not in text.replace("\\<script\\>", "")
        assert "](javascript:" not in text.replace("\\](javascript:", "")
