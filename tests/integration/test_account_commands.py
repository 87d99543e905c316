"""Commands for accounts: addresses, deactivation, registration tokens, the audit."""

import getpass
import re
import subprocess

import pytest

from support.answers import assert_error, assert_good, assert_hard
from support.api import new_name
from support.matrix_client import new_client
from support.secrets import password
from support.server import BINARY, CommandFailed


def in_words(server, *arguments):
    """The command without --json: what a person reads."""
    return subprocess.run(
        [str(BINARY), *arguments, "--config", str(server.write_config())],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout


# -- accounts


def test_an_account_without_a_password(either):
    server, do = either
    name, secret = new_name(), password()
    assert do(lambda: server.command("user", "create", name)) == {"user_id": f"@{name}:example.com"}
    for typed in ("", secret):
        assert_error(server.api.login(name, typed), 403, "M_FORBIDDEN")
    with pytest.raises(CommandFailed, match="holds no password"):
        server.command("user", "create", new_name(), "--password-stdin", stdin="\n")
    server.command("user", "set-password", name, "--password-stdin", stdin=secret + "\n")
    assert_good(server.api.login(name, secret))


def test_a_recovery_link(either):
    server, do = either
    name, secret = new_name(), password()
    server.command("user", "create", name, "--password-stdin", stdin=secret + "\n")
    first, second = (do(lambda: server.command("user", "recovery-link", name)) for _ in range(2))
    for answer in (first, second):
        assert re.fullmatch(r"http.*[^/]/account/recover\?token=[A-Za-z0-9]{32,}", answer["url"])
    assert first["url"] != second["url"]
    token = second["url"].partition("=")[2]
    assert token not in server.engine.query("SELECT * FROM recovery_links")
    assert_good(server.api.login(name, secret))
    with pytest.raises(CommandFailed, match="no user"):
        server.command("user", "recovery-link", new_name())


def test_deactivated_it_is_told_after_the_right_password_only(either):
    server, do = either
    client = new_client(server.api)
    name, secret = client.store.user, client.store.password
    do(lambda: server.command("user", "deactivate", name))
    assert_hard(server.api.whoami(client.access))
    assert_error(server.api.login(name, secret), 403, "M_USER_DEACTIVATED")
    assert_error(server.api.login(name, password()), 403, "M_FORBIDDEN")
    with pytest.raises(CommandFailed, match="already"):
        server.command("user", "deactivate", name)
    do(lambda: server.command("user", "deactivate", name, "--erase"))
    assert_error(server.api.login(name, secret), 403, "M_FORBIDDEN")
    with pytest.raises(CommandFailed, match="already"):
        server.command("user", "deactivate", name, "--erase")


def test_erased_nothing_is_shown_of_the_devices(either):
    server, do = either
    client = new_client(server.api)
    name = client.store.user
    answer = server.api.login(
        name, client.store.password, "PHONE", initial_device_display_name="Alice's phone"
    )
    assert_good(server.api.whoami(assert_good(answer)["access_token"]))
    assert any(session["display_name"] for session in server.sessions(name))
    do(lambda: server.command("user", "deactivate", name, "--erase"))
    server.restart()  # and what waited to be written was
    sessions = server.sessions(name)
    assert len(sessions) == 2
    for session in sessions:
        assert session["standing"] == "ended"
        assert (session["display_name"], session["address"], session["user_agent"]) == ("", "", "")


def test_reactivated_it_needs_a_new_password(either):
    server, do = either
    client = new_client(server.api)
    name, old, new = client.store.user, client.store.password, password()
    server.command("user", "deactivate", name)
    do(lambda: server.command("user", "reactivate", name))
    assert_error(server.api.login(name, old), 403, "M_FORBIDDEN")
    server.command("user", "set-password", name, "--password-stdin", stdin=new + "\n")
    assert_good(server.api.login(name, new))


# -- addresses and phone numbers


def test_threepids(either):
    server, do = either
    alice, bob = new_name(), new_name()
    for name in (alice, bob):
        server.command("user", "create", name)
    added = do(lambda: server.command("user", "add-threepid", alice, "email", "Alice@Example.com"))
    assert added == {"medium": "email", "address": "alice@example.com"}
    added = server.command("user", "add-threepid", alice, "msisdn", "+49 (0) 170 1234567")
    assert added["address"] == "491701234567"
    with pytest.raises(CommandFailed, match="taken"):
        do(lambda: server.command("user", "add-threepid", bob, "email", "ALICE@example.COM"))
    listed = do(lambda: server.command("user", "threepids", alice))["threepids"]
    assert [(one["medium"], one["address"]) for one in listed] == [
        ("email", "alice@example.com"),
        ("msisdn", "491701234567"),
    ]
    assert "alice@example.com" in in_words(server, "user", "threepids", alice)
    do(lambda: server.command("user", "remove-threepid", alice, "email", "alice@example.com"))
    server.command("user", "add-threepid", bob, "email", "alice@example.com")
    server.command("user", "deactivate", bob)
    server.command("user", "add-threepid", alice, "email", "alice@example.com")


@pytest.mark.parametrize(
    ("medium", "address"),
    [
        ("email", "nothing"),
        ("email", "a b@example.com"),
        ("email", "Alice <alice@example.com>"),
        ("msisdn", "0170 1234567"),
        ("msisdn", "call me"),
        ("irc", "alice"),
    ],
)
def test_threepids_that_are_none(server, medium, address):
    name = new_name()
    server.command("user", "create", name)
    with pytest.raises(CommandFailed, match="not a"):
        server.command("user", "add-threepid", name, medium, address)
    assert server.command("user", "threepids", name) == {"threepids": []}


# -- registration tokens


def tokens(server):
    return {
        one["id"]: one
        for one in server.command("registration-token", "list")["registration_tokens"]
    }


def test_registration_tokens(either):
    server, do = either
    made = do(lambda: server.command("registration-token", "create"))
    assert re.fullmatch(r"[a-z0-9]{16}", made["token"])
    limited = do(
        lambda: server.command(
            *("registration-token", "create", "Team-2026", "--name", "for the team"),
            *("--uses", "3", "--expires-in", "7d"),
        )
    )
    assert limited["token"] == "Team-2026"
    listed = tokens(server)
    assert listed[made["id"]]["uses_allowed"] is None
    assert listed[made["id"]]["expires_at"] is None
    assert listed[limited["id"]] | {"created_at": "", "expires_at": ""} == {
        "id": limited["id"],
        "name": "for the team",
        "state": "valid",
        "uses_allowed": 3,
        "used": 0,
        "pending": 0,
        "created_at": "",
        "expires_at": "",
        "revoked_at": None,
    }
    assert "token" not in listed[made["id"]], "it was shown once"
    with pytest.raises(CommandFailed, match="already"):
        server.command("registration-token", "create", "Team-2026")
    do(lambda: server.command("registration-token", "revoke", made["id"]))
    assert tokens(server)[made["id"]]["state"] == "revoked"
    with pytest.raises(CommandFailed, match="already"):
        server.command("registration-token", "revoke", made["id"])


def test_registration_tokens_expire(clock, make_sqlite_server):
    server = make_sqlite_server(clock=clock)
    made = server.command("registration-token", "create", "--expires-in", "1h")
    assert tokens(server)[made["id"]]["state"] == "valid"
    clock.advance(3600)
    assert tokens(server)[made["id"]]["state"] == "expired"


def test_registration_tokens_in_words(make_sqlite_server):
    server = make_sqlite_server()
    token = in_words(server, "registration-token", "create", "--name", "guests").splitlines()[0]
    assert re.fullmatch(r"[a-z0-9]{16}", token)
    listed = in_words(server, "registration-token", "list")
    assert "guests" in listed
    assert "valid" in listed
    assert token not in listed


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "not a token"),
        ("create", "a" * 65),
        ("create", "--uses", "0"),
        ("create", "--uses", "many"),
        ("create", "--uses", "3x"),
        ("create", "--expires-in", "tomorrow"),
        ("create", "--expires-in", "0s"),
        ("create", "--name", "two\nlines"),
        ("revoke", "nonsense"),
        ("revoke", "01ARZ3NDEKTSV"),
    ],
)
def test_registration_tokens_that_cannot_be(server, arguments):
    before = tokens(server)
    with pytest.raises(CommandFailed):
        server.command("registration-token", *arguments)
    assert tokens(server) == before


