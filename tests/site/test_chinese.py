"""The Chinese site in Chromium: nothing English is left in its frame, and the two sites link."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from compiler.sphinx.catalogue_rows import Wanted, rows
from runtime import manifest as manifests
from runtime.manifest import Manifest
from tests.support.browser import accessibility_faults, served, shot, tab
from tests.support.project import Project

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

INDEX = "generated/models/llm/index.html"
FAMILY = "generated/models/llm/smollm2.html"
PAGES = ("index.html", INDEX, FAMILY, "generated/verification.html", "generated/engines/index.html",
         "generated/engines/vllm.html", "guides/launch-a-model.html", "guides/downloads.html",
         "guides/run-on-gpus.html", "search.html", "404.html")
#: Everything that a page shows or tells a screen reader, but code, answers of models, and what is
#: marked as English.
SAID = """() => {
  const said = new Set()
  const add = text => {
    text = (text || '').replace(/\\s+/g, ' ').trim()
    if (text) said.add(text)
  }
  const skip = 'script, style, noscript, code, pre, [lang=en], .mb-answer'
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node; (node = texts.nextNode());)
    if (!node.parentElement.closest(skip)) add(node.textContent)
  for (const name of ['title', 'aria-label', 'placeholder', 'alt', 'data-tooltip', 'data-label'])
    for (const box of document.querySelectorAll(`body [${name}]`))
      if (!box.closest('[lang=en], svg')) add(box.getAttribute(name))
  add(document.title)
  return [...said]
}"""
#: Names and units, which no language translates.
NAMES = re.compile(
    r"\b(?:Modelbook|Xinference|Furo|English|The Modelbook authors|Sphinx|Python|JavaScript|OpenAI"
    r"|Hugging ?Face|ModelScope|PyPI|GPUStack|LM Studio|GitHub|Docker|NVIDIA|Linux|macOS|Windows"
    r"|CPU|GPU|CUDA|ROCm|Metal|Vulkan|cpu|cuda|metal|linux|x86_64|aarch64|arm64|AVX-?\d*|avx\w*"
    r"|YAML|JSON|JSON Schema|GGUF|GPTQ|AWQ|FP8|SHA-256|HTTPS?|URL|API|wheel|token|Billion|Ctrl-C"
    r"|bfloat16|float32|bitsandbytes|HBM3|PATH|Apple|SmolLM2?|Seed-OSS|Wolfgang|[GMTK]i?B)\b")
_LINK = re.compile(r"https?://\S+|--[a-z-]+")  # or an option
#: What an engine's log says stands after this, in its own words.
_LOG = re.compile(r"(?:以代码 \d+ 退出|终止)：.*")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
#: In a Chinese sentence names stand by themselves; two small words in a row are English.
_WORD, _WORDS = re.compile(r"[A-Za-z]{3,}"), re.compile(r"\b[a-z]{2,} [a-z]{2,}\b")


def names_of(known: Manifest) -> list[str]:
    """What the manifest calls things, the longest first, or what is left of one would be a word."""
    found = {each.name for several in (known.families, known.engines, known.formats)
             for each in several}
    for family in known.families:
        found |= {family.slug, family.licence or "", *family.architectures}
        for spec in family.specs:
            found |= {spec.variant or "", *spec.quantizations}
            for hub in spec.hubs:
                found |= {hub.repo_id, hub.repo_id.partition("/")[0], hub.revision or ""}
                found |= {hub.repo_id.replace("{quantization}", name) for name in hub.quantizations}
    for engine in known.engines:
        found |= {engine.title, *engine.architectures}
        found |= {provider.name for provider in engine.providers}
    return sorted(filter(None, found), key=len, reverse=True)


def english(said: list[str], names: list[str]) -> list[str]:
    """Those with an English word in them that is no name."""
    found = []
    for text in said:
        wrong = _WORDS if _CHINESE.search(text) else _WORD
        rest = _LOG.sub("", _LINK.sub("", text))
        for name in names if wrong.search(rest) else ():
            rest = rest.replace(name, "")
        if wrong.search(NAMES.sub("", rest)):
            found.append(text)
    return found


@pytest.fixture(scope="module")
def site(chinese_project: Project) -> Iterator[str]:
    with served(chinese_project.html) as address:
        yield address


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    with tab(browser, site) as page:
        yield page


@pytest.fixture(scope="module")
def names(chinese_project: Project) -> list[str]:
    return names_of(manifests.load(chinese_project.generated / "manifest.json"))


@pytest.mark.parametrize("name", PAGES)
def test_no_english_is_left_on_a_page(page: Page, site: str, name: str, names: list[str]) -> None:
    page.goto(f"{site}/zh/{name}", wait_until="load")
    shot(page, f"zh-{name}")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    for fold in page.locator("details").all():
        fold.evaluate("fold => fold.open = true")
    assert english(page.evaluate(SAID), names) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_a_phone(browser: Browser, site: str, name: str) -> None:
    with tab(browser, site, "phone") as page:
        page.goto(f"{site}/zh/{name}", wait_until="load")
        shot(page, f"zh-{name}")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


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


def test_search_engines_are_told_of_a_page_in_each_language(page: Page, site: str) -> None:
    for start in ("", "zh/"):
        page.goto(f"{site}/{start}{FAMILY}")
        assert page.evaluate("""Object.fromEntries([...document.querySelectorAll(
            'head link[rel=alternate][hreflang]')].map(link => [link.hreflang, link.href]))""") == {
                "en": f"{site}/{FAMILY}", "zh-CN": f"{site}/zh/{FAMILY}",
                "x-default": f"{site}/{FAMILY}"}
        page.goto(f"{site}/{start}404.html")
        assert page.locator("link[hreflang]").count() == 0


def test_the_list_for_programs_has_chinese_headings(chinese_project: Project) -> None:
    said = (chinese_project.html / "zh/llms.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in said if line.startswith("#")] == [
        "# Modelbook", "## 页面", "## 模型", "## Optional"]  # the standard's own word
    assert _CHINESE.search(next(line for line in said if line.startswith("> ")))


def test_a_page_without_translation_says_so_in_chinese(page: Page, site: str) -> None:
    page.goto(f"{site}/zh/reference/api.html")
    assert "尚未翻译" in page.locator(".untranslated").inner_text()
    for name in ("index.html", "guides/launch-a-model.html", INDEX):
        page.goto(f"{site}/zh/{name}")
        assert page.locator(".untranslated").count() == 0


def test_a_lost_address_is_answered_in_chinese_from_anywhere(page: Page, site: str) -> None:
    page.goto(f"{site}/zh/404.html")
    assert page.locator("base").get_attribute("href") == "/zh/"
    assert page.locator('meta[name="description"], meta[property="og:title"]').count() == 0
    page.get_by_role("link", name="前往首页").click()
    assert page.url == f"{site}/zh/index.html"
    assert page.locator('meta[property="og:locale"]').get_attribute("content") == "zh_CN"
    page.goto(f"{site}/zh/404.html")
    page.locator(".language-switch").get_by_role("link", name="English").click()
    assert page.url == f"{site}/404.html"


@pytest.mark.parametrize(("words", "found"), [
    ("孪生模型", "用孪生模型验证"),  # a word in the middle of sentences
    ("注意力头数", "在 GPU 上运行"),  # several words together
    ("锁", "锁定一个系列"),  # one character
    ("nvidia-smi", "在 GPU 上运行"),  # what is Latin is found as on the English site
])
def test_chinese_words_are_found(page: Page, site: str, words: str, found: str) -> None:
    page.goto(f"{site}/zh/search.html?q={words}")
    page.locator("#search-results").get_by_role("link", name=found).first.wait_for(timeout=60_000)


def test_a_reason_without_translation_is_marked_as_english(page: Page, site: str) -> None:
    """The builder is told which texts are English; here one is made so."""
    page.route("**/seed-oss.html*", lambda route: route.fulfill(
        status=200, content_type="text/html; charset=utf-8",
        body=_with_english(route.fetch().text())))
    page.goto(f"{site}/zh/generated/models/llm/seed-oss.html?format=mlx#launch")
    page.locator(".mb-engine .mb-fold > summary").click()
    marked = page.locator('.mb-why[lang="en"]')
    assert marked.count() > 0


def _with_english(html: str) -> str:
    before, mark, rest = html.partition('class="mb-builder-data">')
    text, end, after = rest.partition("</script>")
    data = json.loads(text)
    data["english"] = [number for number, text in enumerate(data["texts"]) if "MB301" in text]
    return f"{before}{mark}{json.dumps(data)}{end}{after}"


def test_chinese_pages_have_contrast_and_labels(page: Page, site: str) -> None:
    for name in (INDEX, FAMILY):
        page.goto(f"{site}/zh/{name}")
        assert accessibility_faults(page) == []
