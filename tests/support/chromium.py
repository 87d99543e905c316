"""Somebody with an account, in front of Chromium."""

from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import Locator, Page

from support.answers import assert_good
from support.api import PREFIX
from support.secrets import password
from support.server import SERVER_NAME, Server

TELEPHONE = "Mozilla/5.0 (Linux; Android 15; Pixel 9) Element X/25.11.2"


class Person:
    """Nobody knows them yet: `sign_up`, or `with_account` for a person who has been here before."""

    def __init__(self, server: Server, page: Page, name: str):
        self.server = server
        self.page = page
        self.name = name
        self.secret = password()

    @property
    def matrix_id(self) -> str:
        return f"@{self.name}:{SERVER_NAME}"

    def with_account(self) -> "Person":
        assert_good(self.server.api.register(self.name, self.secret, inhibit_login=True))
        return self

    # -- what is on the page

    @property
    def path(self) -> str:
        """Where the browser is on the server, with the query."""
        assert self.page.url.startswith(self.server.url), self.page.url
        return self.page.url.removeprefix(self.server.url)

    @property
    def heading(self) -> str:
        return self.page.locator("h1").inner_text()

    @property
    def text(self) -> str:
        return self.page.locator("main").inner_text()

    @property
    def alert(self) -> str:
        wrong = self.page.locator("[role=alert]")
        wrong.first.wait_for()
        return " ".join(wrong.all_inner_texts())

    @property
    def focus(self) -> str:
        """The id of the field that has the focus; empty: none has."""
        return self.page.evaluate("document.activeElement.id")

    @property
    def notice(self) -> str:
        return self.page.locator("[role=status]").inner_text()

    # -- what a person does

    def open(self, path: str) -> None:
        self.page.goto(path)

    def press(self, name: str) -> None:
        """A button or a link, by what is written on it."""
        button = self.page.get_by_role("button", name=name, exact=True)
        self._go(button.or_(self.page.get_by_role("link", name=name, exact=True)))

    def _go(self, button: Locator) -> None:
        # Else what is read next may still be of the page before.
        with self.page.expect_navigation(wait_until="domcontentloaded"):
            button.click()

    def submit(self, button: str | None = None, **typed: str) -> None:
        """Fills fields in, by their `id`, and sends the form: by this button, or its only one."""
        for field, value in typed.items():
            self.page.fill(f"#{field}", value)
        if button is None:
            self._go(self.page.locator("form button[type=submit]"))
        else:
            self.press(button)

    def sign_up(self) -> None:
        self.open("/account/sign-up")
        self.submit(user=self.name, password=self.secret, repeated=self.secret)

    def sign_in(self, path: str | None = None) -> None:
        """Goes to `path`, or stays, and signs in on the page that asks for it."""
        if path is not None:
            self.open(path)
        assert self.path.startswith("/account/sign-in"), self.path
        self.submit(user=self.name, password=self.secret)

    # -- what happens elsewhere

    def add_device(self, device_id: str, name: str, **fields) -> str:
        """Signs in with an app of the legacy API; returns its access token."""
        body = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": self.name},
            "password": self.secret,
            "device_id": device_id,
            "initial_device_display_name": name,
        } | fields
        answer = self.server.api.request(
            "POST", f"{PREFIX}/login", json=body, headers={"User-Agent": TELEPHONE}
        )
        return assert_good(answer)["access_token"]

    def works(self, token: str) -> bool:
        """Whether the app with this token is signed in."""
        return self.server.api.whoami(token).status_code == 200

    @property
    def may_sign_in(self) -> bool:
        return self.server.api.login(self.name, self.secret).status_code == 200


def arrived(page: Page, url: str) -> dict[str, str]:
    """Waits until the browser is at this address of somebody else; what it brought along."""
    page.wait_for_url(lambda there: there.startswith(url))
    return answer_in(page.url)


def answer_in(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    assert not (parts.query and parts.fragment), url
    return dict(parse_qsl(parts.fragment or parts.query, keep_blank_values=True))
