"""POST /logout and /logout/all: a person ends sessions, and they stay ended."""

import pytest

from support.answers import (
    assert_good,
    assert_hard,
    assert_locked,
    assert_missing,
    assert_soft,
)
from support.clock import MINUTE
from support.matrix_client import new_client


def second_session(server, client) -> dict:
    return assert_good(server.api.login(client.store.user, client.store.password))


def test_logout_ends_this_session_and_no_other(server):
    client = new_client(server.api)
    other = second_session(server, client)
    assert assert_good(server.api.logout(client.access)) == {}
    assert_hard(server.api.whoami(client.access))
    assert_hard(server.api.refresh(client.refresh_token))
    assert_hard(server.api.logout(client.access))
    assert_good(server.api.whoami(other["access_token"]))


def test_logout_all_ends_every_session_of_the_user_and_of_nobody_else(server):
    client, stranger = new_client(server.api), new_client(server.api)
    other = second_session(server, client)
    assert assert_good(server.api.logout_all(other["access_token"])) == {}
    for token in (client.access, other["access_token"]):
        assert_hard(server.api.whoami(token))
    for token in (client.refresh_token, other["refresh_token"]):
        assert_hard(server.api.refresh(token))
    assert_good(server.api.whoami(stranger.access))


@pytest.mark.parametrize("call", ["logout", "logout_all"])
def test_logout_needs_a_token_of_ours(server, call):
    ask = getattr(server.api, call)
    assert_missing(ask(None))
    assert_hard(ask("nonsense"))
    assert_hard(ask("lka_" + "0" * 43))


@pytest.mark.parametrize("call", ["logout", "logout_all"])
def test_a_refresh_token_logs_nothing_out(server, call):
    client = new_client(server.api)
    assert_hard(getattr(server.api, call)(client.refresh_token))
    assert_good(server.api.whoami(client.access))


@pytest.mark.parametrize("call", ["logout", "logout_all"])
def test_a_locked_account_can_log_out(server, call):
    """Spec "Account locking": these two endpoints go on working."""
    client = new_client(server.api)
    server.command("user", "lock", client.store.user)
    assert_locked(server.api.whoami(client.access))
    assert_good(getattr(server.api, call)(client.access))
    assert_hard(server.api.whoami(client.access))
    server.command("user", "unlock", client.store.user)
    assert_hard(server.api.whoami(client.access))
    assert_hard(server.api.refresh(client.refresh_token))


def test_a_softly_ended_session_can_be_logged_out_fully(server):
    """The button of a softly logged out client: it holds nothing but that dead token."""
    client = new_client(server.api)
    server.command("user", "soft-logout", client.store.user)
    assert_soft(server.api.whoami(client.access))
    assert_good(server.api.logout(client.access))
    assert_hard(server.api.whoami(client.access))
    assert_hard(server.api.refresh(client.refresh_token))


def test_an_expired_token_logs_its_session_out(make_server, clock):
    server = make_server(clock)
    client = new_client(server.api)
    clock.advance(6 * MINUTE)
    assert_soft(server.api.whoami(client.access))
    assert_good(server.api.logout(client.access))
    assert_hard(server.api.whoami(client.access))
    assert_hard(server.api.refresh(client.refresh_token))


def test_a_refreshed_but_unseen_pair_dies_with_the_session(server):
    """The token of `seen` ends the session of `issued` too."""
    client = new_client(server.api)
    newer = assert_good(server.api.refresh(client.refresh_token))
    assert_good(server.api.logout(client.access))
    assert_hard(server.api.whoami(newer["access_token"]))
    assert_hard(server.api.refresh(newer["refresh_token"]))
    assert_hard(server.api.refresh(client.refresh_token))


def test_logout_reaches_the_older_session_of_a_reused_device(server):
    """Design §2 "Devices": a logout makes all sessions of its device hard."""
    client = new_client(server.api)
    old = client.access
    client.sign_in()
    assert_soft(server.api.whoami(old))
    assert_good(server.api.logout(client.access))
    assert_hard(server.api.whoami(old))


def test_the_device_name_is_free_again_after_logout(server):
    client = new_client(server.api)
    dead = client.access
    device = client.store.device
    client.sign_out()
    body = assert_good(server.api.login(client.store.user, client.store.password, device))
    assert_good(server.api.whoami(body["access_token"]))
    assert_hard(server.api.whoami(dead))


@pytest.mark.parametrize("body", [b"", b"{}", b'{"unknown": [1]}'])
def test_the_body_is_of_no_account(server, body):
    """Clients send an empty object, or nothing at all."""
    client = new_client(server.api)
    answer = server.api.request(
        "POST", "/_matrix/client/v3/logout", token=client.access, content=body
    )
    assert_good(answer)
    assert_hard(server.api.whoami(client.access))
