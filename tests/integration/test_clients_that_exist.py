"""What Matrix clients register themselves with, as their public sources have it, and how each then
comes by its tokens: by the address that it registered, with the port that it listens on today, or
by the device grant."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from support.answers import assert_good
from support.oauth import DEVICE_CODE, DeviceClient, OAuthClient, answer_of, new_device

_CODE = ["authorization_code", "refresh_token"]


def _app(uri: str, name: str, *redirects: str, kind: str = "native", **more) -> dict:
    return {
        "application_type": kind,
        "client_name": name,
        "client_uri": uri,
        "redirect_uris": list(redirects),
        "grant_types": _CODE,
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    } | more


def _about(base: str, logo: str, tos: str, policy: str) -> dict:
    return {"logo_uri": base + logo, "tos_uri": base + tos, "policy_uri": base + policy}


# matrix-js-sdk adds its algorithm and, where the server has it, the device grant.
_OF_THE_JS_SDK = {
    "grant_types": [*_CODE, DEVICE_CODE],
    "id_token_signed_response_alg": "RS256",
}
_ELEMENT = _about(
    "https://element.io/", "mobile-icon.png", "acceptable-use-policy-terms", "privacy"
)
_FLUFFYCHAT = _about("https://fluffychat.im/", "assets/favicon.png", "tos", "privacy")


@dataclass
class App:
    metadata: dict
    # Where it waits for the answer, if that is not what the server keeps of what it registered.
    listens_at: str | None = None
    response_mode: str | None = None


_APPS = {
    "Element Web": App(
        _app(
            "https://chat.example.com",
            "Element",
            "https://chat.example.com/?no_universal_links=true",
            kind="web",
            logo_uri="https://chat.example.com/vector-icons/1024.png",
            **_OF_THE_JS_SDK,
        ),
        response_mode="fragment",
    ),
    "Element Desktop": App(
        _app(
            "https://element.io",
            "Element",
            "io.element.desktop:/vector/webapp/?no_universal_links=true",
            logo_uri="https://app.element.io/vector-icons/1024.png",
            **_OF_THE_JS_SDK,
        ),
        response_mode="query",
    ),
    "Element X on Android": App(
        _app(
            "https://element.io/apps/android",
            "Element X",
            "io.element.android:/",
            grant_types=[*_CODE, DEVICE_CODE],
            **_ELEMENT,
        )
    ),
    "Element X on iOS": App(
        _app(
            "https://element.io",
            "Element X",
            "https://element.io/oauth/ios/io.element.elementx",
            grant_types=[*_CODE, DEVICE_CODE],
            **_ELEMENT,
        )
    ),
    "Element Admin": App(
        _app(
            "https://admin.example.com/",
            "Element Admin",
            "https://admin.example.com/callback",
            kind="web",
        )
    ),
    "FluffyChat on a phone": App(
        _app("https://fluffychat.im", "FluffyChat", "im.fluffychat.auth:/login", **_FLUFFYCHAT)
    ),
    "FluffyChat on a desk": App(
        _app("https://fluffychat.im", "FluffyChat", "http://localhost:3001/login", **_FLUFFYCHAT),
        listens_at="http://localhost:3001/login",
    ),
    "FluffyChat in a browser": App(
        _app(
            "https://fluffychat.im",
            "FluffyChat",
            "https://fluffychat.im/web/",
            kind="web",
            **_FLUFFYCHAT,
        )
    ),
    # matrix-sdk's own listener, as Fractal and its example for the terminal use it.
    "an app on matrix-sdk that listens on loopback addresses": App(
        _app(
            "https://github.com/matrix-org/matrix-rust-sdk",
            "matrix-rust-sdk-oauth-cli",
            "http://127.0.0.1/",
            "http://[::1]/",
            policy_uri="https://github.com/matrix-org/matrix-rust-sdk",
            tos_uri="https://github.com/matrix-org/matrix-rust-sdk",
        ),
        listens_at="http://[::1]:20734/",
    ),
    "an app with translations and contacts": App(
        _app(
            "https://app.example.com/",
            "The Matrix app",
            "com.example.app:/callback",
            contacts=["support@example.com"],
            **{
                "client_name#de": "Die Matrix-App",
                "client_name#pt-BR": "O aplicativo do Matrix",
                "tos_uri": "https://app.example.com/tos",
                "tos_uri#de": "https://app.example.com/de/tos",
            },
        )
    ),
}


@pytest.mark.parametrize("name", _APPS)
def test_comes_by_its_tokens(server, person, name):
    app = _APPS[name]
    client = OAuthClient(server.api, **app.metadata)
    device = new_device()
    address = app.listens_at or app.metadata["redirect_uris"][0]
    asked = client.ask(device, redirect_uri=address, response_mode=app.response_mode)
    page = person.consent_page(asked)
    assert app.metadata["client_name"] in page.text
    back = page.submit(form=page.form_with("decision"), press="allow")
    assert urlsplit(back.away)[:3] == urlsplit(address)[:3]
    assert urlsplit(back.away).query.startswith(urlsplit(address).query)
    answer = answer_of(back)
    assert answer["state"] == asked.query["state"]
    tokens = assert_good(client.exchange(asked, answer["code"]))
    assert assert_good(server.api.whoami(tokens["access_token"]))["device_id"] == device
    assert assert_good(client.refresh(tokens["refresh_token"]))["access_token"]


def test_a_device_without_a_browser_registers_no_address(server, person):
    """matrix-sdk for the device grant alone: neither redirect_uris nor response_types."""
    metadata = _app(
        "https://github.com/matrix-org/matrix-rust-sdk",
        "matrix-rust-sdk-device-code",
        grant_types=["refresh_token", DEVICE_CODE],
    )
    del metadata["redirect_uris"], metadata["response_types"]
    answer = server.api.request("POST", "/oauth2/registration", json=metadata)
    assert answer.status_code == 201, answer.text
    client = DeviceClient.__new__(DeviceClient)
    client.api, client.id = server.api, answer.json()["client_id"]
    begun = assert_good(client.begin(new_device()))
    person.decide(begun, "allow")
    assert assert_good(client.poll(begun))["refresh_token"]
