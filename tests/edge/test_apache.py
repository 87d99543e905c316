"""The configuration of Apache in docs/connecting/proxy.md, which has no check of the token."""

import pytest

from edge.conftest import PATH, behind
from edge.proxies.apache import Apache
from edge.test_connections import over_tls, status_of, upgrade
from support.raw_http import RawConnection


@pytest.fixture(scope="module")
def apache(binary, tmp_path_factory):
    yield from behind(Apache, tmp_path_factory.mktemp("edge-apache"))


@pytest.mark.parametrize(
    "method, path, status",
    [
        ("GET", "/_matrix/client/v3/login", 200),
        ("POST", "/_matrix/client/api/v1/login", 404),
        ("GET", "/_matrix/client/unstable/org.matrix.msc3741/login", 200),
        ("GET", "/_matrix/client/unstable/account/whoami", 404),
        ("GET", "/_matrix/client/v2_alpha/devices", 404),
        ("GET", "/_matrix/client/v3/auth/m.login.password/fallback/web?session=x", 404),
        ("GET", "/_matrix/client/v1/admin/lock/@a:b", 401),
        ("POST", "/oauth2/token", 400),
        ("GET", "/_matrix/client/v1/auth_metadata", 200),
        ("GET", "/.well-known/openid-configuration", 200),
        ("GET", "/account/", 303),
        ("GET", "/favicon.ico", 200),
        ("GET", "/oauth2/authorize", 400),
    ],
)
def test_accounts_are_latchkeys(apache, method, path, status):
    apache.upstream.requests.clear()
    answer = apache.ask(path=path, method=method)
    assert answer.headers["x-request-id"]
    assert answer.status_code == status
    assert not apache.upstream.requests


def test_a_device_is_managed(apache):
    user = apache.user()
    path = "/_matrix/client/v3/devices/PHONE"
    named = apache.ask(user.token, path, method="PUT", json={"display_name": "Phone"})
    assert (named.status_code, named.json()) == (200, {})
    assert apache.ask(user.token, path).json()["display_name"] == "Phone"
    missing = apache.ask(user.token, "/_matrix/client/v3/devices/a%2Fb%20c?x=%2F")
    assert missing.json()["errcode"] == "M_NOT_FOUND"
    assert missing.headers["x-request-id"]
    assert missing.headers.get_list("access-control-allow-origin") == ["*"]


@pytest.mark.parametrize(
    "path",
    [
        f"{PATH}?since=s1%2F2&filter=%7B%7D",
        "/_matrix/client/v3/user/@a:b/account_data/x%2Fy%20z",
        "/_matrix/client/versions",
        "/_matrix/federation/v1/version",
        "/_synapse/client/x",
        "/.well-known/matrix/server",
    ],
)
def test_the_rest_is_the_homeservers(apache, path):
    apache.assert_passes("token", path)


@pytest.mark.parametrize(
    "path",
    [
        "/_synapse/admin/v2/users",
        "/_synapse/mas/query_user",
        "/_synapse/metrics",
        "/_matrix/../_synapse/admin/v2/users",
        "/edge/check",
        "/oauth2/introspect",
        "/",
    ],
)
def test_nothing_else_is_for_outside(apache, path):
    apache.upstream.requests.clear()
    with RawConnection(apache.proxy.port) as connection:
        connection.send(f"GET {path} HTTP/1.1\r\nHost: matrix.example.com\r\n\r\n".encode())
        answer = connection.answer()
    assert answer.status == 404
    assert answer.headers["content-type"] == "application/json"
    assert b"M_UNRECOGNIZED" in answer.body
    assert not apache.upstream.requests


def test_connections(apache):
    with over_tls("127.0.0.1", apache.proxy.tls_port, "h2", "http/1.1") as connection:
        assert connection.selected_alpn_protocol() == "h2"
    with over_tls("127.0.0.1", apache.proxy.tls_port, "http/1.1") as connection:
        assert status_of(connection, "/_matrix/client/v3/login") == 200
    status, _, said = upgrade(apache, "websocket")
    assert (status, said) == (101, b"hello\n")
    assert upgrade(apache, "h2c")[0] == 200
    assert [seen["upgrade"] for seen in apache.upstream.requests] == [None]


def test_latchkey_is_away(apache):
    apache.latchkey.stop()
    try:
        answer = apache.ask(path="/_matrix/client/v3/login")
    finally:
        apache.latchkey.start()
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]
    assert answer.json()["errcode"] == "M_UNKNOWN"


def test_a_body_is_too_large(apache):
    """Latchkey says so itself, as homeservers do."""
    answer = apache.ask(path="/_matrix/client/v3/login", method="POST", content=bytes(100_000))
    assert answer.status_code == 413
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]
    assert answer.json()["errcode"] == "M_TOO_LARGE"
