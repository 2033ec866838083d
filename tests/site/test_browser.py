"""The built site in real Chromium, at the widths of a phone and a laptop."""

from __future__ import annotations

import functools
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.project import ROOT, Project

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

SIZES = {"phone": (390, 844), "laptop": (1366, 768)}
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


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Requests are the test's business, not the terminal's."""


@pytest.fixture(scope="module")
def address(built_project: Project) -> Iterator[str]:
    """The site as a web server gives it."""
    handler = functools.partial(_Quiet, directory=str(built_project.html))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium; its absence is a failure, since this target is about it."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser")
    assert program, "make test-site needs chromium on PATH"
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(params=list(SIZES))
def page(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Page]:
    """A tab that remembers what went wrong and whom it asked."""
    width, height = SIZES[request.param]
    context = browser.new_context(viewport={"width": width, "height": height})
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
    tab = context.new_page()
    wrong: list[str] = []
    tab.on("console", lambda said: said.type in ("error", "warning") and wrong.append(said.text))
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on("request", lambda asked: asked.url.startswith((address, "data:"))
           or wrong.append(f"asked another host: {asked.url}"))
    tab.on("response", lambda reply: reply.status >= 400
           and wrong.append(f"{reply.status}: {reply.url}"))
    yield tab
    context.close()
    assert wrong == []


def _shot(tab: Page, name: str) -> None:
    folder = ROOT / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    width = tab.evaluate("window.innerWidth")
    kind = next(kind for kind, size in SIZES.items() if size[0] == width)
    stem = Path(name).with_suffix("").as_posix().replace("/", "-")
    tab.screenshot(path=folder / f"{stem}-{kind}.png")


@pytest.mark.parametrize("name", PAGES)
def test_page_fits_its_screen(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}/{name}", wait_until="load")
    _shot(page, name)
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
    _shot(page, "index-dark.html")
    red, green, blue = page.evaluate(
        "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)")
    assert max(red, green, blue) < 60


def test_search_finds_a_family(page: Page, address: str) -> None:
    page.goto(f"{address}/search.html?q=smollm2")
    page.locator("#search-results a", has_text="smollm2").first.wait_for(timeout=15_000)
