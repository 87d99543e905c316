"""An OAuth 2.0 client (spec "OAuth 2.0 API"), and the person who lets it in by a browser."""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import httpx

from support.answers import assert_good
from support.api import Api, new_name
from support.browser import Browser, Page
from support.secrets import password
from support.server import Server

CALLBACK = "https://app.example/callback"
API_SCOPE = "urn:matrix:client:api:*"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


def new_device() -> str:
    return secrets.token_hex(5).upper()


def device_scope(device: str) -> str:
    return f"{API_SCOPE} urn:matrix:client:device:{device}"


def metadata(**fields) -> dict:
    """A web client's registration, as the specification's example has it."""
    return {
        "client_name": "An App",
        "client_uri": "https://app.example/",
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "application_type": "web",
    } | fields


def basic(client_id: str, secret: str) -> dict:
    """The header of client_secret_basic (RFC 6749 section 2.3.1)."""
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


@dataclass
class Asked:
    """One authorization request, and what its client keeps to itself."""

    query: dict[str, str]
    verifier: str = field(repr=False)

    @property
    def url(self) -> str:
        return f"/oauth2/authorize?{urlencode(self.query)}"


def answer_of(page: Page) -> dict[str, str]:
    """What the redirect back to the client says."""
    assert page.away is not None, f"{page.status} {page.text}"
    parts = urlsplit(page.away)
    return dict(parse_qsl(parts.fragment or parts.query, keep_blank_values=True))


class OAuthClient:
    def __init__(self, api: Api, **fields):
        self.api = api
        answer = api.request("POST", "/oauth2/registration", json=metadata(**fields))
        assert answer.status_code == 201, answer.text
        self.id: str = answer.json()["client_id"]
        self.redirect_uri: str = answer.json()["redirect_uris"][0]

    def ask(self, device: str | None = None, **query: str) -> Asked:
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
        asked = {
            "response_type": "code",
            "client_id": self.id,
            "redirect_uri": self.redirect_uri,
            "scope": device_scope(device or new_device()),
            "state": secrets.token_urlsafe(8),
            "code_challenge": challenge.decode().rstrip("="),
            "code_challenge_method": "S256",
        } | query
        return Asked({name: value for name, value in asked.items() if value is not None}, verifier)

    def token(self, **form) -> httpx.Response:
        return self.api.request("POST", "/oauth2/token", data={"client_id": self.id} | form)

    def exchange(self, asked: Asked, given: str, **form) -> httpx.Response:
        return self.token(
            **{
                "grant_type": "authorization_code",
                "code": given,
                "redirect_uri": asked.query["redirect_uri"],
                "code_verifier": asked.verifier,
            }
            | form
        )

    def refresh(self, refresh_token: str) -> httpx.Response:
        return self.token(grant_type="refresh_token", refresh_token=refresh_token)

    def revoke(self, token: str, **form) -> httpx.Response:
        return self.api.request("POST", "/oauth2/revoke", data={"token": token} | form)


class ConfiguredClient(OAuthClient):
    """A client of the operator's file, which is not registered."""

    def __init__(self, api: Api, client_id: str, redirect_uri: str):
        self.api = api
        self.id = client_id
        self.redirect_uri = redirect_uri


class DeviceClient(OAuthClient):
    """A device without a browser (RFC 8628)."""

    def __init__(self, api: Api, **fields):
        grant_types = ["authorization_code", "refresh_token", DEVICE_CODE]
        super().__init__(api, **{"grant_types": grant_types} | fields)

    def begin(self, device: str, headers: dict | None = None, **form) -> httpx.Response:
        asked = {"client_id": self.id, "scope": device_scope(device)} | form
        return self.api.request("POST", "/oauth2/device", headers=headers, data=asked)

    def poll(self, begun: dict, **form) -> httpx.Response:
        return self.token(**{"grant_type": DEVICE_CODE, "device_code": begun["device_code"]} | form)


class Television(DeviceClient):
    """One device of that kind."""

    def __init__(self, server: Server):
        super().__init__(server.api, client_name="A Television")
        self.device = new_device()

    def begin(self, headers: dict | None = None, **form) -> dict:
        return assert_good(super().begin(self.device, headers, **form))


class Person:
    """Somebody with an account, at a browser."""

    def __init__(self, url: str, name: str, secret: str):
        self.name = name
        self.secret = secret
        self.browser = Browser(url)

    def open(self, path: str, **query: str) -> Page:
        """The page, after signing in where that is asked for."""
        return self.sign_in_if_asked(self.browser.open(path, **query))

    def sign_in_if_asked(self, page: Page) -> Page:
        if not urlsplit(page.url).path.startswith("/account/sign-in"):
            return page
        form = page.form_with("password")
        typed = {"password": self.secret}
        if "user" in form.typed:
            typed["user"] = self.name
        return page.submit(form=form, **typed)

    def consent_page(self, asked: Asked) -> Page:
        return self.open(asked.url)

    def allow(self, asked: Asked) -> dict[str, str]:
        page = self.consent_page(asked)
        return answer_of(page.submit(form=page.form_with("decision"), press="allow"))

    def deny(self, asked: Asked) -> dict[str, str]:
        page = self.consent_page(asked)
        return answer_of(page.submit(form=page.form_with("decision"), press="deny"))

    def device_page(self, begun: dict) -> Page:
        """Where the device's link leads."""
        return self.open("/" + begun["verification_uri_complete"].split("/", 3)[3])

    def decide(self, begun: dict, decision: str) -> Page:
        page = self.device_page(begun)
        return page.submit(form=page.form_with("decision"), press=decision)


def new_person(server: Server) -> Person:
    """Somebody with a new account, signed in nowhere."""
    name, secret = new_name(), password()
    assert_good(server.api.register(name, secret, inhibit_login=True))
    return Person(server.url, name, secret)


def sign_in(client: OAuthClient, person: Person, device: str | None = None, **query) -> dict:
    """The whole code flow; the token response."""
    asked = client.ask(device, **query)
    told = person.allow(asked)
    assert told["state"] == asked.query["state"]
    answer = client.exchange(asked, told["code"])
    assert answer.status_code == 200, answer.text
    return answer.json()
