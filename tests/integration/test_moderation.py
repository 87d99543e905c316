"""Lock and suspend through the Client-Server API (spec "Server Administration"; MSC4323)."""

import re
from urllib.parse import quote

import pytest

from support.answers import assert_error, assert_good, assert_hard, assert_locked, assert_missing
from support.clock import HOUR
from support.matrix_client import State, assert_never_noticed, new_client

VERSIONS = ["v1", "unstable/uk.timedout.msc4323"]
FIELDS = {"lock": "locked", "suspend": "suspended"}


def new_admin(server):
    client = new_client(server.api)
    server.command("user", "admin", client.store.user, "on")
    return client


@pytest.fixture
def admin(server):
    return new_admin(server)


def id_of(client) -> str:
    return f"@{client.store.user}:example.com"


def ask(server, client, measure: str, user_id: str, body=None, version: str = "v1"):
    """GET, or with a body PUT. `client` may be None: no token."""
    path = f"/_matrix/client/{version}/admin/{measure}/{quote(user_id, safe='')}"
    token = client and client.access
    if body is None:
        return server.api.request("GET", path, token=token)
    return server.api.request("PUT", path, token=token, json=body)


def audit(server, client) -> list[dict]:
    return server.command("audit", "--user", client.store.user)["audit"]


# -- what it does


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("measure", FIELDS)
def test_take_read_and_lift(server, admin, measure, version):
    user, field = id_of(new_client(server.api)), FIELDS[measure]
    for state in (True, True, False, False, True):
        put = ask(server, admin, measure, user, {field: state}, version)
        assert assert_good(put) == {field: state}
        got = ask(server, admin, measure, user, version=version)
        assert assert_good(got) == {field: state}
    other = "suspend" if measure == "lock" else "lock"
    assert assert_good(ask(server, admin, other, user)) == {FIELDS[other]: False}


def test_locked_a_client_keeps_its_keys_and_waits(server, admin):
    client, without = new_client(server.api), new_client(server.api, refreshes=False)
    for one in (client, without):
        one.use()  # it is remembered
        assert_good(server.api.moderate(admin.access, "lock", id_of(one), True))
        assert_locked(server.api.whoami(one.access))
        assert "locked" in server.api.whoami(one.access).json()["error"]
        assert one.use() is State.LOCKED
        assert_locked(server.api.login(one.store.user, one.store.password, one.store.device))
        assert assert_good(server.api.introspect(one.access))  # with slack: the edge is strict
        assert server.api.edge(one.access).status_code == 401
    assert_locked(server.api.refresh(client.refresh_token))
    for one in (client, without):
        assert_good(server.api.moderate(admin.access, "lock", id_of(one), False))
    assert_never_noticed(client, without)


def test_locked_for_long(make_server, clock):
    server = make_server(clock)
    admin, client = new_admin(server), new_client(server.api)
    assert_good(server.api.moderate(admin.access, "lock", id_of(client), True))
    server.restart()
    clock.advance(HOUR)
    assert client.use() is State.LOCKED
    assert assert_good(server.api.introspect(client.access)) == {"active": False}
    admin.use()
    assert_good(server.api.moderate(admin.access, "lock", id_of(client), False))
    assert_never_noticed(client)


def test_locked_a_person_can_sign_out(server, admin):
    client = new_client(server.api)
    assert_good(server.api.moderate(admin.access, "lock", id_of(client), True))
    assert_good(server.api.logout(client.access))
    assert_hard(server.api.whoami(client.access))
    assert_good(server.api.moderate(admin.access, "lock", id_of(client), False))
    assert_hard(server.api.whoami(client.access))


def test_suspended_a_session_goes_on(server, admin):
    client = new_client(server.api)
    assert_good(server.api.moderate(admin.access, "suspend", id_of(client), True))
    assert assert_good(server.api.introspect(client.access))["active"] is True
    assert server.api.edge(client.access).status_code == 200
    client.refresh()
    client.sign_in()  # a suspended person may
    assert_good(server.api.devices(client.access))
    assert_never_noticed(client)
    assert_good(server.api.logout(client.access))


