"""Somebody on the account pages, with a browser that runs no scripts."""

import re

from support.api import new_name
from support.browser import Page, Visitor
from support.secrets import password
from support.server import SERVER_NAME


class Person:
    """Somebody with a browser, and with devices of the legacy API."""

    def __init__(self, server, language: str = "en"):
        self.server = server
        self.browser = Visitor(server.url, language)
        self.name, self.password = new_name(), password()

    @property
    def matrix_id(self) -> str:
        return f"@{self.name}:{SERVER_NAME}"

    def open(self, path: str, **query: str) -> Page:
        return self.browser.open(path, **query)

    def sign_up(self, **query: str) -> Page:
        page = self.open("/account/sign-up", **query)
        return page.submit(user=self.name, password=self.password, repeated=self.password)

    def sign_in(self, page: Page | None = None) -> Page:
        page = page or self.open("/account/sign-in")
        return page.submit(user=self.name, password=self.password)

    def add_device(self, device_id: str, name: str) -> str:
        """Signs in with an app; returns its access token."""
        answer = self.server.api.login(
            self.name, self.password, device_id=device_id, initial_device_display_name=name
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]

    def works(self, token: str) -> bool:
        return self.server.api.whoami(token).status_code == 200


def new_person(server) -> Person:
    """One who has just signed up, and is signed in."""
    person = Person(server)
    assert "Your account is ready" in person.sign_up().text
    return person


def path_of(page: Page) -> str:
    return re.sub(r"^https?://[^/]+", "", page.url)
