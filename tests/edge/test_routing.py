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
