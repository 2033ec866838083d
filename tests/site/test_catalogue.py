"""The table of all families in Chromium: filters, order, addresses, keyboard, phones."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compiler.sphinx.catalogue_rows import Wanted, rows
from runtime import manifest as manifests
from runtime.manifest import Manifest
from runtime.select import Wish, select
from tests.support.browser import accessibility_faults, shot, tab
from tests.support.project import Project

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

INDEX = "generated/models/llm/index.html"
#: Query of an address → the same wish for the function that knows.
WISHES = {
    "": Wanted(),
    "q=qwen+vision": Wanted(text="qwen vision"),
    "ability=chat&ability=tools": Wanted(abilities=("chat", "tools")),
    "memory=8": Wanted(megabytes=8000),
    "ability=chat&ability=tools&memory=8": Wanted(abilities=("chat", "tools"), megabytes=8000),
    "engine=llama.cpp&memory=4.5": Wanted(engines=("llama.cpp",), megabytes=4500),
    "format=awq&least=30&most=40": Wanted(formats=("awq",), least_size=Decimal(30),
                                          most_size=Decimal(40)),
    "language=ja&context=131072": Wanted(languages=("ja",), context_length=131072),
    "engine=MLX&format=mlx&memory=16": Wanted(engines=("MLX",), formats=("mlx",),
                                              megabytes=16000),
    "q=nothing+is+called+so": Wanted(text="nothing is called so"),
}


@pytest.fixture(scope="module")
def manifest(built_project: Project) -> Manifest:
    return manifests.load(built_project.generated / "manifest.json")


@pytest.fixture
def laptop(browser: Browser, address: str) -> Iterator[Page]:
    with tab(browser, address) as page:
        yield page


def shown(page: Page) -> list[str]:
    """The names of the families that are to be seen, in order."""
    return page.eval_on_selector_all(
        ".mb-catalogue tbody tr:not([hidden])",
        "rows => rows.map(row => row.cells[0].querySelector('a').textContent)")


@pytest.mark.parametrize("query", WISHES)
def test_an_address_shows_what_the_compiler_would_choose(
    laptop: Page, address: str, manifest: Manifest, query: str
) -> None:
    laptop.goto(f"{address}/{INDEX}?{query}")
    expected = [row.family.name for row in rows(manifest, WISHES[query])]
    assert shown(laptop) == expected
    said = laptop.get_by_role("status").text_content()
    assert said == f"{len(expected)} of {len(manifest.families)} models"
    assert laptop.locator(".mb-none").is_visible() == (not expected)


def test_filters_are_kept_in_the_address_and_read_from_it(laptop: Page, address: str) -> None:
    laptop.goto(f"{address}/{INDEX}?other=kept#models-llm-index")
    laptop.get_by_label("Search", exact=True).nth(-1).fill("qwen")
    laptop.get_by_label("tools").check()
    laptop.get_by_label("Engine").select_option("llama.cpp")
    laptop.get_by_label("Fits in memory").fill("12")
    laptop.get_by_label("Order").select_option("-context")
    found = shown(laptop)
    assert found
    assert laptop.url.endswith("?other=kept&q=qwen&ability=tools&memory=12&engine=llama.cpp"
                               "&sort=-context#models-llm-index")
    laptop.reload()
    assert shown(laptop) == found
    assert laptop.get_by_label("Fits in memory").input_value() == "12"
    laptop.get_by_role("button", name="Clear all").click()
    laptop.wait_for_function("!location.search.includes('q=')")
    assert laptop.url.endswith("?other=kept#models-llm-index")


def test_an_address_that_makes_no_sense_shows_everything(
    laptop: Page, address: str, manifest: Manifest
) -> None:
    laptop.goto(f"{address}/{INDEX}?engine=none&sort=no&memory=x&ability=%3Cb%3E&least=")
    assert len(shown(laptop)) == len(manifest.families)


def test_the_keyboard_orders_the_table_and_says_how(
    laptop: Page, address: str, manifest: Manifest
) -> None:
    laptop.goto(f"{address}/{INDEX}")
    head = laptop.get_by_role("columnheader", name="Context")
    assert laptop.get_by_role("columnheader", name="Model").get_attribute("aria-sort") == (
        "ascending")
    laptop.get_by_role("button", name="Context").focus()
    lengths = {family.name: family.context_length for family in manifest.families}
    for way in ("ascending", "descending"):
        laptop.keyboard.press("Enter")
        assert head.get_attribute("aria-sort") == way
        ordered = [lengths[name] for name in shown(laptop)]
        assert ordered == sorted(ordered, reverse=way == "descending")
    assert laptop.get_by_label("Order").input_value() == "-context"


def test_everything_can_be_reached_by_tab(laptop: Page, address: str) -> None:
    laptop.goto(f"{address}/{INDEX}")
    laptop.locator(".mb-search input").focus()
    laptop.keyboard.type("llama")
    names = []
    for _ in range(40):
        laptop.keyboard.press("Tab")
        name = laptop.evaluate("document.activeElement.name || document.activeElement.localName")
        if name == "ability" and "ability" not in names:
            laptop.keyboard.press("Space")
        names.append(name)
    for field in ("summary", "ability", "memory", "engine", "format", "language", "context",
                  "least", "most", "sort", "button", "a"):
        assert field in names, names
    assert "ability=audio" in laptop.url


def test_it_is_a_plain_table_without_a_script(
    browser: Browser, address: str, manifest: Manifest
) -> None:
    with tab(browser, address, java_script_enabled=False) as page:
        page.goto(f"{address}/{INDEX}")
        assert page.locator(".mb-catalogue tbody tr").count() == len(manifest.families)
        assert page.locator(".mb-catalogue tbody tr").last.is_visible()
        assert not page.locator(".mb-filters").is_visible()
        shot(page, "catalogue-plain")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["phone", "laptop"])
@pytest.mark.parametrize("name", ["index.html", INDEX, "generated/models/llm/smollm2.html",
                                  "generated/verification.html", "404.html"])
def test_pages_have_contrast_and_labels(
    browser: Browser, address: str, name: str, size: str, scheme: str
) -> None:
    with tab(browser, address, size, color_scheme=scheme) as page:
        page.goto(f"{address}/{name}?memory=8")
        for fold in page.locator(".mb-catalogue details:not([open]) > summary").all():
            fold.click()
        stem = Path(name).with_suffix("").name if name != INDEX else "catalogue"
        shot(page, f"{stem}-{scheme}")
        assert accessibility_faults(page) == []


def test_somebody_on_a_phone_finds_a_model_that_fits_and_copies_its_command(
    browser: Browser, address: str, manifest: Manifest
) -> None:
    with tab(browser, address, "phone") as page:
        page.goto(f"{address}/{INDEX}")
        page.locator(".mb-more > summary").tap()
        page.get_by_label("chat", exact=True).check()
        page.get_by_label("tools", exact=True).check()
        page.get_by_label("Fits in memory (GB, estimate)").fill("8")
        page.locator(".mb-more > summary").tap()
        card = page.locator(".mb-catalogue tbody tr:not([hidden])").first
        card.scroll_into_view_if_needed()
        shot(page, "catalogue-found")
        fit = card.locator(".mb-fit")
        said = fit.text_content() or ""
        amount = re.search(r"about ([0-9.]+) (MB|GB)", said)
        assert amount, said
        assert amount[2] == "MB" or float(amount[1]) <= 8
        with page.expect_navigation():
            fit.tap()
        page.get_by_role("button", name="Copy the command").first.wait_for()
        shot(page, "family-found")
        button = page.get_by_role("button", name="Copy the command").first
        button.tap()
        page.locator(".mb-copied", has_text="Copied").wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        words = shlex.split(copied)
        assert words[:2] == ["runtime", "launch"]
        chosen = dict(zip(words[2::2], words[3::2], strict=True))
        found = select(manifest, Wish(
            name=chosen["--model-name"], engine=chosen["--model-engine"],
            size=chosen["--size-in-billions"], model_format=chosen["--model-format"],
            quantization=chosen["--quantization"], variant=chosen.get("--variant")))
        # What is launched is what was said to fit, not just something of the same family.
        assert f" {found.quantization}" in said
        wanted = WISHES["ability=chat&ability=tools&memory=8"]
        assert any((spec.format, need.quantization) == (found.spec.format, found.quantization)
                   and found.engine.name in need.engines
                   for row in rows(manifest, wanted) if row.family.name == found.family.name
                   for spec, need in wanted.fitting(row) if need is not None)
        assert {"chat", "tools"} <= set(found.family.abilities)


def test_an_address_that_does_not_exist_is_answered_at_any_depth(
    browser: Browser, address: str
) -> None:
    with tab(browser, address) as page:
        page.goto(f"{address}/404.html")
        style = page.locator("body").evaluate("body => getComputedStyle(body).fontFamily")
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/some/where/deep/page.html")
    assert page.get_by_role("heading", level=1).text_content() == "Page not found"
    assert page.locator("body").evaluate("body => getComputedStyle(body).fontFamily") == style
    page.get_by_role("link", name="Go to the start page").click()
    assert page.url == f"{address}/index.html"
    context.close()
