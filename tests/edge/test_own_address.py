"""Latchkey at an address of its own, auth.example.com, beside the homeserver's."""

import pytest

from edge.conftest import behind
from edge.proxies.nginx import NginxWithTwoAddresses

AUTH = {"Host": "auth.example.com"}


@pytest.fixture(scope="module")
def two(binary, tmp_path_factory):
    options = {"public_url": "https://auth.example.com/"}
    yield from behind(NginxWithTwoAddresses, tmp_path_factory.mktemp("edge-two"), options)


def test_apps_find_the_other_address(two):
    metadata = two.ask(path="/_matrix/client/v1/auth_metadata").json()
    assert metadata["issuer"] == "https://auth.example.com/"
    assert metadata["token_endpoint"] == "https://auth.example.com/oauth2/token"
    own = two.ask(path="/.well-known/openid-configuration", headers=AUTH)
    assert own.json() == metadata


@pytest.mark.parametrize(
    "method, path, status",
    [
        ("GET", "/", 303),
        ("GET", "/account/", 303),
        ("GET", "/favicon.ico", 200),
        ("GET", "/link", 303),
        ("GET", "/oauth2/authorize", 400),
        ("POST", "/oauth2/token", 400),
        ("GET", "/oauth2/keys.json", 200),
    ],
)
def test_it_has_what_is_for_people_and_apps(two, method, path, status):
    answer = two.ask(path=path, method=method, headers=AUTH)
    assert answer.status_code == status
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize(
    "path",
    [
        "/oauth2/introspect",
        "/edge/check",
        "/health",
        "/metrics",
        "/_matrix/client/v3/login",
        "/_synapse/admin/v2/users",
    ],
)
def test_it_has_nothing_else(two, path):
    two.upstream.requests.clear()
    answer = two.ask(path=path, headers=AUTH)
    assert answer.status_code == 404
    assert "x-request-id" not in answer.headers
    assert not two.upstream.requests


def test_signing_in_by_the_browser_leads_there(two):
    answer = two.ask(path="/_matrix/client/v3/login/sso/redirect?redirectUrl=https%3A%2F%2Fapp%2F")
    assert answer.status_code == 302
    there = two.ask(path=answer.headers["location"])
    assert there.status_code == 308
    assert there.headers["location"] == (
        "https://auth.example.com/account/sso?redirect_url=https%3A%2F%2Fapp%2F"
    )


def test_the_homeservers_address_has_the_rest(two):
    user = two.user()
    assert two.ask(user.token, "/_matrix/client/v3/account/whoami").status_code == 200
    two.assert_passes(user.token)
    two.assert_refused("M_UNKNOWN_TOKEN", False, "lka_garbage")