# -- the audit


def audit(server, *arguments):
    return server.command("audit", *arguments)["audit"]


def test_the_audit_says_who_did_what_to_whom(either):
    server, do = either
    client = new_client(server.api)
    name = client.store.user
    user = f"@{name}:example.com"
    do(lambda: server.command("user", "lock", name, SUDO_USER="carol"))
    do(lambda: server.command("user", "lock", name))  # changes nothing
    do(lambda: server.command("user", "unlock", name))
    with pytest.raises(CommandFailed):
        do(lambda: server.command("user", "lock", "nobody"))
    [session] = server.sessions(name)
    do(lambda: server.command("session", "end", session["id"]))
    me = f"command line ({getpass.getuser()})"
    noted = do(lambda: audit(server, "--user", name))
    assert [(one["action"], one["by"], one["target"]) for one in noted] == [
        ("session end", me, user),
        ("user unlock", me, user),
        ("user lock", "command line (carol)", user),
    ]
    assert session["id"] in noted[0]["detail"]
    for one in noted:
        assert one["address"] == "local"
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", one["at"])
    assert audit(server, "--limit", "2") == noted[:2]
    words = in_words(server, "audit")
    assert "command line (carol)" in words
    assert user in words


def test_every_command_that_changes_something_is_in_the_audit(either):
    server, do = either
    name, secret = new_name(), password()
    commands = [
        ("user", "create", name),
        ("user", "set-password", name, "--password-stdin"),
        ("user", "recovery-link", name),
        ("user", "suspend", name),
        ("user", "unsuspend", name),
        ("user", "admin", name, "on"),
        ("user", "add-threepid", name, "email", "alice@example.com"),
        ("user", "remove-threepid", name, "email", "alice@example.com"),
        ("user", "deactivate", name),
        ("user", "reactivate", name),
        ("registration-token", "create", "Pw0rd-registration"),
        ("session", "mark-gap", "--from", "2020-01-01T00:00:00Z"),
        ("keys", "rotate"),
    ]

    def act():
        for command in commands:
            server.command(*command, stdin=secret + "\n")

    do(act)
    noted = audit(server)[::-1]
    expected = [command[0] + " " + command[1] for command in commands]
    assert [one["action"] for one in noted] == expected
    assert secret not in str(noted)
    assert "Pw0rd-registration" not in str(noted)
    for command in (("user", "threepids", name), ("keys", "list"), ("registration-token", "list")):
        server.command(*command)
    assert len(audit(server)) == len(noted), "looking is not noted"


def test_the_audit_knows_of_backups_and_lost_keys(make_sqlite_server):
    server = make_sqlite_server()
    server.command("backup", str(server.directory / "backup.db"))
    server.stop()
    server.keys_file.unlink()
    server.command("keys", "replace")
    server.start()
    assert [one["action"] for one in audit(server)] == ["keys replace", "backup"]


def test_the_log_has_a_line_for_each_change(make_sqlite_server):
    server = make_sqlite_server()
    name = new_name()
    server.command("user", "create", name)
    server.command("user", "add-threepid", name, "email", "alice@example.com")
    server.command("user", "lock", name)
    server.command("user", "lock", name)
    log = server.log()
    assert log.count("user create") == log.count("user add-threepid") == log.count("user lock") == 1
    assert "alice@example.com" not in log


@pytest.mark.parametrize("arguments", [("--limit", "0"), ("--limit", "x"), ("--user", "nobody")])
def test_an_audit_that_cannot_be_shown(server, arguments):
    with pytest.raises(CommandFailed):
        audit(server, *arguments)
