"""POST /oauth2/introspect, as Synapse asks it (RFC 7662). Standings are in test_token_table.py."""

import pytest

from support.answers import assert_good
from support.clock import MINUTE
from support.matrix_client import new_client
from support.secrets import INTROSPECTION_SECRET

PATH = "/oauth2/introspect"


def test_what_synapse_reads(server):
    client = new_client(server.api)
    body = assert_good(server.api.introspect(client.access))
    assert body["active"] is True
    assert "urn:matrix:client:api:*" in body["scope"].split()
    assert body["username"] == client.store.user
    assert body["device_id"] == client.store.device
    assert isinstance(body["sub"], str)
    assert body["sub"]
    assert isinstance(body["expires_in"], int)
    # Half a minute of slack over the token's five, less the moments this took.
    assert 300 < body["expires_in"] <= 330
    assert "urn:synapse:admin:*" not in body["scope"].split()


def test_a_token_that_does_not_expire_has_no_expires_in(server):
    token = assert_good(server.api.register(refresh=False))["access_token"]
    assert "expires_in" not in assert_good(server.api.introspect(token))


def test_sub_is_the_same_in_every_session(server):
    client = new_client(server.api)
    other = assert_good(server.api.login(client.store.user, client.store.password))
    subs = {
        assert_good(server.api.introspect(token))["sub"]
        for token in (client.access, other["access_token"])
    }
    assert len(subs) == 1


@pytest.mark.parametrize(
    "token", [None, "wrong", INTROSPECTION_SECRET[:-1], INTROSPECTION_SECRET + "x"]
)
def test_only_who_knows_the_secret_may_ask(server, token):
    client = new_client(server.api)
    answer = server.api.request("POST", PATH, token=token, data={"token": client.access})
    assert answer.status_code == 401
    assert "active" not in answer.json()


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "bEARER"])
def test_the_scheme_is_taken_in_any_case(server, scheme):
    client = new_client(server.api)
    headers = {"Authorization": f"{scheme} {INTROSPECTION_SECRET}"}
    for _ in range(2):  # from the database, and from memory
        answer = server.api.request("POST", PATH, headers=headers, data={"token": client.access})
        assert assert_good(answer)["active"] is True


def test_a_users_own_token_is_not_the_secret(server):
    client = new_client(server.api)
    answer = server.api.request("POST", PATH, token=client.access, data={"token": client.access})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"token_type_hint=access_token",
        b"token=a&token=b",
        b"token=%zz",
        b"\xff\xfe",
        b'{"token": "x"}',
    ],
)
def test_forms_without_one_token(server, content):
    answer = server.api.request(
        "POST",
        PATH,
        token=INTROSPECTION_SECRET,
        content=content,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_request"


def test_empty_token_is_no_token(server):
    answer = server.api.request("POST", PATH, token=INTROSPECTION_SECRET, data={"token": ""})
    assert answer.status_code in (200, 400)
    assert answer.json().get("active") is not True


def test_unknown_hints_are_ignored(server):
    """RFC 7662 §2.1: the hint only helps to look; other parameters are ignored."""
    client = new_client(server.api)
    answer = server.api.request(
        "POST",
        PATH,
        token=INTROSPECTION_SECRET,
        data={"token": client.access, "token_type_hint": "saml2", "more": "x"},
    )
    assert assert_good(answer)["active"] is True


def test_slack_for_what_ended_softly_and_none_for_what_a_person_ended(make_server, clock):
    """A request that passed the edge must not be turned into a hard 401 by the homeserver."""
    server = make_server(clock)
    locked, expired, soft, out = (new_client(server.api) for _ in range(4))
    server.command("user", "lock", locked.store.user)
    server.command("user", "soft-logout", soft.store.user)
    assert_good(server.api.logout(out.access))
    for client in (locked, expired, soft):
        assert assert_good(server.api.introspect(client.access))["active"] is True
    assert assert_good(server.api.introspect(out.access)) == {"active": False}
    clock.advance(31)
    assert assert_good(server.api.introspect(locked.access)) == {"active": False}
    assert assert_good(server.api.introspect(soft.access)) == {"active": False}
    clock.advance(5 * MINUTE - 31 + 10)
    assert assert_good(server.api.introspect(expired.access))["active"] is True
    assert server.api.whoami(expired.access).status_code == 401
    clock.advance(30)
    assert assert_good(server.api.introspect(expired.access)) == {"active": False}
