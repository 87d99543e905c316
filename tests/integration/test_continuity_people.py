"""Nobody is wiped whom no person signed out: devices used again, locks and thieves.

And whom a person signed out stays out.
"""

from support.answers import assert_good, assert_hard, assert_locked, assert_soft
from support.clock import DAY, MINUTE
from support.lossy_proxy import Fate
from support.matrix_client import (
    MatrixClient,
    State,
    Store,
    assert_kept,
    assert_never_noticed,
    new_client,
    new_tab,
)
from support.threads import together

# -- a device used again


def test_a_reused_device_with_a_second_tab_still_open(server):
    client = new_client(server.api)
    second = new_tab(client)
    client.sign_in()
    assert second.use() is State.SOFT
    second.reload()
    assert_kept(client, second)
    # A person signs out: now all of it is over, in every tab.
    third = new_tab(client)
    old = second.access
    client.sign_out()
    assert_hard(server.api.whoami(old))
    assert third.use() is State.OUT
    assert third.store.wiped


def test_a_late_request_of_the_older_session_does_not_wipe_the_newer(server):
    client = new_client(server.api)
    old_access, old_refresh = client.access, client.refresh_token
    client.sign_in()
    assert_soft(server.api.whoami(old_access))
    assert_soft(server.api.refresh(old_refresh))
    assert_never_noticed(client)


def test_two_tabs_sign_in_to_the_same_device_at_once(server):
    client = new_client(server.api)
    server.command("user", "soft-logout", client.store.user)
    second = new_tab(client)
    for _ in range(3):
        together(client.sign_in, second.sign_in)
        live = [
            session
            for session in server.sessions(client.store.user)
            if session["standing"] == "active"
        ]
        assert len(live) == 1
    client.reload()
    second.reload()
    assert client.store.wiped == []
    assert_kept(client)


# -- locks


def test_lock_and_unlock(make_server, clock):
    server = make_server(clock)
    client, without = new_client(server.api), new_client(server.api, refreshes=False)
    for one in (client, without):
        server.command("user", "lock", one.store.user)
        assert one.use() is State.LOCKED
    assert_locked(server.api.refresh(client.refresh_token))
    clock.advance(DAY)
    for one in (client, without):
        assert one.use() is State.LOCKED
        server.command("user", "unlock", one.store.user)
    assert_never_noticed(client, without)


def test_lock_while_a_refresh_is_under_way(network, server):
    proxy, api = network
    client = new_client(api)
    proxy.lose(Fate.LOSE_REPLY, "/refresh")
    assert_good(server.api.refresh(client.refresh_token))
    server.command("user", "lock", client.store.user)
    assert client.refresh() is State.LOCKED
    server.command("user", "unlock", client.store.user)
    assert_never_noticed(client)


def test_locked_and_softly_ended(server):
    client = new_client(server.api)
    server.command("user", "lock", client.store.user)
    server.command("user", "soft-logout", client.store.user)
    assert client.use() is State.LOCKED
    server.command("user", "unlock", client.store.user)
    assert_kept(client)


# -- thieves


def test_a_thief_with_an_old_refresh_token(server):
    """Both are out, softly: the thief has nothing, the person signs in and has the keys."""
    client = new_client(server.api)
    stolen = MatrixClient(server.api, Store(client.store.user, "not known to a thief"))
    stolen.access, stolen.refresh_token = client.access, client.refresh_token
    keys, device = client.store.keys, client.store.device
    for _ in range(3):
        client.refresh()
        client.use()
    assert_soft(server.api.refresh(stolen.refresh_token))
    assert client.use() is State.SOFT
    assert_soft(server.api.refresh(client.refresh_token))
    [session] = server.sessions(client.store.user)
    assert session["standing"] == "soft"
    assert "reuse" in session["reason"]
    assert_kept(client)
    assert (client.store.keys, client.store.device) == (keys, device)
    # The thief stays out, and cannot put the person out again.
    assert_soft(server.api.refresh(stolen.refresh_token))
    assert_soft(server.api.whoami(stolen.access))
    assert client.use() is State.SIGNED_IN


def test_a_thief_who_is_first_is_noticed_when_the_person_comes(make_server, clock):
    server = make_server(clock)
    client = new_client(server.api)
    pair = assert_good(server.api.refresh(client.refresh_token))
    for _ in range(2):
        assert_good(server.api.whoami(pair["access_token"]))
        pair = assert_good(server.api.refresh(pair["refresh_token"]))
    assert_good(server.api.whoami(pair["access_token"]))
    clock.advance(2 * MINUTE)
    assert client.use() is State.SOFT
    assert_soft(server.api.whoami(pair["access_token"]))
    assert_soft(server.api.refresh(pair["refresh_token"]))
    assert_kept(client)


def test_after_theft_get_login_does_not_narrow(server):
    """Who holds an old token must not learn how the person signs in."""
    client = new_client(server.api)
    oldest = client.refresh_token
    for _ in range(2):
        client.refresh()
        client.use()
    server.settle()
    assert_soft(server.api.refresh(oldest))
    with_token, without = server.api.login_flows(client.access), server.api.login_flows()
    assert with_token.content == without.content


# -- what a person did stays done


def test_signed_out_stays_out(make_server, clock):
    server = make_server(clock)
    clients = [new_client(server.api) for _ in range(4)]
    one, everywhere, ended, deactivated = clients
    tokens = [(client.access, client.refresh_token) for client in clients]
    one.sign_out()
    assert_good(server.api.logout_all(everywhere.access))
    [session] = server.sessions(ended.store.user)
    server.command("session", "end", session["id"])
    server.command("user", "deactivate", deactivated.store.user)

    def all_out():
        for access, refresh in tokens:
            assert_hard(server.api.whoami(access))
            assert_hard(server.api.refresh(refresh))

    all_out()
    for client in (one, everywhere, ended):
        server.command("user", "lock", client.store.user)
    all_out()  # the end comes before the lock
    for client in (one, everywhere, ended):
        server.command("user", "unlock", client.store.user)
        server.command("user", "soft-logout", client.store.user)
    all_out()
    server.restart()
    all_out()
    clock.advance(DAY)
    all_out()
    clock.move_to(-DAY)
    all_out()
