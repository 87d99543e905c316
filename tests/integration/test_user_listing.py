"""What operators look up: who is there, one person, and how many."""

import pytest

from support.answers import assert_good, assert_hard
from support.api import new_name
from support.matrix_client import new_client
from support.oauth import Person
from support.server import CommandFailed


def _names(page):
    return [user["name"] for user in page["users"]]


def test_accounts_are_listed_page_by_page(either):
    server, do = either
    names = sorted(new_name() for _ in range(7))
    for name in names:
        server.command("user", "create", name)
    first = do(lambda: server.command("user", "list", "--limit", "3"))
    assert _names(first) == names[:3]
    assert first["next"] == names[2]
    second = server.command("user", "list", "--limit", "3", "--after", first["next"])
    assert _names(second) == names[3:6]
    last = server.command("user", "list", "--limit", "3", "--after", second["next"])
    assert _names(last) == names[6:]
    assert last["next"] is None
    # A page that is just full ends the list too.
    assert server.command("user", "list", "--limit", "7")["next"] is None


def test_accounts_are_found_by_what_they_are(make_server):
    server = make_server()
    for name in ("alice", "bob", "carol", "dave", "erin"):
        server.command("user", "create", name)
    server.command("user", "admin", "alice", "on")
    server.command("user", "lock", "bob")
    server.command("user", "suspend", "carol")
    server.command("user", "deactivate", "dave")
    server.command("user", "deactivate", "erin", "--erase")

    def found(*options):
        return _names(server.command("user", "list", *options))

    assert found("--admin") == ["alice"]
    assert found("--locked") == ["bob"]
    assert found("--suspended") == ["carol"]
    assert found("--deactivated") == ["dave", "erin"]
    assert found("--search", "A") == ["alice", "carol", "dave"]
    assert found("--search", "a", "--locked") == []
    assert found("--inactive", "1d") == []
    status = {user["name"]: user["status"] for user in server.command("user", "list")["users"]}
    assert status == {
        "alice": "active",
        "bob": "locked",
        "carol": "suspended",
        "dave": "deactivated",
        "erin": "erased",
    }
    for wrong in (("--limit", "0"), ("--limit", "1001"), ("--inactive", "long")):
        with pytest.raises(CommandFailed, match=wrong[0].removeprefix("--")):
            server.command("user", "list", *wrong)


def test_accounts_that_nobody_has_used_for_long(make_sqlite_server, tmp_path):
    server = make_sqlite_server()
    used, unused = new_client(server.api), new_name()
    server.command("user", "create", unused)
    assert {used.store.user, unused} == set(_names(server.command("user", "list")))
    assert _names(server.command("user", "list", "--inactive", "0s")) == sorted(
        [used.store.user.removeprefix("@").partition(":")[0], unused]
    )


def test_one_account_with_all_that_belongs_to_it(either):
    server, do = either
    client = new_client(server.api)
    name = client.store.user
    assert_good(server.api.login(name, client.store.password, "DESK"))
    server.command("user", "add-threepid", name, "email", "alice@example.com")
    server.command("user", "recovery-link", name)
    assert_good(server.api.whoami(client.access))
    shown = do(lambda: server.command("user", "show", name))
    assert shown["status"] == "active"
    assert shown["password"] is True
    assert shown["admin"] is False
    assert shown["addresses"] == [{"medium": "email", "address": "alice@example.com"}]
    assert shown["recovery_link_until"] is not None
    assert {device["device_id"] for device in shown["devices"]} == {client.store.device, "DESK"}
    assert {device["standing"] for device in shown["devices"]} == {"active"}
    assert shown["last_seen_at"] >= shown["created_at"]
    with pytest.raises(CommandFailed, match="nobody"):
        server.command("user", "show", "nobody")


def test_user_sign_out_ends_everything(either):
    server, do = either
    client, stranger = new_client(server.api), new_client(server.api)
    other = assert_good(server.api.login(client.store.user, client.store.password))
    person = Person(server.url, client.store.user, client.store.password)
    assert person.open("/account/devices").url.endswith("/account/devices")
    assert len(server.command("user", "show", client.store.user)["browsers"]) == 1
    assert do(lambda: server.command("user", "sign-out", client.store.user))["ended"] == 2
    assert_hard(server.api.whoami(client.access))
    assert_hard(server.api.whoami(other["access_token"]))
    assert_hard(server.api.refresh(client.refresh_token))
    assert_good(server.api.whoami(stranger.access))
    assert server.command("user", "show", client.store.user)["browsers"] == []
    [entry] = server.command("audit", "--user", client.store.user, "--limit", "1")["audit"]
    assert entry["action"] == "user sign-out"
    # The person signs in again with the same password.
    assert_good(server.api.login(client.store.user, client.store.password))


def test_stats_count(either):
    server, do = either
    client = new_client(server.api)
    assert_good(server.api.login(client.store.user, client.store.password))
    for name in (new_name(), new_name()):
        server.command("user", "create", name)
    server.command("user", "lock", name)
    server.command("user", "admin", name, "on")
    counted = do(lambda: server.command("stats"))
    assert counted["users"] == 3
    assert counted["administrators"] == 1
    assert counted["locked"] == 1
    assert counted["suspended"] == counted["deactivated"] == 0
    assert counted["created_within_30d"] == 3
    assert counted["sessions"] == counted["sessions_used_within_1d"] == 2
    assert counted["browsers"] == 0
