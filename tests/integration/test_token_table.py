"""The table of design §2: one standing, four surfaces. docs/formats/sessions.md has the table.

Each row makes a token of that standing and says what every surface answers for it.
"""

import pytest

from support.answers import (
    assert_good,
    assert_hard,
    assert_locked,
    assert_missing,
    assert_soft,
)
from support.clock import HOUR, MINUTE
from support.matrix_client import new_client
from support.secrets import INTROSPECTION_SECRET
from support.services import Bridge, install

# Introspection goes on saying yes for 30 s after a token went soft or locked, since the edge in
# front of it is the strict one.
SLACK = 31


def good(server, clock):
    return new_client(server.api).access


def refresh_token(server, clock):
    return new_client(server.api).refresh_token


def forged(server, clock):
    token = new_client(server.api).access
    return token[:-1] + ("0" if token[-1] != "0" else "1")


def logged_out(server, clock):
    client = new_client(server.api)
    assert_good(server.api.logout(client.access))
    return client.access


def logged_out_everywhere(server, clock):
    client = new_client(server.api)
    other = assert_good(server.api.login(client.store.user, client.store.password))
    assert_good(server.api.logout_all(other["access_token"]))
    return client.access


def ended_by_an_administrator(server, clock):
    client = new_client(server.api)
    [session] = server.sessions(client.store.user)
    server.command("session", "end", session["id"])
    return client.access


def deactivated(server, clock):
    client = new_client(server.api)
    server.command("user", "deactivate", client.store.user)
    return client.access


def locked(server, clock):
    client = new_client(server.api)
    server.command("user", "lock", client.store.user)
    clock.advance(SLACK)
    return client.access


def locked_and_logged_out(server, clock):
    client = new_client(server.api)
    server.command("user", "lock", client.store.user)
    assert_good(server.api.logout(client.access))
    return client.access


def softly_ended(server, clock):
    client = new_client(server.api)
    [session] = server.sessions(client.store.user)
    server.command("session", "soft-logout", session["id"])
    clock.advance(SLACK)
    return client.access


def taken_over(server, clock):
    client = new_client(server.api)
    old = client.access
    client.sign_in()
    clock.advance(SLACK)
    return old


def past_its_age(server, clock):
    token = assert_good(server.api.register(refresh=False))["access_token"]
    clock.advance(2 * HOUR + SLACK)
    return token


def expired(server, clock):
    token = good(server, clock)
    clock.advance(5 * MINUTE + SLACK)
    return token


def replaced(server, clock):
    client = new_client(server.api)
    old = client.access
    client.refresh()
    client.use()
    clock.advance(1 * MINUTE + SLACK)
    assert_good(server.api.whoami(client.access))
    return old


def reused(server, clock):
    client = new_client(server.api)
    oldest = client.refresh_token
    for _ in range(2):
        client.refresh()
        client.use()
    assert_soft(server.api.refresh(oldest))
    clock.advance(SLACK)
    return client.access


def suspended(server, clock):
    client = new_client(server.api)
    server.command("user", "suspend", client.store.user)
    return client.access


def of_an_application_service(server, clock):
    return Bridge(server, "irc").token


TABLE = {
    # how it is made: (Client-Server API, introspection says active, edge passes)
    "missing": (lambda *_: None, assert_missing, None, True),
    "a configured application service's": (of_an_application_service, assert_good, False, True),
    "somebody else's": (lambda *_: "syt_bm9ib2R5_abcdefghijklmnop", assert_hard, False, True),
    "nothing at all": (lambda *_: "nonsense", assert_hard, False, True),
    "malformed": (lambda *_: "lka_short", assert_hard, False, False),
    "never issued": (lambda *_: "lka_" + "0" * 43, assert_hard, False, False),
    "forged": (forged, assert_hard, False, False),
    "a refresh token": (refresh_token, assert_hard, False, False),
    "logged out": (logged_out, assert_hard, False, False),
    "logged out everywhere": (logged_out_everywhere, assert_hard, False, False),
    "ended by an administrator": (ended_by_an_administrator, assert_hard, False, False),
    "deactivated": (deactivated, assert_hard, False, False),
    "locked": (locked, assert_locked, False, False),
    "locked and logged out": (locked_and_logged_out, assert_hard, False, False),
    "softly ended": (softly_ended, assert_soft, False, False),
    "taken over": (taken_over, assert_soft, False, False),
    "past its age": (past_its_age, assert_soft, False, False),
    "expired": (expired, assert_soft, False, False),
    "replaced": (replaced, assert_soft, False, False),
    "refresh token reused": (reused, assert_soft, False, False),
    "suspended": (suspended, assert_good, True, True),
    "good": (good, assert_good, True, True),
}


@pytest.mark.parametrize("row", TABLE)
def test_row(make_server, clock, row):
    make, client_api, active, passes = TABLE[row]
    server = make_server(
        clock,
        start=False,
        sessions={"maximum_age": "2h"},
        application_services=["irc.yaml", "mail.yaml"],
    )
    install(server.directory)
    server.start()
    token = make(server, clock)

    answer = server.api.whoami(token)
    client_api(answer)

    if active is None:
        introspected = server.api.request(
            "POST", "/oauth2/introspect", token=INTROSPECTION_SECRET, data={}
        )
        assert introspected.status_code == 400
    else:
        introspected = assert_good(server.api.introspect(token))
        assert introspected["active"] is active
        if not active:
            assert set(introspected) == {"active"}  # RFC 7662 §2.2: nothing more about it

    edge = server.api.edge(token)
    if passes:
        assert edge.status_code == 200
    else:
        client_api(edge)
        assert edge.content == answer.content


def test_the_same_row_after_a_restart(make_server, clock):
    """What the cache said and what the database says are the same."""
    server = make_server(clock)
    rows = {
        "good": (good, assert_good),
        "ended": (logged_out, assert_hard),
        "soft": (softly_ended, assert_soft),
        "locked": (locked, assert_locked),
        "suspended": (suspended, assert_good),
    }
    tokens = {row: make(server, clock) for row, (make, _) in rows.items()}
    for _ in range(2):
        for row, (_, check) in rows.items():
            check(server.api.whoami(tokens[row]))
        server.restart()
