"""The edge's column of the table of standings (docs/formats/sessions.md), as clients see it."""

import pytest

from support.polling import wait_until

OPTIONS = {
    "sessions": {
        "access_token_lifetime": "2s",
        "refresh_grace": "0s",
        "access_token_lifetime_without_refresh": "never",
    }
}


@pytest.fixture
def user(edge):
    return edge.user()


@pytest.fixture
def lasting(edge):
    """A user whose token does not expire while the test runs."""
    user = edge.user()
    answer = edge.latchkey.api.login(user.name, user.password, "LAPTOP", refresh=False).json()
    user.token, user.device = answer["access_token"], "LAPTOP"
    return user


def test_a_request_without_a_token_passes(edge):
    edge.assert_passes(None)


def test_a_token_that_is_not_ours_passes(edge):
    edge.assert_passes("syt_YWxpY2U_AbCdEfGhIjKlMnOpQrSt_1a2b3c")


def test_a_good_token_passes(edge, lasting):
    edge.assert_passes(lasting.token)
    edge.assert_passes(lasting.token, "/_matrix/client/v3/sync?since=s1%2F2&filter=%7B%7D")
    edge.assert_passes(
        lasting.token,
        "/_matrix/client/v3/rooms/!a:b/send/m/1",
        method="PUT",
        content=b"x" * 200_000,
    )


def test_a_malformed_token_is_refused(edge):
    edge.assert_refused("M_UNKNOWN_TOKEN", False, "lka_garbage")


def test_a_forged_token_is_refused(edge, lasting):
    last = "A" if lasting.token[-1] != "A" else "B"
    edge.assert_refused("M_UNKNOWN_TOKEN", False, lasting.token[:-1] + last)


def test_a_refresh_token_is_refused(edge, user):
    edge.assert_refused("M_UNKNOWN_TOKEN", False, user.refresh_token)


def test_a_logout_is_hard_at_once(edge, lasting):
    edge.assert_passes(lasting.token)
    assert edge.latchkey.api.logout(lasting.token).status_code == 200
    edge.assert_refused("M_UNKNOWN_TOKEN", False, lasting.token)


def test_a_deactivated_account_is_hard(edge, lasting):
    edge.assert_passes(lasting.token)
    edge.latchkey.command("user", "deactivate", lasting.name)
    edge.assert_refused("M_UNKNOWN_TOKEN", False, lasting.token)


def test_a_lock_is_seen_at_once_and_lifted_at_once(edge, lasting):
    for _ in range(3):
        edge.assert_passes(lasting.token)
        edge.latchkey.command("user", "lock", lasting.name)
        edge.assert_refused("M_USER_LOCKED", True, lasting.token)
        edge.latchkey.command("user", "unlock", lasting.name)
    edge.assert_passes(lasting.token)


def test_a_suspended_account_passes(edge, lasting):
    edge.latchkey.command("user", "suspend", lasting.name)
    edge.assert_passes(lasting.token)


def test_an_administrators_soft_logout_is_soft_at_once(edge, lasting):
    edge.assert_passes(lasting.token)
    edge.latchkey.command("user", "soft-logout", lasting.name)
    edge.assert_refused("M_UNKNOWN_TOKEN", True, lasting.token)


def test_a_new_login_to_the_device_ends_the_older_one_softly(edge, lasting):
    edge.assert_passes(lasting.token)
    again = edge.latchkey.api.login(lasting.name, lasting.password, lasting.device, refresh=False)
    edge.assert_refused("M_UNKNOWN_TOKEN", True, lasting.token)
    edge.assert_passes(again.json()["access_token"])


def test_an_expired_token_is_soft(edge, user):
    edge.assert_passes(user.token)
    wait_until(lambda: edge.ask(user.token).status_code == 401, "the token to expire")
    edge.assert_refused("M_UNKNOWN_TOKEN", True, user.token)


def test_a_replaced_token_is_soft(edge, user):
    fresh = edge.latchkey.api.refresh(user.refresh_token).json()
    edge.assert_passes(fresh["access_token"])
    edge.assert_refused("M_UNKNOWN_TOKEN", True, user.token)


def test_the_refusal_is_latchkeys_own(edge, lasting):
    edge.latchkey.api.logout(lasting.token)
    refused = edge.assert_refused("M_UNKNOWN_TOKEN", False, lasting.token)
    own = edge.latchkey.api.edge(lasting.token)
    assert refused.json() == own.json() == edge.latchkey.api.whoami(lasting.token).json()
    for name in (
        "access-control-allow-origin",
        "access-control-allow-methods",
        "access-control-allow-headers",
        "access-control-expose-headers",
        "cache-control",
    ):
        assert refused.headers[name].replace(" ", "") == own.headers[name].replace(" ", ""), name
    assert refused.headers["x-request-id"]
