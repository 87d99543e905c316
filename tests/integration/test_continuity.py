"""Nobody is wiped whom no person signed out: the network, several tabs, time.

Every client here follows the specification to the letter (support/matrix_client.py). The files
beside this one ask the same of locks and thieves, backups, clocks, keys and overload.
"""

import time

import pytest

from support.answers import (
    assert_good,
    assert_hard,
    assert_soft,
)
from support.clock import DAY, HOUR, MINUTE
from support.lossy_proxy import Fate
from support.matrix_client import State, assert_kept, assert_never_noticed, new_client, new_tab
from support.threads import together

# -- replies and requests that are lost


@pytest.mark.parametrize("times", [1, 2, 5])
def test_a_lost_reply_to_a_refresh(network, times):
    proxy, api = network
    client = new_client(api)
    proxy.lose(Fate.LOSE_REPLY, "/refresh", times)
    assert client.refresh() is State.SIGNED_IN
    assert client.retries == times
    # The same pair however often: nothing is left behind that could be mistaken for a thief.
    assert {body for _, body in proxy.lost_answers} and len(proxy.lost_answers) == times
    tokens = {client.access.encode() in body for _, body in proxy.lost_answers}
    assert tokens == {True}
    assert_never_noticed(client)
    client.refresh()
    assert_never_noticed(client)


def test_a_lost_request_to_refresh(network):
    proxy, api = network
    client = new_client(api)
    proxy.lose(Fate.LOSE_REQUEST, "/refresh", 2)
    client.refresh()
    assert_never_noticed(client)


@pytest.mark.parametrize("fate", [Fate.LOSE_REPLY, Fate.LOSE_REQUEST])
def test_a_lost_sign_in_and_a_lost_use(network, fate):
    proxy, api = network
    client = new_client(api)
    proxy.lose(fate, "/account/whoami")
    client.use()
    proxy.lose(fate, "/login", 2)
    client.sign_in()
    assert_never_noticed(client)


def test_a_lost_reply_and_a_client_that_dies_before_it_stored_the_pair(network):
    """It comes back with the old pair: spec "if a client fails to receive or persist"."""
    proxy, api = network
    client = new_client(api)
    old = client.store.access, client.store.refresh
    client.refresh()
    client.store.access, client.store.refresh = old
    client.reload()
    client.use()
    client.refresh()
    assert_never_noticed(client)


@pytest.mark.parametrize("fate", [Fate.LOSE_REPLY, Fate.LOSE_REQUEST])
def test_a_lost_logout_is_a_logout_in_the_end(network, fate):
    proxy, api = network
    client = new_client(api)
    access, refresh = client.access, client.refresh_token
    proxy.lose(fate, "/logout", 2)
    client.sign_out()
    assert_hard(api.whoami(access))
    assert_hard(api.refresh(refresh))


def test_a_reply_lost_for_so_long_that_the_new_access_token_expired(make_server, clock):
    """Its lifetime starts anew when the pair is asked for again."""
    server = make_server(clock)
    client = new_client(server.api)
    lost = assert_good(server.api.refresh(client.refresh_token))
    clock.advance(2 * HOUR)
    assert client.refresh() is State.SIGNED_IN
    assert client.access == lost["access_token"]
    assert_good(server.api.whoami(client.access))
    assert_never_noticed(client)


# -- two tabs


def test_two_tabs_refresh_at_once(server):
    client = new_client(server.api)
    tabs = [client, *(new_tab(client) for _ in range(3))]
    for _ in range(10):
        together(*(tab.refresh for tab in tabs))
        assert len({tab.access for tab in tabs}) == 1  # one pair for all of them
        together(*(tab.use for tab in tabs))
    assert_never_noticed(*tabs)


@pytest.mark.parametrize("apart", [0.01, 0.05, 0.1, 0.4])
def test_two_tabs_some_milliseconds_apart(server, apart):
    """The first goes on to use the new pair while the second still asks with the old one."""
    client = new_client(server.api)
    second = new_tab(client)

    def late():
        time.sleep(apart)  # what is tested, not waited for
        second.refresh()
        second.use()

    def early():
        client.refresh()
        client.use()

    for _ in range(3):
        together(early, late)
        second.reload()
        client.reload()
    assert_never_noticed(client, second)


def test_a_second_tab_two_seconds_late(make_server, clock):
    server = make_server(clock)
    client = new_client(server.api)
    second = new_tab(client)
    client.refresh()
    client.use()
    clock.advance(2)
    second.use()  # the old access token still works in the grace
    second.refresh()  # and the old refresh token gets the newest pair
    assert second.access == client.access
    assert_never_noticed(client, second)


