"""latchkey backup, restore, and the journal of ends beside them."""

import json
import sqlite3
import stat
from contextlib import closing

import pytest

from support.answers import assert_error, assert_good, assert_hard, assert_locked, assert_soft
from support.clock import HOUR
from support.matrix_client import assert_kept, new_client
from support.secrets import password
from support.server import CommandFailed


def back_up(server):
    file = server.directory / "backup.db"
    assert server.command("backup", str(file))["file"] == str(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    return file


def restore(server, file, *options) -> dict:
    """What an operator does: all nodes are stopped for it."""
    server.stop()
    replace = ["--replace"] if server.engine.name == "postgresql" else []
    answer = server.command("restore", str(file), *replace, *options)
    server.start()
    return answer


def test_what_began_and_ended_since(make_server, clock):
    server = make_server(clock)
    kept, out, before = (new_client(server.api) for _ in range(3))
    before_access = before.access
    before.sign_out()
    file = back_up(server)
    clock.advance(HOUR)
    out_refresh = out.refresh_token
    out.refresh()
    out.sign_out()
    kept.refresh()
    lost = new_client(server.api)
    answer = restore(server, file)
    # Said, with who it is about.
    [revived] = answer["revived"]["listed"]
    assert (revived["user"], revived["for_good"]) == (out.store.user, True)
    assert answer["revived"]["sessions"] == 1
    assert answer["revived"]["missing_accounts"]["users"] == [lost.store.user]
    # The gap is marked: nobody is wiped.
    assert_soft(server.api.whoami(lost.access))
    assert_hard(server.api.whoami(before_access))
    fresh = assert_good(server.api.refresh(out_refresh))  # the documented exception
    assert_kept(kept)
    assert kept.softs == 0
    # It is in the audit, and can be undone by what is named.
    assert server.command("audit")["audit"][0]["action"] == "restore"
    server.command("session", "end", revived["session"])
    assert_hard(server.api.whoami(fresh["access_token"]))


def test_older_passwords_and_lifted_locks_are_said(make_server):
    server = make_server()
    changed, locked = new_client(server.api), new_client(server.api)
    old = changed.store.password
    file = back_up(server)
    assert changed.change_password(password())
    server.command("user", "lock", locked.store.user)
    revived = restore(server, file)["revived"]
    assert revived["older_passwords"]["users"] == [changed.store.user]
    assert revived["unlocked"]["users"] == [locked.store.user]
    assert_good(server.api.login(changed.store.user, old))


def test_a_restore_is_refused_while_a_server_runs(make_server):
    server = make_server()
    client = new_client(server.api)
    file = back_up(server)
    replace = ["--replace"] if server.engine.name == "postgresql" else []
    with pytest.raises(CommandFailed, match="in use by another|stop all of them"):
        server.command("restore", str(file), *replace)
    assert_good(server.api.whoami(client.access))


def test_from_one_engine_to_the_other(make_sqlite_server, make_postgres_server):
    """A backup is the same whichever engine it is from: that is how a server moves."""
    sqlite, postgres = make_sqlite_server(), make_postgres_server()
    client = new_client(sqlite.api)
    for origin, target in ((sqlite, postgres), (postgres, sqlite)):
        file = back_up(origin)
        origin.stop()
        target.stop()
        target.keys_file.write_bytes(origin.keys_file.read_bytes())
        replace = ["--replace"] if target.engine.name == "postgresql" else []
        target.command("restore", str(file), *replace)
        target.start()
        client.api = target.api
        assert_kept(client)
        assert client.softs == 0
        file.unlink()
        origin.start()


def test_a_database_that_holds_accounts_is_replaced_only_when_asked(make_postgres_server):
    server = make_postgres_server()
    client = new_client(server.api)
    file = back_up(server)
    server.stop()
    with pytest.raises(CommandFailed, match="--replace"):
        server.command("restore", str(file))
    server.start()
    assert_good(server.api.whoami(client.access))


def test_a_file_that_is_no_backup(make_server):
    server = make_server()
    client = new_client(server.api)
    file = back_up(server)
    whole = file.read_bytes()
    server.stop()
    for wrong in (b"", b"a text\n" * 1000, whole[: len(whole) // 2], whole[:4096] + b"x" * 8192):
        file.write_bytes(wrong)
        replace = ["--replace"] if server.engine.name == "postgresql" else []
        with pytest.raises(CommandFailed):
            server.command("restore", str(file), *replace)
    server.start()
    assert_kept(client)
    assert client.softs == 0


def test_the_old_log_does_not_undo_a_restore(make_sqlite_server):
    """After a crash the changes of the last moments are in `-wal`: none of them comes back."""
    server = make_sqlite_server()
    client, late = new_client(server.api), None
    file = back_up(server)
    late = new_client(server.api)
    server.kill()
    wal = server.engine.file.with_name(server.engine.file.name + "-wal")
    assert wal.stat().st_size > 0
    answer = server.command("restore", str(file))
    assert answer["revived"]["missing_accounts"]["users"] == [late.store.user]
    assert not wal.exists()
    server.start()
    assert_kept(client)
    assert_soft(server.api.whoami(late.access))
    # What was there is whole, under its new name.
    with closing(sqlite3.connect(f"file:{answer['before']}?mode=ro", uri=True)) as before:
        names = {name for (name,) in before.execute("SELECT localpart FROM users")}
    assert late.store.user in names


def test_a_relative_path_is_of_where_the_command_is_typed(make_sqlite_server):
    server = make_sqlite_server()
    server.command("backup", "relative.db")
    assert (server.directory / "relative.db").exists()


@pytest.fixture
def journaled(make_server):
    """A server with a journal of ends, and where that is."""

    def make(*arguments):
        server = make_server(*arguments, start=False)
        journal = server.directory / "ends"
        server.options["sessions"] = {"ends_journal": str(journal)}
        return server.start(), journal

    return make


def test_what_ended_since_the_backup_ends_again(journaled):
    server, journal = journaled()
    kept, out, everywhere, device, changed, locked, ended = (
        new_client(server.api) for _ in range(7)
    )
    second = assert_good(server.api.login(device.store.user, device.store.password, "SECOND"))
    third = assert_good(server.api.login(changed.store.user, changed.store.password, "THIRD"))
    file = back_up(server)
    dead = [out.access, everywhere.access, second["access_token"], third["access_token"]]
    dead.append(ended.access)
    out.sign_out()
    assert_good(server.api.logout_all(everywhere.access))
    assert device.delete_device("SECOND")
    assert changed.change_password(password())
    server.command("user", "lock", locked.store.user)
    [session] = server.sessions(ended.store.user)
    server.command("session", "end", session["id"])
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600

    restore(server, file)
    for token in dead:
        assert_good(server.api.whoami(token))
    look = server.command("session", "replay-ends", str(journal))
    assert (look["sessions"], look["applied"]) == (5, False)
    assert look["locked"]["users"] == [locked.store.user]
    assert look["older_passwords"]["users"] == [changed.store.user]
    assert_good(server.api.whoami(dead[0]))
    assert server.command("session", "replay-ends", str(journal), "--apply")["sessions"] == 5
    for token in dead:
        assert_hard(server.api.whoami(token))
    assert_locked(server.api.whoami(locked.access))
    assert_kept(kept, device)
    assert server.command("session", "replay-ends", str(journal), "--apply")["sessions"] == 0


def test_a_restore_that_is_given_the_journal(journaled):
    server, journal = journaled()
    kept, out = new_client(server.api), new_client(server.api)
    access = out.access
    file = back_up(server)
    out.sign_out()
    answer = restore(server, file, "--ends", str(journal))
    assert answer["ends"]["sessions"] == 1
    assert_hard(server.api.whoami(access))
    assert_kept(kept)


def test_the_journal_says_no_secret(journaled):
    server, journal = journaled()
    client = new_client(server.api)
    tokens = [client.access, client.refresh_token, client.store.password]
    assert client.change_password(password())
    tokens.append(client.store.password)
    client.sign_out()
    text = journal.read_text()
    for line in text.splitlines():
        assert set(json.loads(line)) <= {
            *("at", "what", "session", "device", "how", "reason", "browser", "user", "user_id")
        }
    assert [line for line in text.splitlines() if "logout" in line]
    for token in tokens:
        assert token not in text


def test_nothing_ends_that_the_journal_does_not_take(journaled):
    """503, and the session lives: a client tries again, and nothing is acknowledged falsely."""
    server, journal = journaled()
    client = new_client(server.api)
    journal.unlink()
    journal.mkdir()
    assert server.api.logout(client.access).status_code == 503
    assert_good(server.api.whoami(client.access))
    # What ends nothing goes on.
    client.refresh()
    client.use()
    journal.rmdir()
    access = client.access
    assert_good(server.api.logout(access))
    assert_hard(server.api.whoami(access))
    assert "logout" in journal.read_text()


def test_a_journal_where_none_can_be(make_sqlite_server):
    server = make_sqlite_server(start=False)
    server.options["sessions"] = {"ends_journal": str(server.directory / "nowhere" / "ends")}
    assert "sessions.ends_journal" in server.start_refused()
    with pytest.raises(CommandFailed, match="ends_journal.*mkdir"):
        server.command("config", "check")
    server.options["sessions"] = {}
    server.start()


def test_an_account_that_was_deactivated_since(journaled):
    server, journal = journaled()
    client = new_client(server.api)
    name, secret, access = client.store.user, client.store.password, client.access
    file = back_up(server)
    assert client.deactivate()
    restore(server, file, "--ends", str(journal))
    assert_hard(server.api.whoami(access))
    assert_error(server.api.login(name, secret), 403, "M_USER_DEACTIVATED")
