"""A server whose people come from a real OpenID Connect provider."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest

from support.answers import assert_good
from support.api import PREFIX
from support.browser import Browser, Page
from support.oidc import OidcProvider
from support.server import Server

PEOPLE = [f"person{number}" for number in range(1, 40)]
SECRET = "a secret of the provider and this server alone"
TARGET = "https://client.example/back"


@pytest.fixture(scope="module")
def unconfigured(make_lasting_server) -> Server:
    """Not started: the provider has to know its address, and it the provider's."""
    return make_lasting_server(start=False)


@pytest.fixture(scope="module")
def provider(tmp_path_factory, unconfigured) -> Iterator[OidcProvider]:
    accounts = {
        name: {
            "preferred_username": name.capitalize(),
            "name": f"{name.capitalize()} of Corp",
            "email": f"{name}@corp.example",
            "email_verified": True,
        }
        for name in PEOPLE
    }
    place = f"{unconfigured.url}/account/providers/corp"
    client = {
        "client_id": "latchkey",
        "client_secret": SECRET,
        "redirect_uris": [f"{place}/callback"],
        "application_type": "native",
        "backchannel_logout_uri": f"{place}/logout",
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
    }
    corp = OidcProvider(tmp_path_factory.mktemp("provider"), [client], accounts)
    try:
        yield corp.start()
    finally:
        corp.close()


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    """People of the provider, each for one test."""
    return iter(PEOPLE)


@pytest.fixture
def login(names) -> str:
    return next(names)


def configuration(provider: OidcProvider) -> dict:
    return {
        "id": "corp",
        "kind": "oidc",
        "name": "Corp",
        "issuer": provider.issuer,
        "client_id": "latchkey",
        "client_secret": SECRET,
        "localpart": "{{ claims.preferred_username | lower }}",
        "display_name": "{{ claims.name }}",
        "email": "{{ claims.email }}",
        "registration": True,
    }


@pytest.fixture(scope="module")
def corp_server(unconfigured, provider) -> Server:
    unconfigured.options["sign_in"] = {"providers": [configuration(provider)]}
    return unconfigured.start()


@dataclass
class Employee:
    """Somebody of the provider, at a browser."""

    server: Server
    provider: OidcProvider
    login: str

    def __post_init__(self):
        self.browser = Browser(self.server.url)
        self.away = httpx.Client(trust_env=False, timeout=10)

    @property
    def callback(self) -> str:
        return f"{self.server.url}/account/providers/corp/callback"

    def leave(self, path: str = "/account/providers/corp", **query: str) -> str:
        page = self.browser.open(path, **query)
        assert page.away is not None, f"{page.status} {page.text}"
        return page.away

    def come_back(self, away: str, login: str | None = None) -> Page:
        told = self.provider.sign_in(self.away, away, login or self.login, self.callback)
        return self.browser.open(f"/account/providers/corp/callback?{urlencode(told)}")

    def sign_in(self, **query: str) -> Page:
        return self.come_back(self.leave(**query))

    def sign_up(self) -> Page:
        page = self.sign_in()
        assert page.url.endswith("newcomer") or "/newcomer?" in page.url, page.text
        return page.submit(user=self.login)

    def token(self, page: Page, device: str) -> dict:
        """Lets an app of the legacy API in, on the page that asks."""
        answer = page.submit(form=page.form_with("redirect_url"))
        told = dict(parse_qsl(urlsplit(answer.away).query))
        body = {"type": "m.login.token", "token": told["loginToken"], "device_id": device}
        return assert_good(self.server.api.request("POST", f"{PREFIX}/login", json=body))

    def sign_app_in(self, device: str) -> dict:
        page = self.browser.open(f"{PREFIX}/login/sso/redirect/corp", redirectUrl=TARGET)
        if page.away is not None:
            page = self.come_back(page.away)
        return self.token(page, device)


@pytest.fixture
def employee(corp_server, provider, login) -> Employee:
    return Employee(corp_server, provider, login)
