"""POST /refresh: what it yields and what it refuses. Races and losses are in test_continuity.py."""

import pytest

from support.answers import (
    assert_error,
    assert_good,
    assert_hard,
    assert_locked,
    assert_soft,
)
from support.api import PREFIX
from support.matrix_client import new_client

REFRESH = f"{PREFIX}/refresh"


def test_yields_a_new_pair(server):
    client = new_client(server.api)
    body = assert_good(server.api.refresh(client.refresh_token))
    assert body["access_token"] != client.access
    assert body["refresh_token"] != client.refresh_token
    assert 290_000 < body["expires_in_ms"] <= 300_000
    assert assert_good(server.api.whoami(body["access_token"]))["device_id"] == client.store.device


def test_again_and_again(server):
    client = new_client(server.api)
    for _ in range(20):
        assert client.refresh().value == "signed in"
    assert_good(server.api.whoami(client.access))
    assert len(server.sessions(client.store.user)) == 1


@pytest.mark.parametrize("version", ["r0", "v1", "v3"])
def test_versions_of_the_path(server, version):
    client = new_client(server.api)
    answer = server.api.request(
        "POST", f"/_matrix/client/{version}/refresh", json={"refresh_token": client.refresh_token}
    )
    if version == "v3":
        assert_good(answer)
    else:
        assert answer.status_code in (200, 404)  # the spec has it from v3 on


def test_needs_no_access_token_and_minds_none(server):
    client = new_client(server.api)
    answer = server.api.request(
        "POST", REFRESH, token="lka_nonsense", json={"refresh_token": client.refresh_token}
    )
    assert_good(answer)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "nonsense",
        "syt_c29tZQ_dG9rZW4_1",
        "lkr_",
        "lkr_" + "0" * 43,
        "lkr_" + "z" * 43,
        "lkr_" + "é" * 43,
        "lkr_" + "A" * 10_000,
        "LKR_" + "0" * 43,
        " ",
    ],
)
def test_unknown_tokens(server, token):
    assert_hard(server.api.refresh(token))


def test_an_access_token_refreshes_nothing(server):
    client = new_client(server.api)
    assert_hard(server.api.refresh(client.access))
    assert_hard(server.api.refresh("lkr_" + client.access.removeprefix("lka_")))
    assert_good(server.api.refresh(client.refresh_token))


def test_every_single_character_counts(server):
    """With any one character changed it is forged, and nothing happens to its session."""
    client = new_client(server.api)
    token = client.refresh_token
    for i in range(len(token)):
        other = "1" if token[i] == "0" else "0"
        assert_hard(server.api.refresh(token[:i] + other + token[i + 1 :]))
    assert_good(server.api.refresh(token))


@pytest.mark.parametrize(
    "body,errcode",
    [
        ({}, "M_MISSING_PARAM"),
        ({"refresh_token": None}, "M_BAD_JSON"),
        ({"refresh_token": 7}, "M_BAD_JSON"),
        ({"refresh_token": ["lkr_x"]}, "M_BAD_JSON"),
        ({"refresh_token": {}}, "M_BAD_JSON"),
    ],
)
def test_bodies_that_are_not_a_refresh(server, body, errcode):
    assert_error(server.api.request("POST", REFRESH, json=body), 400, errcode)


def test_after_logout(server):
    client = new_client(server.api)
    assert_good(server.api.logout(client.access))
    assert_hard(server.api.refresh(client.refresh_token))


def test_while_locked(server):
    client = new_client(server.api)
    server.command("user", "lock", client.store.user)
    assert_locked(server.api.refresh(client.refresh_token))
    server.command("user", "unlock", client.store.user)
    assert_good(server.api.refresh(client.refresh_token))  # nothing was rotated meanwhile


def test_after_a_soft_end(server):
    client = new_client(server.api)
    server.command("user", "soft-logout", client.store.user)
    assert_soft(server.api.refresh(client.refresh_token))


def test_of_a_deactivated_account(server):
    client = new_client(server.api)
    server.command("user", "deactivate", client.store.user)
    assert_hard(server.api.refresh(client.refresh_token))
