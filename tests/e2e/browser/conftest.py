"""A server with account pages, Chromium, and what every page is held against."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from support.server import Server

AXE = Path(__file__).resolve().parents[1] / "js/node_modules/axe-core/axe.min.js"
NARROW = {"width": 320, "height": 640}


@pytest.fixture
def server(make_sqlite_server) -> Server:
    # So short that a test can wait until the password is asked for again.
    return make_sqlite_server(browser_sessions={"fresh": "10s"})


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Tests run as root in containers, where Chromium has no sandbox.
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        yield browser
        browser.close()


@pytest.fixture
def open_browser(chromium, server) -> Iterator[Callable[..., Page]]:
    """`open_browser(**options)`: a browser with cookies of its own, at no page yet."""
    opened: list[BrowserContext] = []

    def new_page(**options) -> Page:
        context = chromium.new_context(base_url=server.url, **{"locale": "en-GB"} | options)
        opened.append(context)
        return context.new_page()

    yield new_page
    for context in opened:
        context.close()


@pytest.fixture
def judge() -> Callable[[Page], None]:
    """Whether everybody can use the page that is shown."""

    def judge(page: Page) -> None:
        size = page.viewport_size
        page.set_viewport_size(NARROW)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], page.url
        page.set_viewport_size(size)
        page.evaluate(AXE.read_text())
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            found = page.evaluate("axe.run()")
            assert len(found["passes"]) > 10, "the page was not looked at"
            broken = found["violations"]
            rules = [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in broken]
            assert rules == [], f"{page.url}, {scheme}"
        page.emulate_media(color_scheme=None)

    return judge