def test_a_second_tab_at_the_grace_s_ends(make_server, clock):
    server = make_server(clock)
    client = new_client(server.api)
    second = new_tab(client)
    client.refresh()
    client.use()
    clock.advance(55)
    second.refresh()
    assert_never_noticed(client, second)


def test_a_second_tab_that_waits_while_nobody_uses_the_new_pair(make_server, clock):
    """The grace counts from the first use, not from the refresh."""
    server = make_server(clock)
    client = new_client(server.api)
    second = new_tab(client)
    client.refresh()
    clock.advance(2 * HOUR)
    second.use()
    assert second.access == client.access
    assert_never_noticed(client, second)


def test_a_second_tab_two_hours_late(make_server, clock):
    """Not to be told from a thief: softly out, both of them, and the keys are kept."""
    server = make_server(clock)
    client = new_client(server.api)
    second = new_tab(client)
    for _ in range(3):
        client.refresh()
        client.use()
    clock.advance(2 * HOUR)
    assert second.use() is State.SOFT
    assert client.use() is State.SOFT
    client.sign_in()
    second.reload()
    assert_kept(client, second)
    assert client.store.keys


def test_a_delayed_duplicate_of_a_refresh(make_server, clock):
    """A request that the network delivers twice, the second time at each later moment."""
    server = make_server(clock)
    client = new_client(server.api)
    duplicate = client.refresh_token
    client.refresh()
    assert_good(server.api.refresh(duplicate))  # before the new pair was used
    assert_never_noticed(client)
    assert_good(server.api.refresh(duplicate))  # just after
    clock.advance(30)
    assert_good(server.api.refresh(duplicate))  # in the grace
    assert_never_noticed(client)
    server.settle()  # every node knows that the new pair was used
    clock.advance(2 * HOUR)
    assert_soft(server.api.refresh(duplicate))  # long after: softly out, at worst
    assert_kept(client)


# -- time


def test_expiry_with_a_refresh_token(make_server, clock):
    server = make_server(clock)
    client = new_client(server.api)
    for pause in (6 * MINUTE, HOUR, 40 * DAY, 400 * DAY):
        clock.advance(pause)
        assert_soft(server.api.whoami(client.access))
        assert_never_noticed(client)


def test_expiry_without_a_refresh_token(make_server, clock):
    server = make_server(clock, sessions={"access_token_lifetime_without_refresh": "1h"})
    client = new_client(server.api, refreshes=False)
    old = client.access
    device = client.store.device
    clock.advance(HOUR + 1)
    assert client.use() is State.SOFT
    assert_kept(client)
    assert client.store.device == device
    assert_soft(server.api.whoami(old))


def test_refresh_token_lifetime(make_server, clock):
    server = make_server(clock, sessions={"refresh_token_lifetime": "2h"})
    client = new_client(server.api)
    for _ in range(3):  # each refresh begins a new one
        clock.advance(HOUR)
        assert_never_noticed(client)
    clock.advance(2 * HOUR + 1)
    assert_soft(server.api.whoami(client.access))
    assert_soft(server.api.refresh(client.refresh_token))
    assert_soft(server.api.refresh(client.refresh_token))
    assert_kept(client)


def test_maximum_age(make_server, clock):
    server = make_server(clock, sessions={"maximum_age": "3h"})
    client = new_client(server.api)
    for _ in range(2):
        clock.advance(HOUR)
        assert_never_noticed(client)
    clock.advance(HOUR + 1)
    assert_soft(server.api.whoami(client.access))
    assert_soft(server.api.refresh(client.refresh_token))
    assert_kept(client)
    clock.advance(HOUR)
    assert client.use() is State.SIGNED_IN  # the new session has an age of its own


def test_maximum_idle(make_server, clock):
    server = make_server(clock, sessions={"maximum_idle": "1h"})
    client = new_client(server.api)
    for _ in range(3):  # activity holds it, over a restart too
        clock.advance(45 * MINUTE)
        assert_never_noticed(client)
        server.restart()
    clock.advance(HOUR + 2 * MINUTE)
    assert_soft(server.api.whoami(client.access))
    assert_soft(server.api.refresh(client.refresh_token))
    assert_kept(client)


def test_limits_of_time_that_an_operator_sets_while_it_is_stopped(make_server, clock):
    """They are computed, never stored: taken back, the session goes on as if nothing had been."""
    server = make_server(clock)
    client = new_client(server.api)
    clock.advance(DAY)
    server.restart({"sessions": {"maximum_age": "1h"}})
    assert_soft(server.api.refresh(client.refresh_token))
    server.restart({"sessions": {"maximum_age": "never"}})
    assert_never_noticed(client)
