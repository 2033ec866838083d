"""The Chinese site in Chromium: nothing English is left in its frame, and the two sites link."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from compiler.sphinx.catalogue_rows import Wanted, rows
from runtime import manifest as manifests
from tests.support.browser import accessibility_faults, served, shot, tab
from tests.support.project import Project

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

INDEX = "generated/models/llm/index.html"
FAMILY = "generated/models/llm/smollm2.html"
PAGES = ("index.html", INDEX, FAMILY, "generated/verification.html", "generated/engines/index.html",
         "guides/launch-a-model.html", "guides/add-a-family.html", "search.html")
#: Names, which no language translates.
NAMES = re.compile(r"Modelbook|Xinference|Furo|English|The Modelbook authors|Hugging Face"
                   r"|ModelScope|Sphinx|Python|GPU|YAML|OpenAI|Ctrl|JSON|token|GB|MB")
#: Everything that is said by the site itself: around the article, and in it the labels of facts,
#: headings of tables, buttons, fields and folds; never what specs say, commands or code.
FRAME = """() => {
  const said = new Set()
  const add = (text) => {
    text = (text || '').replace(/\\s+/g, ' ').trim()
    if (text) said.add(text)
  }
  const own = (node) => !node.closest('code, pre, .title, svg use')
  const walk = (root, skip) => {
    const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
    for (let node; (node = texts.nextNode());) {
      const box = node.parentElement
      if (box.closest(skip) || box.closest('script, style, code, pre, .title, .page-info')) continue
      add(node.textContent)
    }
  }
  walk(document.body, 'article, .toc-tree')
  for (const box of document.querySelectorAll(`article :is(thead th, label, legend, summary, button,
      caption, .caption-text, .mb-count, .mb-note, .admonition-title, .untranslated p)`))
    if (own(box) && !box.closest('.mb-option, .mb-field select')) add(box.textContent)
  for (const box of document.querySelectorAll('.mb-catalogue td, .mb-catalogue option'))
    add(box.dataset.label)
  for (const box of document.querySelectorAll('article li > p > strong:first-child'))
    add(box.textContent)
  for (const name of ['title', 'aria-label', 'placeholder', 'alt', 'data-tooltip'])
    for (const box of document.querySelectorAll(`body [${name}]`)) add(box.getAttribute(name))
  return [...said]
}"""


@pytest.fixture(scope="module")
def site(chinese_project: Project) -> Iterator[str]:
    with served(chinese_project.html) as address:
        yield address


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    with tab(browser, site) as page:
        yield page


def english(said: list[str], names: set[str]) -> list[str]:
    """Those with an English word in them that is no name."""
    found = []
    for text in said:
        rest = NAMES.sub("", text)
        for name in sorted(names, key=len, reverse=True):  # or what is left of one would be a word
            rest = rest.replace(name, "")
        if re.search(r"[A-Za-z]{3,}", rest):
            found.append(text)
    return found


@pytest.mark.parametrize("name", PAGES)
def test_no_english_is_left_in_the_frame(page: Page, site: str, name: str,
                                         chinese_project: Project) -> None:
    page.goto(f"{site}/zh/{name}", wait_until="load")
    shot(page, f"zh-{name}")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    known = manifests.load(chinese_project.generated / "manifest.json")
    names = {each.name for several in (known.families, known.engines, known.formats)
             for each in several}
    assert english(page.evaluate(FRAME), names) == []


def test_filters_work_and_count_in_chinese(page: Page, site: str,
                                           chinese_project: Project) -> None:
    known = manifests.load(chinese_project.generated / "manifest.json")
    page.goto(f"{site}/zh/{INDEX}?ability=tools&memory=8")
    expected = len(rows(known, Wanted(abilities=("tools",), megabytes=8000)))
    assert page.get_by_role("status").text_content() == (
        f"{len(known.families)} 个模型中的 {expected} 个")
    assert page.locator(".mb-fit").first.text_content().startswith("可容纳：")  # type: ignore[union-attr]
    assert "日语" in page.get_by_role("search").get_by_label("语言").text_content()  # type: ignore[operator]


def test_each_page_links_to_itself_in_the_other_language(page: Page, site: str) -> None:
    page.goto(f"{site}/{FAMILY}")
    page.get_by_role("link", name="简体中文").click()
    assert page.url == f"{site}/zh/{FAMILY}"
    page.get_by_role("link", name="English").click()
    assert page.url == f"{site}/{FAMILY}"


def test_a_page_without_translation_says_so_in_chinese(page: Page, site: str) -> None:
    page.goto(f"{site}/zh/guides/add-a-family.html")
    assert page.locator(".untranslated").inner_text().startswith("注解") or (
        "尚未翻译" in page.locator(".untranslated").inner_text())
    page.goto(f"{site}/zh/guides/launch-a-model.html")
    assert page.locator(".untranslated").count() == 0


def test_chinese_pages_have_contrast_and_labels(page: Page, site: str) -> None:
    for name in (INDEX, FAMILY):
        page.goto(f"{site}/zh/{name}")
        assert accessibility_faults(page) == []
