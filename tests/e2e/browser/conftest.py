"""A server with account pages, Chromium in several ways, and what every page is held against."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from support.chromium import Person
from support.engines import Sqlite
from support.local_site import LocalSite
from support.pictures import Album
from support.server import SERVER_NAME, Server
from support.thorough import THOROUGH

AXE = Path(__file__).resolve().parents[1] / "js/node_modules/axe-core/axe.min.js"
# Only what is wrong comes back: the rest is long, and would take longer than looking.
AXE_RUN = """async () => {
  const found = await axe.run({resultTypes: ["violations"]});
  const broken = found.violations.map((rule) => [rule.id, rule.nodes.map((node) => node.html)]);
  return [found.passes.length, broken];
}"""
# Where pictures of the pages are put; unset: none are taken.
PICTURES = os.environ.get("LATCHKEY_PICTURES")

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"

Judge = Callable[..., None]


@dataclass(frozen=True)
class Way:
    """How somebody looks at the pages."""

    width: int
    height: int
    scripts: bool
    # The scheme for axe: a narrow page has no colours that a wide one has not.
    scheme: str

    @property
    def options(self) -> dict:
        return {
            "viewport": {"width": self.width, "height": self.height},
            "java_script_enabled": self.scripts,
            "locale": "en-GB",
        }


WIDE = Way(1280, 800, scripts=True, scheme="light")
NARROW = Way(320, 640, scripts=True, scheme="dark")
WAYS = {
    "wide": WIDE,
    "narrow": NARROW,
    "narrow-no-scripts": Way(320, 640, scripts=False, scheme="dark"),
}
if THOROUGH:
    WAYS["wide-no-scripts"] = Way(1280, 800, scripts=False, scheme="light")


@pytest.fixture(params=WAYS.values(), ids=WAYS.keys())
def way(request) -> Way:
    """Every walk in Chromium is walked in each of these ways."""
    return request.param


@pytest.fixture(scope="session")
def newborn(binary, tmp_path_factory) -> Path:
    """The folder of a server that was started once. Its keys and its database's tables are most
    of the work of a first start, and there are hundreds of tests."""
    folder = tmp_path_factory.mktemp("newborn")
    Server(folder, Sqlite(folder)).start().close()
    return folder


@pytest.fixture
def server(make_sqlite_server, clock, newborn) -> Server:
    server = make_sqlite_server(clock=clock, start=False)
    server.engine.restore(newborn)
    shutil.copy2(newborn / server.keys_file.name, server.keys_file)
    return server.start()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # The shell is Chromium without windows, and a third of the work. Tests run as root in
        # containers, where it has no sandbox.
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium-headless-shell", args=["--no-sandbox"]
        )
        yield browser
        browser.close()


@pytest.fixture
def blocked() -> list[str]:
    """What Chromium refused because of a page's policy. A walk that expects some empties it."""
    return []


@pytest.fixture
def open_browser(chromium, server, way, blocked) -> Iterator[Callable[..., Page]]:
    """`open_browser(**options)`: a browser with cookies of its own, at no page yet."""
    opened: list[BrowserContext] = []

    def note(message) -> None:
        if "Content Security Policy" in message.text or "Refused to" in message.text:
            blocked.append(message.text)

    def new_page(**options) -> Page:
        context = chromium.new_context(**{"base_url": server.url} | way.options | options)
        context.set_default_timeout(10_000)
        context.on("console", note)
        opened.append(context)
        return context.new_page()

    yield new_page
    for context in opened:
        context.close()
    assert blocked == []


@pytest.fixture
def newcomer(server, open_browser) -> Callable[[str], Person]:
    """`newcomer(name)`: somebody without an account, with a browser of their own."""
    return lambda name: Person(server, open_browser(), name)


@pytest.fixture
def alice(newcomer) -> Person:
    """Somebody who has an account, and is signed in nowhere."""
    return newcomer("alice").with_account()


@pytest.fixture
def other_browser(server, alice, open_browser) -> Person:
    """Alice at another browser of hers, where she is not signed in either."""
    other = Person(server, open_browser(user_agent=FIREFOX), alice.name)
    other.secret = alice.secret
    return other


@pytest.fixture
def elsewhere() -> Iterator[LocalSite]:
    site = LocalSite()
    yield site
    site.close()


@pytest.fixture(scope="session")
def axe() -> str:
    return AXE.read_text()


@pytest.fixture(scope="session")
def album() -> Album | None:
    return Album(Path(PICTURES)) if PICTURES else None


@pytest.fixture
def judge(way, axe, album) -> Judge:
    """`judge(page)`: whether everybody can use the page that is shown.

    `judge(page, picture)`: its picture, of this name, is kept for the docs. `service`: what the
    operator calls it; `named`: that stands there as a text, and not as a logo.
    """

    def judge(
        page: Page, picture: str | None = None, service: str = SERVER_NAME, named: bool = False
    ) -> None:
        assert page.evaluate("document.documentElement.scrollWidth") <= way.width, page.url
        above = f"{service} · {SERVER_NAME}" if named else SERVER_NAME
        assert page.locator("main > :first-child").inner_text() == above
        assert page.title() == f"{page.locator('h1').inner_text()} · {service}"
        if way.scripts:
            _assert_accessible(page, axe, way.scheme)
            if album and picture:
                album.take(page, picture, narrow=way is NARROW)

    return judge


def _assert_accessible(page: Page, axe: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.evaluate(axe)
    passed, broken = page.evaluate(AXE_RUN)
    assert passed > 10, "the page was not looked at"
    assert broken == [], f"{page.url}, {scheme}"
    page.emulate_media(color_scheme="light")
