"""What the example files send where, and what happens when a part is away."""

import json

import pytest

from edge.conftest import PATH
from edge.upstream import OWN_REFUSAL
from support.raw_http import RawConnection


@pytest.mark.parametrize("path", ["/_matrix/client/v3/login", "/_matrix/client/r0/login"])
def test_signing_in_is_latchkeys(edge, path):
    edge.upstream.requests.clear()
    answer = edge.ask(path=path)
    assert answer.status_code == 200
    assert {"type": "m.login.password"} in answer.json()["flows"]
    assert not edge.upstream.requests


@pytest.mark.parametrize(
    "method, path",
    [
        ("GET", "unstable/org.matrix.msc3741/login"),
        ("POST", "v1/login/get_token"),
        ("POST", "v3/register"),
        ("GET", "v3/register/available"),
        ("GET", "v1/register/m.login.registration_token/validity"),
        ("POST", "v3/register/email/requestToken"),
        ("GET", "v3/login/sso/redirect"),
        ("POST", "v3/refresh"),
        ("GET", "v3/capabilities"),
        ("GET", "r0/capabilities"),
        ("POST", "v3/logout/all"),
        ("POST", "r0/account/password"),
        ("POST", "v3/account/password/email/requestToken"),
        ("POST", "v3/account/deactivate"),
        ("GET", "v3/account/3pid"),
        ("POST", "v3/account/3pid/add"),
        ("GET", "v3/devices"),
        ("GET", "r0/devices/PHONE"),
        ("PUT", "v3/devices/a%2Fb%20c"),
        ("DELETE", "v3/devices/PHONE"),
        ("POST", "v3/delete_devices"),
        ("GET", "v3/auth/m.login.password/fallback/web?session=x"),
        ("POST", "r0/auth/m.login.registration_token/fallback/web"),
        ("GET", "v1/admin/lock/@alice:example.com"),
        ("PUT", "v1/admin/suspend/%40alice%3Aexample.com"),
        ("PUT", "unstable/uk.timedout.msc4323/admin/lock/@alice:example.com"),
        # Names that homeservers still know, and Latchkey does not: the answer is 404.
        *(
            (method, f"{version}/{path}")
            for version in ("api/v1", "v2_alpha", "unstable", "v4")
            for method, path in (
                ("POST", "login"),
                ("POST", "logout"),
                ("POST", "logout/all"),
                ("POST", "register"),
                ("GET", "account/whoami"),
                ("POST", "account/password"),
                ("POST", "account/3pid/delete"),
                ("GET", "devices"),
                ("DELETE", "devices/PHONE"),
                ("POST", "delete_devices"),
            )
        ),
        ("POST", "r0/login/"),
        ("POST", "r0/%6Cogin"),
        ("POST", "r0%2Flogin"),
        ("POST", "r0//login"),
        ("POST", "/r0/login"),
        ("POST", "unstable/org.matrix.msc3882/login/token"),
    ],
)
def test_what_belongs_to_an_account_is_latchkeys(edge, method, path):
    edge.upstream.requests.clear()
    answer = edge.ask(path=f"/_matrix/client/{path}", method=method)
    assert answer.headers["x-request-id"]
    assert not edge.upstream.requests


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/oauth2/authorize"),
        ("POST", "/oauth2/token"),
        ("POST", "/oauth2/revoke"),
        ("POST", "/oauth2/registration"),
        ("POST", "/oauth2/device"),
        ("GET", "/oauth2/userinfo"),
        ("GET", "/oauth2/logout"),
        ("GET", "/oauth2/keys.json"),
        ("GET", "/account/"),
        ("GET", "/account/devices"),
        ("GET", "/link"),
        ("GET", "/favicon.ico"),
        ("GET", "/_matrix/client/v1/auth_metadata"),
        ("GET", "/_matrix/client/unstable/org.matrix.msc2965/auth_metadata"),
        ("GET", "/.well-known/openid-configuration"),
        ("GET", "/.well-known/oauth-authorization-server"),
        ("GET", "/.well-known/webfinger"),
        ("GET", "/.well-known/change-password"),
    ],
)
def test_oauth_and_the_account_pages_are_latchkeys(edge, method, path):
    edge.upstream.requests.clear()
    answer = edge.ask(path=path, method=method)
    assert answer.headers["x-request-id"]
    assert answer.status_code in (200, 303, 400, 401), answer.text
    assert not edge.upstream.requests