def test_the_command_line_sees_it_too(server, admin):
    client = new_client(server.api)
    assert_good(server.api.moderate(admin.access, "lock", id_of(client), True))
    server.command("user", "unlock", client.store.user)
    assert assert_good(server.api.moderated(admin.access, "lock", id_of(client))) == {
        "locked": False
    }
    assert_never_noticed(client)


# -- what it refuses, in this order


@pytest.mark.parametrize("measure", FIELDS)
def test_without_a_token(server, admin, measure):
    user = id_of(new_client(server.api))
    for body in (None, {FIELDS[measure]: True}):
        assert_missing(ask(server, None, measure, user, body))
        path = f"/_matrix/client/v1/admin/{measure}/{user}"
        method = "GET" if body is None else "PUT"
        assert_hard(server.api.request(method, path, token="nonsense", json=body))


@pytest.mark.parametrize("measure", FIELDS)
def test_nobody_else_learns_who_exists(server, measure):
    """Byte for byte the same, whatever is asked about."""
    client, other = new_client(server.api), new_client(server.api)
    gone = new_client(server.api)
    server.command("user", "deactivate", gone.store.user)
    asked_about = [id_of(other), id_of(client), id_of(gone), "@nobody:example.com"]
    asked_about += ["@alice:other.example", "nonsense", "@", "@:example.com"]
    for body in (None, {FIELDS[measure]: True}, {FIELDS[measure]: False}, {}, []):
        answers = [ask(server, client, measure, user, body) for user in asked_about]
        for answer in answers:
            assert_error(answer, 403, "M_FORBIDDEN")
        assert len({answer.content for answer in answers}) == 1
    assert_never_noticed(client, other)
    assert audit(server, other) == []


@pytest.mark.parametrize("measure", FIELDS)
def test_of_no_user_of_this_server(server, admin, measure):
    plain = new_client(server.api).store.user
    for user in (
        "@alice:other.example",
        f"@{plain}:example.com:8448",
        f"@{plain}:EXAMPLE.com",
        plain,
        f"@{plain}",
        "@:example.com",
        "@ä:example.com",
        "@a b:example.com",
    ):
        for body in (None, {FIELDS[measure]: True}):
            assert_error(ask(server, admin, measure, user, body), 400, "M_INVALID_PARAM")


@pytest.mark.parametrize("measure", FIELDS)
def test_of_one_who_does_not_exist_or_is_deactivated(server, admin, measure):
    gone = new_client(server.api)
    server.command("user", "deactivate", gone.store.user)
    for user in ("@nobody:example.com", id_of(gone)):
        for body in (None, {FIELDS[measure]: True}, {FIELDS[measure]: False}):
            assert_error(ask(server, admin, measure, user, body), 404, "M_NOT_FOUND")


@pytest.mark.parametrize("measure", FIELDS)
def test_of_oneself_or_another_administrator(server, admin, measure):
    """They may look, and no more."""
    other, field = new_admin(server), FIELDS[measure]
    for user in (id_of(admin), id_of(other)):
        for state in (True, False):
            assert_error(ask(server, admin, measure, user, {field: state}), 403, "M_FORBIDDEN")
        assert assert_good(ask(server, admin, measure, user)) == {field: False}
    assert_never_noticed(admin, other)


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({}, "M_MISSING_PARAM"),
        ({"locked": "true"}, "M_BAD_JSON"),
        ({"locked": 1}, "M_BAD_JSON"),
        ({"locked": None}, "M_BAD_JSON"),
        ({"suspended": True}, "M_MISSING_PARAM"),
        ([], "M_BAD_JSON"),
    ],
)
def test_bodies_that_are_none(server, admin, body, errcode):
    user = new_client(server.api)
    answer = ask(server, admin, "lock", id_of(user), body)
    assert answer.status_code == 400
    assert answer.json()["errcode"] in (errcode, "M_MISSING_PARAM")
    assert_never_noticed(user)


