"""What the example files send where, and what happens when a part is away."""

import pytest

from edge.conftest import PATH
from edge.upstream import OWN_REFUSAL


@pytest.mark.parametrize("path", ["/_matrix/client/v3/login", "/_matrix/client/r0/login"])
def test_signing_in_is_latchkeys(edge, path):
    edge.upstream.requests.clear()
    answer = edge.ask(path=path)
    assert answer.status_code == 200
    assert {"type": "m.login.password"} in answer.json()["flows"]
    assert not edge.upstream.requests


@pytest.mark.parametrize("method, path", [
    ("GET", "unstable/org.matrix.msc3741/login"),
    ("POST", "v1/login/get_token"),
    ("POST", "v3/register"),
    ("GET", "v3/register/available"),
    ("GET", "v1/register/m.login.registration_token/validity"),
    ("POST", "v3/register/email/requestToken"),
    ("GET", "v3/login/sso/redirect"),
    ("POST", "v3/refresh"),
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
])
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
        ("GET", "/_matrix/client/v1/auth_metadata"),
        ("GET", "/_matrix/client/unstable/org.matrix.msc2965/auth_metadata"),
        ("GET", "/.well-known/openid-configuration"),
        ("GET", "/.well-known/oauth-authorization-server"),
        ("GET", "/.well-known/change-password"),
    ],
)
def test_oauth_and_the_account_pages_are_latchkeys(edge, method, path):
    edge.upstream.requests.clear()
    answer = edge.ask(path=path, method=method)
    assert answer.headers["x-request-id"]
    assert answer.status_code in (200, 303, 400, 401), answer.text
    assert not edge.upstream.requests


@pytest.mark.parametrize("path", [
    "/_matrix/client/versions",
    "/.well-known/matrix/client",
    "/_matrix/client/v3/capabilities",
    "/_matrix/client/v3/admin/whois/@alice:example.com",
    "/_matrix/client/v3/user/@alice:example.com/account_data/m.direct",
    "/_matrix/client/v3/auth/m.oauth/fallback/web?session=x",
    "/_matrix/client/v3/auth/org.matrix.cross_signing_reset/fallback/web?session=x",
    "/_matrix/client/v3/devices_of_others",
    "/_matrix/client/v3/rooms/!a:b/state/login",
    "/_matrix/client/v3/keys/device_signing/upload",
    "/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device",
])
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


@pytest.mark.parametrize("path", ["/edge/check", "/_latchkey/edge-check", "/oauth2/introspect",
                                  "/health", "/metrics"])
def test_what_is_not_for_clients_is_not_latchkeys_from_outside(edge, path):
    edge.upstream.requests.clear()
    answer = edge.ask(path=path)
    assert "x-request-id" not in answer.headers
    assert [seen["target"] for seen in edge.upstream.requests] in ([path], [])


def test_preflights_reach_the_homeserver(edge):
    edge.assert_passes(method="OPTIONS", headers={"Origin": "https://app.example.org"})


def test_the_homeservers_own_refusal_is_left_alone(edge):
    answer = edge.ask(path=OWN_REFUSAL)
    assert answer.status_code == 401
    assert answer.json() == {"errcode": "M_FORBIDDEN", "error": "mine"}


def test_nobody_is_logged_out_while_latchkey_is_away(edge):
    """A client tries a 503 again; only a 401 would tell it to give up its session."""
    user = edge.user()
    edge.assert_passes(user.token)
    edge.latchkey.stop()
    edge.upstream.requests.clear()
    try:
        for token in (user.token, None):
            answer = edge.ask(token, PATH)
            assert answer.status_code == 503
            assert answer.json()["errcode"] == "M_UNKNOWN"
            assert int(answer.headers["retry-after"]) > 0
            assert answer.headers["access-control-allow-origin"] == "*"
        assert not edge.upstream.requests
    finally:
        edge.latchkey.start()
    edge.assert_passes(user.token)
