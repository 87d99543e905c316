"""A server whose people come from real OpenID Connect providers."""

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from support.answers import assert_good
from support.api import PREFIX
from support.browser import Browser, Page
from support.keycloak import Keycloak, Realm
from support.oidc import OidcProvider
from support.server import Server

PEOPLE = [f"person{number}" for number in range(1, 40)]
SECRET = "a secret of the provider and this server alone"
TARGET = "https://client.example/back"


Provider = OidcProvider | Realm


@pytest.fixture(
    scope="module",
    params=["oidc-provider", pytest.param("keycloak", marks=pytest.mark.xdist_group("keycloak"))],
)
def implementation(request) -> str:
    """Every test that asks for a provider runs with each."""
    return request.param


def pytest_collection_modifyitems(config, items):
    """What a provider does is the same whatever our database is: the one that starts slowly is
    asked on one of them."""
    slow = [item for item in items if {"keycloak", "postgresql"} <= set(_words(item.nodeid))]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if item not in slow]


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z]+", name)


@pytest.fixture(scope="session")
def keycloak(tmp_path_factory) -> Iterator[Keycloak]:
    with closing(Keycloak(tmp_path_factory.mktemp("keycloak"))) as keycloak:
        yield keycloak.start()


@pytest.fixture(scope="module")
def unconfigured(make_lasting_server, implementation) -> Server:
    """Not started: the provider has to know its address, and it the provider's."""
    return make_lasting_server(start=False)


def accounts() -> dict[str, dict]:
    return {
        name: {
            "preferred_username": name.capitalize(),
            "name": f"{name.capitalize()} of Corp",
            "email": f"{name}@corp.example",
            "email_verified": True,
        }
        for name in PEOPLE
    }


def signed_out(place: str) -> str:
    """Where who has signed out there comes back to."""
    return place.replace("/account/providers/corp", "/account/signed-out")


def npm_provider(folder: Path, place: str) -> OidcProvider:
    client = {
        "client_id": "latchkey",
        "client_secret": SECRET,
        "redirect_uris": [f"{place}/callback"],
        "application_type": "native",
        "backchannel_logout_uri": f"{place}/logout",
        "post_logout_redirect_uris": [signed_out(place)],
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
    }
    return OidcProvider(folder, [client], accounts()).start()


def realm(keycloak: Keycloak, name: str, place: str) -> Realm:
    client = {
        "clientId": "latchkey",
        "secret": SECRET,
        "redirectUris": [f"{place}/callback"],
        "attributes": {
            "backchannel.logout.url": f"{place}/logout",
            "post.logout.redirect.uris": signed_out(place),
            "backchannel.logout.session.required": "true",
            "pkce.code.challenge.method": "S256",
        },
    }
    return Realm(keycloak, name, [client], accounts())


@pytest.fixture(scope="module")
def provider(request, tmp_path_factory, unconfigured, implementation) -> Iterator[Provider]:
    place = f"{unconfigured.url}/account/providers/corp"
    if implementation == "keycloak":
        name = request.module.__name__.rpartition(".")[2]
        corp = realm(request.getfixturevalue("keycloak"), name, place)
    else:
        corp = npm_provider(tmp_path_factory.mktemp("provider"), place)
    with closing(corp):
        yield corp


@pytest.fixture(scope="module")
def names(provider) -> Iterator[str]:
    """People of the provider, each for one test."""
    return iter(PEOPLE)


@pytest.fixture
def login(names) -> str:
    return next(names)


def configuration(provider: Provider) -> dict:
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
    provider: Provider
    login: str

    def __post_init__(self):
        self.browser = Browser(self.server.url)
        self.away = self.provider.new_browser()

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

    @staticmethod
    def login_token(page: Page) -> str:
        """Lets an app of the legacy API in, on the page that asks: what it is told."""
        answer = page.submit(form=page.form_with("redirect_url"))
        return dict(parse_qsl(urlsplit(answer.away).query))["loginToken"]

    def token(self, page: Page, device: str) -> dict:
        """The same, and the app is signed in."""
        body = {"type": "m.login.token", "token": self.login_token(page), "device_id": device}
        return assert_good(self.server.api.request("POST", f"{PREFIX}/login", json=body))

    def sign_app_in(self, device: str) -> dict:
        page = self.browser.open(f"{PREFIX}/login/sso/redirect/corp", redirectUrl=TARGET)
        if page.away is not None:
            page = self.come_back(page.away)
        return self.token(page, device)


@pytest.fixture
def employee(corp_server, provider, login) -> Employee:
    return Employee(corp_server, provider, login)
