"""Somebody who signs in through the browser, and changes things on the pages."""

from dataclasses import dataclass, field

import httpx

from crash.at_work import Facts, Worker
from crash.oauth_client import BrowserSignedInClient, HurriedApi, Visitor, at_sign_in
from support.api import Api, new_name
from support.browser import Page
from support.oauth import DeviceClient
from support.polling import patiently
from support.secrets import password
from support.server import Server


@dataclass
class OAuthFacts(Facts):
    registered: list[str] = field(default_factory=list)  # client IDs
    browsers_out: list[httpx.Cookies] = field(default_factory=list)
    by_code: int = 0
    by_device: int = 0
    refreshed_again: int = 0  # with the old refresh token, after no answer


class OAuthPerson(Worker):
    facts: OAuthFacts

    def __init__(self, url: str, seed: str):
        super().__init__(url, seed)
        self.url = url
        self.facts = OAuthFacts()
        self.hurried = HurriedApi(url, timeout=5)

    def close(self) -> None:
        super().close()
        self.hurried.close()

    def _begin(self) -> None:
        name, secret = new_name(), password()
        self._register(name, secret)
        self.visitor = Visitor(self.url, name, secret)
        self.client = BrowserSignedInClient(
            self._register_client(), self.visitor, lambda: self.random.random() < 0.4
        )
        self._sign_in()

    def _one_thing(self) -> None:
        choice = self.random.random()
        if choice < 0.30:
            self._use()
        elif choice < 0.65:
            self._refresh()
        elif choice < 0.75:
            self._sign_out_and_in()
        elif choice < 0.80:
            self._sign_in_again()
        elif choice < 0.86:
            self._leave_the_browser()
        elif choice < 0.90:
            self._change_password()
        elif choice < 0.94:
            self._register_client()
        else:
            self._check_an_end()

    # -- what they do

    def _register_client(self) -> DeviceClient:
        """One of their own: equal registrations would share a client."""
        name = f"App {self.random.getrandbits(64)}"
        client = self.visitor.insist(lambda: DeviceClient(self.hurried, client_name=name))
        self.facts.registered.append(client.id)
        return client

    def _sign_in(self) -> None:
        self.client.sign_in()
        self.facts.by_device = self.client.used_grants.count("device")
        self.facts.by_code = self.client.used_grants.count("code")

    def _refresh(self) -> None:
        self._still_in(self.client.refresh())
        self.facts.refreshed += 1
        if self.client.again > self.facts.refreshed_again:
            # The pair that the old refresh token gave is as good as any.
            self._use()
            self._still_in(self.client.refresh())
            self.facts.refreshed_again = self.client.again

    def _sign_out_and_in(self) -> None:
        ended = self.client.access, self.client.refresh_token
        self.client.sign_out()
        self.facts.ended.append(ended)
        self._sign_in()
        self.facts.signed_in += 1

    def _sign_in_again(self) -> None:
        """To the same device, whose earlier session that ends softly."""
        self._sign_in()
        self._use()
        self.facts.softly_out += 1

    def _leave_the_browser(self) -> None:
        self.visitor.insist(lambda: self.visitor.open("/account/"))
        left = httpx.Cookies(self.visitor.browser.cookies)
        self.visitor.insist(self._sign_out_of_the_browser)
        self.visitor.signed_in = False
        self.facts.browsers_out.append(left)
        self.visitor.insist(lambda: self.visitor.open("/account/"))
        # The app has nothing to do with it.
        self._use()

    def _sign_out_of_the_browser(self) -> None:
        page = self.visitor.browser.open("/account/")
        if not at_sign_in(page):  # else a walk whose last answer was lost has done it
            [form] = [form for form in page.forms if form.action == "/account/sign-out"]
            page = page.submit(form=form)
        assert at_sign_in(page), page.text

    def _change_password(self) -> None:
        visitor, new = self.visitor, password()
        devices_too = self.random.random() < 0.5
        retries = visitor.retries
        held = False  # what this browser has let in stays

        def walk() -> Page:
            nonlocal held
            page = visitor.open("/account/password")
            held = "what this browser has let in" in page.text
            ticked = ["1"] if devices_too else []
            return page.submit(*ticked, current=visitor.secret, password=new, repeated=new)

        page = visitor.insist(walk)
        if page.alert is None:
            assert "Your password is changed" in page.text, page.text
        else:
            # The walk whose last answer was lost has changed it.
            assert page.status == 403 and visitor.retries > retries, page.text
        self._password_changed(visitor.name, visitor.secret, new)
        visitor.secret = self.client.store.password = new
        if devices_too and not held:
            self.facts.ended.append((self.client.access, self.client.refresh_token))
            self.client.forget()
            self._sign_in()
        else:
            self._use()

    # -- what must hold

    def _refresh_ended(self, api: Api, token: str) -> httpx.Response:
        form = {"grant_type": "refresh_token", "client_id": self.client.registered.id}
        return api.request("POST", "/oauth2/token", data=form | {"refresh_token": token})

    def _assert_ended(self, answer: httpx.Response) -> None:
        body = answer.json()
        assert answer.status_code == 400, body
        assert body["error"] == "invalid_grant", body
        assert "soft_logout" not in body, body

    def check(self, server: Server) -> None:
        super().check(server)
        for client_id in self.facts.registered:
            self._check_known(server.api, client_id)
        for cookies in self.facts.browsers_out:
            stranger = Visitor(server.url, "nobody", "")
            stranger.browser.cookies = httpx.Cookies(cookies)
            assert at_sign_in(stranger.insist(lambda who=stranger: who.browser.open("/account/")))
        assert not at_sign_in(self.visitor.insist(lambda: self.visitor.browser.open("/account/")))

    @staticmethod
    def _check_known(api: Api, client_id: str) -> None:
        """One that is not known is 401 `invalid_client`; nobody made this refresh token."""
        form = {"grant_type": "refresh_token", "client_id": client_id, "refresh_token": "x"}
        answer = patiently(lambda: api.request("POST", "/oauth2/token", data=form))
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant"), answer.text
