"""The client of somebody who signs in through the browser, and the browser, while servers die."""

from collections.abc import Callable
from typing import TypeVar

import httpx

from crash.at_work import PATIENCE
from support.api import Api, Silence
from support.browser import Browser, Page
from support.matrix_client import MatrixClient, State, Store
from support.oauth import DeviceClient, Person, new_device
from support.polling import wait_until

T = TypeVar("T")


class HurriedApi(Api):
    """503 says as much as silence: later."""

    def request(self, method: str, path: str, **how) -> httpx.Response:
        answer = super().request(method, path, **how)
        if answer.status_code == 503:
            raise Silence(f"{method} {path}: {answer.text}")
        return answer


class HurriedBrowser(Browser):
    def _request(self, method: str, url: str, **how) -> Page:
        page = super()._request(method, url, **how)
        if page.status == 503:
            raise Silence(f"{method} {url}: {page.text}")
        return page


class Visitor(Person):
    """Somebody who begins anew where an answer is lost, and knows whether they are signed in."""

    def __init__(self, url: str, name: str, secret: str):
        super().__init__(url, name, secret)
        self.browser = HurriedBrowser(url)
        self.signed_in = False
        self.retries = 0

    def insist(self, walk: Callable[[], T]) -> T:
        """The whole of `walk`, from its beginning, until all of it is answered."""

        def attempt() -> tuple[T] | None:
            try:
                return (walk(),)
            except Silence:
                self.retries += 1
                return None

        return wait_until(attempt, f"an answer for {self.name}", PATIENCE)[0]

    def sign_in_if_asked(self, page: Page) -> Page:
        if at_sign_in(page):
            assert not self.signed_in, "a crash signed the browser out"
            page = super().sign_in_if_asked(page)
            assert not at_sign_in(page), page.text
            self.signed_in = True
        return page


def at_sign_in(page: Page) -> bool:
    return httpx.URL(page.url).path == "/account/sign-in"


class BrowserSignedInClient(MatrixClient):
    """Reads refusals as matrix-rust-sdk does: with `soft_logout: true` the keys stay, without it
    they go."""

    def __init__(self, registered: DeviceClient, visitor: Visitor, by_device: Callable[[], bool]):
        super().__init__(registered.api, Store(visitor.name, visitor.secret), patience=PATIENCE)
        self.registered = registered
        self.visitor = visitor
        self.by_device = by_device  # the grant of the next sign-in: device, or authorization code
        self.used_grants: list[str] = []
        self.again = 0  # refresh tokens that had to be shown again

    def sign_in(self) -> None:
        device = self.store.device or new_device()
        tokens = None
        while tokens is None:
            by_device = self.by_device()
            tokens = self._by_device(device) if by_device else self._by_code(device)
        self.used_grants.append("device" if by_device else "code")
        self._arrive(device, tokens)

    def _by_code(self, device: str) -> dict | None:
        asked = self.registered.ask(device)
        told = self.visitor.insist(lambda: self.visitor.allow(asked))
        retries = self.retries
        answer = self._persist(lambda: self.registered.exchange(asked, told["code"]))
        if answer.status_code == 200:
            return answer.json()
        # The answer was lost, and a code shown twice is refused: the person comes once more.
        assert answer.json()["error"] == "invalid_grant", answer.text
        assert self.retries > retries, answer.text
        return None

    def _by_device(self, device: str) -> dict:
        begun = self._persist(lambda: self.registered.begin(device)).json()
        retries = self.visitor.retries

        def decide() -> Page:
            page = self.visitor.device_page(begun)
            if page.status != 404:
                return page.submit(form=page.form_with("decision"), press="allow")
            # Decided already, by the walk whose last answer was lost.
            assert self.visitor.retries > retries, page.text
            return page

        self.visitor.insist(decide)
        answer = self._persist(lambda: self.registered.poll(begun))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def sign_out(self) -> None:
        revoked = self._persist(lambda: self.registered.revoke(self.access))
        assert revoked.status_code == 200, revoked.text
        self.forget()

    def refresh(self) -> State:
        retries = self.retries
        shown = self.refresh_token
        answer = self._persist(lambda: self.registered.refresh(shown))
        if answer.status_code != 200:
            self._refused(answer, "refresh")
        else:
            self.again += self.retries > retries
            self._take(answer.json())
        return self.state
