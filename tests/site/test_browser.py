"""The built site in real Chromium, at the widths of a phone and a laptop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.browser import shot, tab

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

PAGES = (
    "index.html",
    "guides/launch-a-model.html",
    "guides/add-a-family.html",
    "reference/spec-language.html",
    "reference/cli.html",
    "reference/exit-codes.html",
    "generated/rules/index.html",
    "architecture.html",
    "generated/models/llm/index.html",
    "generated/models/llm/seed-oss.html",
    "generated/models/llm/smollm2.html",
    "search.html",
    "genindex.html",
)


@pytest.mark.parametrize("name", PAGES)
def test_page_fits_its_screen(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}/{name}", wait_until="load")
    shot(page, name)
    # The theme lets its whole content column scroll; to a reader that is the page.
    for box in ("html", ".content"):
        needs, has = page.eval_on_selector(box, "node => [node.scrollWidth, node.clientWidth]")
        assert needs <= has, f"{box} is {needs} px wide on {has} px"
    # What is wider than the screen must lie in a box that scrolls, or nobody can read its end.
    cut = page.evaluate("""() => [
        ...document.querySelectorAll('article table, article pre, article code')]
        .filter(node => {
            const box = node.getBoundingClientRect()
            return Math.max(box.right, box.left + node.scrollWidth) > window.innerWidth + 1 })
        .filter(node => {
            for (let box = node; !box.matches('.content'); box = box.parentElement)
                if (['auto', 'scroll'].includes(getComputedStyle(box).overflowX)) return false
            return true })
        .map(node => node.textContent.slice(0, 60))""")
    assert cut == []


def test_a_table_that_scrolls_is_reached_by_keyboard(browser: Browser, address: str) -> None:
    with tab(browser, address, "phone") as page:
        page.goto(f"{address}/generated/engines/index.html")
        page.get_by_role("region", name="Engines").focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_function("document.activeElement.scrollLeft > 0")


def test_command_is_copied_as_it_must_be_typed(page: Page, address: str) -> None:
    page.goto(f"{address}/guides/launch-a-model.html")
    block = page.locator("div.highlight", has_text="--model-name smollm2").first
    block.hover()
    block.locator("button.copybtn").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == ("runtime launch --model-engine llama.cpp --model-name smollm2 "
                              "--size-in-billions 0_135 --model-format ggufv2 --quantization Q4_1")


def test_dark_is_dark(page: Page, address: str) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto(f"{address}/index.html")
    shot(page, "index-dark.html")
    red, green, blue = page.evaluate(
        "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)")
    assert max(red, green, blue) < 60


def test_search_finds_a_family(page: Page, address: str) -> None:
    page.goto(f"{address}/search.html?q=smollm2")
    page.locator("#search-results a", has_text="smollm2").first.wait_for(timeout=15_000)
