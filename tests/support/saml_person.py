"""Somebody of a SAML identity provider at a browser, and how a server is told of that provider."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import httpx

from support.answers import assert_good
from support.api import PREFIX
from support.browser import Browser, Form, Page
from support.saml import SamlIdp
from support.server import Server

TARGET = "https://client.example/back"
ACS = "/account/providers/idp/acs"


def configuration(metadata_url: str, **more) -> dict:
    return {
        "id": "idp",
        "kind": "saml",
        "name": "University",
        "metadata_url": metadata_url,
        "localpart": "{{ claims.uid }}",
        "display_name": "{{ claims.displayName }}",
        "email": "{{ claims.mail }}",
        "email_verified": True,
        "registration": True,
        **more,
    }


@dataclass
class Student:
    """Somebody of the provider, at a browser."""

    server: Server
    idp: SamlIdp
    login: str

    def __post_init__(self):
        self.browser = Browser(self.server.url)
        self.away = httpx.Client(trust_env=False, timeout=20)

    def leave(self, path: str = "/account/providers/idp", **query: str) -> str:
        page = self.browser.open(path, **query)
        assert page.away is not None, f"{page.status} {page.text}"
        return page.away

    def answer(self, begun: str | Form, login: str | None = None) -> Form:
        return self.idp.sign_in(self.away, begun, login or self.login)

    def bring(self, form: Form) -> Page:
        """As a browser does: without cookies of ours, for the form is another site's, and then
        with them."""
        assert form.action == self.server.url + ACS
        data = form.hidden
        answer = self.server.api.request("POST", ACS, data=data)
        if answer.status_code != 303:
            return Page(self.browser, answer)
        return self.browser.open(answer.headers["Location"])

    def come_back(self, begun: str | Form, login: str | None = None) -> Page:
        return self.bring(self.answer(begun, login))

    def sign_in(self, **query: str) -> Page:
        return self.come_back(self.leave(**query))

    def sign_up(self) -> Page:
        page = self.sign_in()
        assert "/newcomer?" in page.url, page.text
        return page.submit(user=self.login)

    def sign_app_in(self, device: str) -> dict:
        page = self.browser.open(f"{PREFIX}/login/sso/redirect/idp", redirectUrl=TARGET)
        if page.away is not None:
            page = self.come_back(page.away)
        answer = page.submit(form=page.form_with("redirect_url"))
        told = dict(parse_qsl(urlsplit(answer.away).query))
        body = {"type": "m.login.token", "token": told["loginToken"], "device_id": device}
        return assert_good(self.server.api.request("POST", f"{PREFIX}/login", json=body))