@pytest.mark.parametrize(
    "path",
    [
        "/_synapse/admin/v1/server_version",
        "/_synapse/admin",
        "/_synapse/mas/query_user?localpart=alice",
        "/_synapse/metrics",
        "/_SYNAPSE/admin/v2/users",
        "/%5Fsynapse/admin/v2/users",
        "//_synapse/admin/v2/users",
        "/_synapse%2Fadmin/v2/users",
        "/_synapse/clientadmin",
        "/_dendrite/admin/x",
        "/",
    ],
)
def test_the_homeservers_administration_stays_inside(edge, path):
    edge.upstream.requests.clear()
    edge.assert_not_asked(404, "M_UNRECOGNIZED", edge.ask(edge.user().token, path))


@pytest.mark.parametrize(
    "path",
    [
        "/_matrix/../_synapse/admin/v2/users",
        "/_matrix/%2E%2e/_synapse/admin/v2/users",
        "/_matrix/client/..%2f../_synapse/admin/v2/users",
        "/_synapse/admin/v2/users/..%2F..%2F..%2F..%2F_matrix%2Ffederation%2Fx",
        "/_matrix/client/v3/user/@a:b/account_data/..%2F..%2F..%2F..%2F..%2F..%2Ffederation%2Fx",
        "/_matrix/client/v3/./login",
        "/_matrix/client/v3/login/..",
    ],
)
def test_a_path_that_can_be_read_in_two_ways_goes_nowhere(edge, path):
    """httpx would tidy such a path, and so do browsers; a program need not."""
    edge.upstream.requests.clear()
    with RawConnection(edge.proxy.port) as connection:
        connection.send(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        answer = connection.answer()
    if edge.proxy.resolves_dots:
        # What it made of the path is what it judged: the homeserver sees no dots to resolve, and
        # nothing that is Latchkey's.
        heard = [seen["target"] for seen in edge.upstream.requests]
        if path.endswith("/login/.."):
            assert answer.status == 200
            assert heard in (["/_matrix/client/v3"], ["/_matrix/client/v3/"])
            return
        assert not heard
        assert answer.status in (400, 404) or "x-request-id" in answer.headers
        return
    assert answer.status == 400
    assert json.loads(answer.body)["errcode"] == "M_UNKNOWN"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert not edge.upstream.requests


@pytest.mark.parametrize(
    "path",
    [
        "/_matrix/client/v3/rooms/!a:b/state/m.x/..x",
        "/_matrix/client/v3/rooms/!a:b/messages?from=/../",
    ],
)
def test_dots_elsewhere_are_left_alone(edge, path):
    edge.assert_passes(path=path)


UNCHECKED = [
    "/_matrix/federation/v1/version",
    "/_matrix/federation/v2/send_join/!a:b/$c",
    "/_matrix/key/v2/server",
    "/_matrix/client/versions",
    "/.well-known/matrix/client",
    "/.well-known/matrix/server",
    "/.well-known/matrix/support",
]


@pytest.mark.parametrize("path", UNCHECKED)
def test_what_needs_no_token_is_not_checked(edge, path):
    edge.assert_passes("lka_garbage", path)


def test_what_needs_no_token_goes_on_while_latchkey_is_away(edge):
    edge.latchkey.stop()
    try:
        for path in UNCHECKED:
            edge.assert_passes(path=path)
    finally:
        edge.latchkey.start()


@pytest.mark.parametrize(
    "path",
    [
        "/_matrix/media/v3/config",
        "/_matrix/media/v3/download/example.com/x",
        "/_matrix/client/v1/media/download/example.com/x",
        "/_matrix/client/v3/directory/room/%23a:example.com",
        "/_matrix/client/v3/rooms/!a:b/state/m.x/a%2Fb%3Bc",
        "/_synapse/client/password_reset/email/submit_token",
        "/_matrix/client/v3/admin/whois/@alice:example.com",
        "/_matrix/client/v3/user/@alice:example.com/account_data/m.direct",
        "/_matrix/client/v3/auth/m.oauth/fallback/web?session=x",
        "/_matrix/client/v3/auth/org.matrix.cross_signing_reset/fallback/web?session=x",
        "/_matrix/client/v3/devices_of_others",
        "/_matrix/client/v3/rooms/!a:b/state/login",
        "/_matrix/client/v3/keys/device_signing/upload",
        "/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device",
    ],
)
def test_the_rest_is_the_homeservers(edge, path):
    edge.assert_passes(path=path)


def test_an_account_is_managed_through_the_proxy(edge):
    """Confirmed with two requests, and the homeserver's path hears of it at once."""
    user = edge.user()
    other = edge.latchkey.api.login(user.name, user.password, "LAPTOP").json()["access_token"]
    edge.assert_passes(other)
    path = "/_matrix/client/v3/devices/LAPTOP"
    challenge = edge.ask(user.token, path, method="DELETE", json={})
    assert challenge.status_code == 401
    session = challenge.json()["session"]
    page = edge.ask(path=f"/_matrix/client/v3/auth/m.login.password/fallback/web?session={session}")
    assert page.headers["content-type"].startswith("text/html")
    auth = {"session": session, "type": "m.login.password", "password": user.password}
    done = edge.ask(user.token, path, method="DELETE", json={"auth": auth})
    assert (done.status_code, done.json()) == (200, {})
    edge.assert_refused("M_UNKNOWN_TOKEN", False, other)
    edge.assert_passes(user.token)


def test_a_whole_session_goes_through_the_proxy(edge):
    user = edge.user()
    who = edge.ask(user.token, "/_matrix/client/v3/account/whoami")
    assert who.json()["device_id"] == user.device
    edge.assert_passes(user.token)
    assert edge.ask(user.token, "/_matrix/client/v3/logout", method="POST").status_code == 200
    edge.assert_refused("M_UNKNOWN_TOKEN", False, user.token)


@pytest.mark.parametrize(
    "path", ["/edge/check", "/_latchkey/edge-check", "/oauth2/introspect", "/health", "/metrics"]
)
def test_what_is_not_for_clients_is_not_latchkeys_from_outside(edge, path):
    edge.upstream.requests.clear()
    answer = edge.ask(path=path)
    # Traefik has no answer of its own: Latchkey says it.
    assert "x-request-id" not in answer.headers or not edge.proxy.says_json
    assert answer.status_code == 404
    assert not edge.upstream.requests


def test_preflights_are_answered(edge):
    asks = {
        "Origin": "https://app.example.org",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
    if not edge.proxy.answers_preflights:
        return edge.assert_passes(method="OPTIONS", headers=asks)
    answer = edge.ask(method="OPTIONS", headers=asks)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "authorization" in answer.headers["access-control-allow-headers"].lower()


def test_a_head_request_is_checked_like_any(edge):
    user = edge.user()
    edge.assert_passes(user.token, method="HEAD")
    assert edge.latchkey.api.logout(user.token).status_code == 200
    edge.assert_refused("M_UNKNOWN_TOKEN", False, user.token, method="HEAD")


def test_browsers_are_let_in_once(edge):
    """Two of the header are none to a browser."""
    for path in ("/_matrix/client/versions", "/_matrix/client/v3/login", PATH):
        assert edge.ask(path=path).headers.get_list("access-control-allow-origin") == ["*"]


def test_the_homeservers_own_refusal_is_left_alone(edge):
    answer = edge.ask(path=OWN_REFUSAL)
    assert answer.status_code == 401
    assert answer.json() == {"errcode": "M_FORBIDDEN", "error": "mine"}
