"""Chromium on a built site: a server for it, tabs that remember what went wrong, pictures, axe."""

from __future__ import annotations

import functools
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.project import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SIZES = {"phone": (390, 844), "laptop": (1366, 768)}
#: Where pictures of pages go, for people to look at; git ignores it.
SCREENSHOTS = ROOT / "build" / "screenshots"


class _Site(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Requests are the test's business, not the terminal's."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer with the site's own page where there is nothing, as web servers do."""
        if self.path == "/favicon.ico":  # browsers ask for it of themselves
            self.send_response(204)
            self.end_headers()
            return
        page = Path(self.directory) / "404.html"
        if code != 404 or not page.is_file():
            super().send_error(code, message, explain)
            return
        content = page.read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address at which a web server gives a built site."""
    handler = functools.partial(_Site, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium; its absence is a failure, since these tests are about it."""
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("chromium-browser")
    assert program, "make test-site needs chromium on PATH"
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield running
        running.close()


@contextmanager
def tab(browser: Browser, address: str, size: str = "laptop", **options: Any) -> Iterator[Page]:
    """A tab in which nothing may go wrong: no console errors, failed or foreign requests."""
    width, height = SIZES[size]
    touch = size == "phone"
    context = browser.new_context(viewport={"width": width, "height": height},
                                  has_touch=touch, **options)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda said: said.type in ("error", "warning") and wrong.append(said.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: (wrong.append(f"a dialog: {dialog.message}"),
                                      dialog.dismiss()))
    page.on("request", lambda asked: asked.url.startswith((address, "data:"))
            or wrong.append(f"asked another host: {asked.url}"))
    page.on("response", lambda reply: reply.status >= 400
            and wrong.append(f"{reply.status}: {reply.url}"))
    yield page
    context.close()
    assert wrong == [], wrong


def shot(page: Page, name: str, *, whole: bool = False) -> None:
    """Keep a picture of a page."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    width = page.evaluate("window.innerWidth")
    kind = next((kind for kind, size in SIZES.items() if size[0] == width), f"{width}px")
    stem = Path(name).with_suffix("").as_posix().replace("/", "-")
    page.screenshot(path=SCREENSHOTS / f"{stem}-{kind}.png", full_page=whole)


def accessibility_faults(page: Page) -> list[str]:
    """What axe-core finds on a page, against WCAG 2.2 A and AA: rule, place and how to mend it."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"runOnly": [
        "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}).response
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}"
            for rule in found["violations"] for node in rule["nodes"]]
