"""Nobody is wiped whom no person signed out: backups put back.

The copies are of the database alone, taken while the server is stopped; the key file stays, as an
operator's does who restores a database.
"""

import pytest

from support.answers import assert_good, assert_hard, assert_soft
from support.clock import DAY, HOUR, MINUTE
from support.matrix_client import State, assert_kept, new_client


def test_from_before_a_login(make_server):
    """The session no longer has a row; nobody ended it: softly out, keys kept."""
    server = make_server()
    witness = new_client(server.api)
    name, secret = witness.store.user, witness.store.password
    copy = server.save()
    lost = assert_good(server.api.login(name, secret, "LOST"))
    server.put_back(copy)
    assert_soft(server.api.whoami(lost["access_token"]))
    assert_soft(server.api.refresh(lost["refresh_token"]))
    again = assert_good(server.api.login(name, secret, "LOST"))
    assert again["device_id"] == "LOST"
    assert_good(server.api.whoami(again["access_token"]))
    assert_soft(server.api.whoami(lost["access_token"]))
    assert_kept(witness)
    assert witness.softs == 0
    server.restart()  # the gap is remembered, not only the last start's
    server.restart()
    assert_soft(server.api.whoami(lost["access_token"]))
    assert_soft(server.api.refresh(lost["refresh_token"]))


def test_from_before_a_registration(make_server):
    """Even the account is gone. The person cannot come back, but their client keeps its keys."""
    server = make_server()
    copy = server.save()
    lost = new_client(server.api)
    server.put_back(copy)
    assert lost.use() is State.SOFT
    assert lost.store.keys


@pytest.mark.parametrize("refreshes", [1, 2, 5])
def test_from_before_a_refresh(make_server, refreshes):
    """The row moves forward to what the client holds, and the session goes on by itself."""
    server = make_server()
    client = new_client(server.api)
    client.use()
    copy = server.save()
    for _ in range(refreshes):
        client.refresh()
        client.use()
    server.put_back(copy)
    assert_soft(server.api.whoami(client.access))  # counts as expired
    assert_kept(client)
    assert client.softs == 0
    client.refresh()
    assert_kept(client)
    assert client.softs == 0


def test_from_before_a_refresh_whose_pair_was_not_used(make_server):
    server = make_server()
    client = new_client(server.api)
    copy = server.save()
    client.refresh()
    server.put_back(copy)
    assert client.refresh() is State.SIGNED_IN
    assert_kept(client)
    assert client.softs == 0


def test_from_before_a_refresh_of_a_client_that_dies_before_it_stored_the_pair(make_server):
    server = make_server()
    client = new_client(server.api)
    copy = server.save()
    old = client.access, client.refresh_token
    client.refresh()
    server.put_back(copy)
    client.access, client.refresh_token = old
    assert_kept(client)
    assert client.softs == 0


def test_from_before_a_logout(make_server, clock):
    """The documented exception: what was ended after the backup lives again. It is said."""
    server = make_server(clock)
    client, other = new_client(server.api), new_client(server.api)
    before = new_client(server.api)
    dead = before.access, before.refresh_token
    before.sign_out()
    copy = server.save()
    access = client.access
    client.sign_out()
    clock.advance(10 * MINUTE)
    begin = server.log_size
    server.put_back(copy)
    assert "restored backup" in server.log(begin)
    # What had ended before the backup was taken stays ended.
    assert_hard(server.api.whoami(dead[0]))
    assert_hard(server.api.refresh(dead[1]))
    assert_kept(other)
    # A person's own logout works again.
    assert_good(server.api.logout(access))
    assert_hard(server.api.whoami(access))


def test_a_session_that_was_born_and_ended_after_the_backup(make_server):
    """Nothing tells of its end; in doubt it is soft, and its client is gone anyway."""
    server = make_server()
    witness = new_client(server.api)
    copy = server.save()
    lost = assert_good(server.api.login(witness.store.user, witness.store.password))
    assert_good(server.api.logout(lost["access_token"]))
    server.put_back(copy)
    assert server.api.whoami(lost["access_token"]).status_code == 401
    assert server.api.refresh(lost["refresh_token"]).status_code == 401


def test_a_restore_of_a_restore(make_server):
    server = make_server()
    first = new_client(server.api)
    oldest = server.save()
    second = new_client(server.api)
    middle = server.save()
    third = assert_good(server.api.login(first.store.user, first.store.password, "THIRD"))
    server.put_back(oldest)
    fourth = assert_good(server.api.login(first.store.user, first.store.password, "FOURTH"))
    server.put_back(middle)
    for lost in (third, fourth):
        assert_soft(server.api.whoami(lost["access_token"]))
        assert_soft(server.api.refresh(lost["refresh_token"]))
    assert_kept(first, second)


def test_a_backup_that_is_days_old(make_server, clock):
    server = make_server(clock)
    client = new_client(server.api)
    copy = server.save()
    clock.advance(3 * DAY)
    client.use()
    lost = assert_good(server.api.login(client.store.user, client.store.password, "LOST"))
    clock.advance(3 * DAY)
    server.put_back(copy)
    assert_soft(server.api.whoami(lost["access_token"]))
    assert_kept(client)
    clock.advance(30 * DAY)
    server.restart()
    assert_soft(server.api.whoami(lost["access_token"]))


def test_forged_tokens_find_no_excuse_in_a_gap(make_server):
    """Only an authentic token of a lost session is soft."""
    server = make_server()
    client = new_client(server.api)
    copy = server.save()
    lost = assert_good(server.api.login(client.store.user, client.store.password))["access_token"]
    server.put_back(copy)
    assert_soft(server.api.whoami(lost))
    for i in (5, 20, len(lost) - 1):
        other = "1" if lost[i] == "0" else "0"
        assert_hard(server.api.whoami(lost[:i] + other + lost[i + 1 :]))


def test_the_marked_gap(make_server, clock):
    """A row that is gone where no heartbeat can tell: hard, until the operator marks the gap."""
    server = make_server(clock)
    client = new_client(server.api)
    copy = server.save()
    lost = assert_good(server.api.login(client.store.user, client.store.password, "LOST"))
    server.put_back(copy)
    # An unrelated gap does not cover it and does not harm it either.
    server.command(
        "session", "mark-gap", "--from", "2001-01-01T00:00:00Z", "--to", "2001-01-02T00:00:00Z"
    )
    assert_soft(server.api.whoami(lost["access_token"]))
    clock.advance(3 * HOUR)
    server.command("session", "mark-gap", "--from", "2026-01-01T00:00:00Z")
    assert_soft(server.api.whoami(lost["access_token"]))