def test_an_administrator_who_is_suspended(server, admin):
    """Reads and does nothing until it is lifted; what others are told stays the same."""
    user = new_client(server.api)
    server.command("user", "suspend", admin.store.user)
    for body in (None, {"locked": True}):
        for target in (id_of(user), "@nobody:example.com", "nonsense"):
            assert_error(ask(server, admin, "lock", target, body), 403, "M_USER_SUSPENDED")
    assert "m.account_moderation" not in capabilities(server, admin)
    server.command("user", "unsuspend", admin.store.user)
    assert_good(ask(server, admin, "lock", id_of(user), {"locked": True}))


def test_one_who_is_an_administrator_no_longer(server, admin):
    user = new_client(server.api)
    assert_good(ask(server, admin, "lock", id_of(user)))
    server.command("user", "admin", admin.store.user, "off")
    assert_error(ask(server, admin, "lock", id_of(user)), 403, "M_FORBIDDEN")
    assert_error(ask(server, admin, "lock", id_of(user), {"locked": True}), 403, "M_FORBIDDEN")
    assert "m.account_moderation" not in capabilities(server, admin)


# -- what is told and kept


def capabilities(server, client) -> dict:
    path = "/_matrix/client/v3/capabilities"
    return assert_good(server.api.request("GET", path, token=client.access))["capabilities"]


def test_the_capability_is_told_to_administrators_alone(server, admin):
    assert capabilities(server, admin)["m.account_moderation"] == {"suspend": True, "lock": True}
    assert "m.account_moderation" not in capabilities(server, new_client(server.api))


def test_the_audit_says_who_whence_and_when(server, admin):
    client = new_client(server.api)
    user = id_of(client)
    # Another spelling is the same user; what changes nothing is not noted.
    for spelling, measure, state in (
        (user, "lock", True),
        (user, "lock", True),
        (user.replace("user", "USER"), "lock", False),
        (user, "suspend", True),
        (user, "suspend", False),
        (user, "suspend", False),
    ):
        assert_good(ask(server, admin, measure, spelling, {FIELDS[measure]: state}))
    noted = audit(server, client)[::-1]
    assert [entry["action"] for entry in noted] == [
        "user lock",
        "user unlock",
        "user suspend",
        "user unsuspend",
    ]
    for entry in noted:
        assert (entry["by"], entry["target"]) == (id_of(admin), user)
        assert entry["address"] == "127.0.0.1"
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", entry["at"])
    refused = len(noted)
    assert_error(ask(server, client, "lock", id_of(admin), {"locked": True}), 403, "M_FORBIDDEN")
    assert len(audit(server, client)) == refused


# -- looking people up


def whois(client, who: str):
    path = f"/_matrix/client/v3/admin/whois/{quote(who)}"
    return client.api.request("GET", path, token=client.access)


def test_whois_says_where_and_with_what_devices_were_used(server, admin):
    alice = new_client(server.api)
    for client in (alice, admin):
        told = assert_good(whois(client, id_of(alice)))
        assert told["user_id"] == id_of(alice)
        [session] = told["devices"][alice.store.device]["sessions"]
        [connection] = session["connections"]
        assert connection["ip"] == "127.0.0.1"
        assert connection["user_agent"]
        assert connection["last_seen"] > 0


def test_whois_tells_nobody_else(server, admin):
    alice, bob = new_client(server.api), new_client(server.api)
    assert_error(whois(bob, id_of(alice)), 403, "M_FORBIDDEN")
    assert_error(whois(bob, "@nobody:example.com"), 403, "M_FORBIDDEN")
    assert_error(whois(admin, "@nobody:example.com"), 404, "M_NOT_FOUND")
    assert_missing(server.api.request("GET", f"/_matrix/client/v3/admin/whois/{id_of(alice)}"))
