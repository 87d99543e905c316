"""Nobody is wiped whom no person signed out: passwords, devices and accounts that are changed.

And what such a change ended stays ended, whatever raced it, was lost or crashed.
"""

import pytest

from support.answers import assert_error, assert_good, assert_hard, assert_soft
from support.clock import MINUTE
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
from support.secrets import password
from support.threads import together

LOGOUT_DEVICES = [None, True, False]
FATES = [Fate.LOSE_REPLY, Fate.LOSE_REQUEST]


def another(client: MatrixClient, **how) -> MatrixClient:
    """The same person on another device."""
    store = Store(client.store.user, client.store.password)
    other = MatrixClient(client.api, store, **how)
    other.sign_in()
    return other


def assert_signed_out(server, *sessions: MatrixClient | tuple) -> None:
    """For good. `sessions` as clients, or as (access, refresh) token."""
    server.settle()
    for one in sessions:
        tokens = (one.access, one.refresh_token) if isinstance(one, MatrixClient) else one
        assert_hard(server.api.whoami(tokens[0]))
        if tokens[1]:
            assert_hard(server.api.refresh(tokens[1]))


def lose_the_reply_to(client, proxy, fate: Fate, path: str, times: int) -> None:
    """The next `times` replies after the person has typed the password."""

    def lose():
        client.while_typing = lambda: None
        proxy.lose(fate, path, times)

    client.while_typing = lose


# -- a new password


@pytest.mark.parametrize("logout_devices", LOGOUT_DEVICES)
def test_a_new_password(server, logout_devices):
    client, stranger = new_client(server.api), new_client(server.api)
    tab = new_tab(client)
    others = [another(client), another(client, refreshes=False)]
    old, new = client.store.password, password()
    assert client.change_password(new, logout_devices)
    if logout_devices is False:
        for other in others:
            other.store.password = new
        assert_never_noticed(*others)
    else:
        assert_signed_out(server, *others)
        for other in others:
            assert other.use() is State.OUT  # as the person wanted
    assert_never_noticed(client, tab, stranger)
    for _ in range(2):
        client.refresh()
        tab.refresh()
        assert_never_noticed(client, tab)
    assert_error(server.api.login(client.store.user, old), 403, "M_FORBIDDEN")
    assert_good(server.api.login(client.store.user, new))


def test_a_client_without_refresh_tokens_changes_it(server):
    client = new_client(server.api, refreshes=False)
    other = another(client)
    assert client.change_password(password())
    assert_signed_out(server, other)
    assert_never_noticed(client)


def test_a_pair_that_was_not_used_yet(server):
    """The client asks with the access token of before a refresh; both pairs go on."""
    client = new_client(server.api)
    tab = new_tab(client)
    client.refresh()
    assert tab.change_password(password())
    assert_never_noticed(client, tab)


def test_what_a_sign_in_to_the_same_device_ended_is_soft_still(server):
    """A late tab of before it shares the store of the one who changes the password."""
    client = new_client(server.api)
    late = new_tab(client)
    client.sign_in()
    assert client.change_password(password())
    assert late.use() is State.SOFT
    late.reload()
    assert_kept(client, late)


@pytest.mark.parametrize("minutes", [6, 20])
def test_the_person_takes_their_time(make_server, clock, minutes):
    """The access token expires meanwhile, or the authentication too: neither is the end."""
    server = make_server(clock)
    client = new_client(server.api)
    other = another(client)

    def slowly():
        client.while_typing = lambda: None
        clock.advance(minutes * MINUTE)

    client.while_typing = slowly
    assert client.change_password(password())
    assert_signed_out(server, other)
    assert_never_noticed(client)


def test_locked_or_softly_ended_while_typing(server):
    client = new_client(server.api)
    for command in ("lock", "soft-logout"):
        client.while_typing = lambda what=command: server.command("user", what, client.store.user)
        assert not client.change_password(password())
        assert client.store.wiped == []
        server.command("user", "unlock", client.store.user)
    client.while_typing = lambda: None
    assert_kept(client)
    assert client.change_password(password())
    assert_kept(client)


@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("logout_devices", [None, False])
def test_a_lost_reply_to_a_new_password(network, server, fate, times, logout_devices):
    proxy, api = network
    client = new_client(api)
    other = another(client)
    old, new = client.store.password, password()
    proxy.lose(fate, "/account/password", times)  # the challenge
    lose_the_reply_to(client, proxy, fate, "/account/password", times)
    assert client.change_password(new, logout_devices)
    assert client.retries == 2 * times
    assert_never_noticed(client)
    if logout_devices is False:
        assert_never_noticed(other)
    else:
        assert_signed_out(server, other)
    assert_error(server.api.login(client.store.user, old), 403, "M_FORBIDDEN")
    assert_good(server.api.login(client.store.user, new))


# -- what races a new password


def test_a_refresh_of_the_same_session(server):
    client = new_client(server.api)
    tabs = [new_tab(client) for _ in range(3)]
    for _ in range(5):
        other = another(client)
        changed = []
        together(
            lambda changed=changed: changed.append(client.change_password(password())),
            *[tab.refresh for tab in tabs],
            tabs[0].use,
        )
        assert changed == [True]
        assert_signed_out(server, other)
        assert_never_noticed(client, *tabs)
        for tab in (client, *tabs):
            tab.reload()


def test_a_refresh_of_another_session_never_outlives_it(server):
    client = new_client(server.api)
    for _ in range(5):
        other = another(client)
        pairs = [(other.access, other.refresh_token)]

        def refresh(other=other, pairs=pairs):
            answer = server.api.refresh(other.refresh_token)
            if answer.status_code == 200:
                pairs.append((answer.json()["access_token"], answer.json()["refresh_token"]))

        together(lambda: client.change_password(password()), *[refresh] * 4)
        assert_signed_out(server, *pairs)
        assert_never_noticed(client)


def test_a_sign_in_with_the_old_password_never_outlives_it(server):
    """It is refused, or ended again: a person who knew the old password is out afterwards."""
    client = new_client(server.api)
    won = 0
    for _ in range(8):
        old = client.store.password
        pairs = []

        def sign_in(old=old, pairs=pairs):
            answer = server.api.login(client.store.user, old)
            if answer.status_code == 200:
                pairs.append((answer.json()["access_token"], answer.json()["refresh_token"]))
            else:
                assert_error(answer, 403, "M_FORBIDDEN")

        together(lambda: client.change_password(password()), *[sign_in] * 5)
        assert_signed_out(server, *pairs)
        assert_never_noticed(client)
        won += len(pairs)
    assert won > 0, "no sign-in ever came before the change: nothing was tested"


def test_a_login_token_never_outlives_it(server):
    client = new_client(server.api)
    for _ in range(4):
        other = another(client)
        name, secret = client.store.user, client.store.password
        tokens = [
            assert_good(server.api.login_token(other.access, name, secret))["login_token"]
            for _ in range(3)
        ]
        pairs = []

        def sign_in(token, pairs=pairs):
            body = {"type": "m.login.token", "token": token, "refresh_token": True}
            answer = server.api.request("POST", "/_matrix/client/v3/login", json=body)
            if answer.status_code == 200:
                pairs.append((answer.json()["access_token"], answer.json()["refresh_token"]))

        together(
            lambda: client.change_password(password()),
            *[lambda token=token: sign_in(token) for token in tokens],
        )
        assert_signed_out(server, other, *pairs)
        assert_never_noticed(client)


def test_two_changes_at_once(server):
    """One of the two is signed out by the other; both being out would be nobody's wish."""
    for _ in range(4):
        first = new_client(server.api)
        second = another(first)
        new = {first: password(), second: password()}
        done = {}
        together(
            *[
                lambda one=one: done.update({one: one.change_password(new[one])})
                for one in (first, second)
            ]
        )
        [winner] = [one for one in (first, second) if done[one]]
        [loser] = [one for one in (first, second) if not done[one]]
        assert loser.store.wiped
        assert_never_noticed(winner)
        assert_good(server.api.login(winner.store.user, new[winner]))
        assert_error(server.api.login(winner.store.user, new[loser]), 403, "M_FORBIDDEN")


# -- devices

WAYS = ["delete_device", "delete_devices"]


def delete(client: MatrixClient, way: str, device: str) -> bool:
    if way == "delete_device":
        return client.delete_device(device)
    return client.delete_devices([device])


def path_of(way: str, device: str) -> str:
    return f"/devices/{device}" if way == "delete_device" else "/delete_devices"


@pytest.mark.parametrize("way", WAYS)
def test_another_device_is_deleted(server, way):
    client = new_client(server.api)
    other, third = another(client), another(client, refreshes=False)
    before = other.access, other.refresh_token
    other.sign_in()  # and what the device had before goes with it
    assert delete(client, way, other.store.device)
    assert_signed_out(server, other, before)
    assert other.use() is State.OUT
    assert_never_noticed(client, third)


@pytest.mark.parametrize("way", WAYS)
def test_the_own_device_is_deleted(server, way):
    client = new_client(server.api)
    tab, other = new_tab(client), another(client)
    tokens = client.access, client.refresh_token
    client.refresh()
    client.use()
    newer = client.access, client.refresh_token
    assert delete(client, way, client.store.device)
    assert client.store.wiped == []  # it went as the person wanted
    assert_signed_out(server, newer)
    assert_hard(server.api.whoami(tokens[0]))
    assert tab.use() is State.OUT
    assert_never_noticed(other)


@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("own", [False, True])
def test_a_lost_reply_to_a_deletion(network, server, way, fate, own):
    proxy, api = network
    client = new_client(api)
    other = another(client)
    victim, witness = (client, other) if own else (other, client)
    device = victim.store.device
    tokens = victim.access, victim.refresh_token
    proxy.lose(fate, path_of(way, device), 1)  # the challenge
    lose_the_reply_to(client, proxy, fate, path_of(way, device), 2)
    assert delete(client, way, device)
    assert client.retries == 3
    assert_signed_out(server, tokens)
    assert_never_noticed(witness)
    left = assert_good(server.api.devices(witness.access))["devices"]
    assert [one["device_id"] for one in left] == [witness.store.device]


def test_a_deletion_never_harms_a_sign_in_to_the_same_device(server):
    """Either it came before and ended with the device, or after and has a device of its own."""
    client = new_client(server.api)
    for _ in range(6):
        other = another(client)
        dead = other.access, other.refresh_token
        together(lambda other=other: client.delete_device(other.store.device), other.sign_in)
        assert_signed_out(server, dead)
        devices = assert_good(server.api.devices(client.access))["devices"]
        alive = other.store.device in [one["device_id"] for one in devices]
        answer = server.api.whoami(other.access)
        if alive:
            assert_good(answer)
            client.delete_device(other.store.device)
        else:
            assert_hard(answer)
        assert_never_noticed(client)


# -- accounts


@pytest.mark.parametrize("erase", [False, True])
def test_an_account_is_deactivated(server, erase):
    client, stranger = new_client(server.api), new_client(server.api)
    other = another(client)
    tokens = client.access, client.refresh_token
    assert client.deactivate(erase)
    assert client.store.wiped == []
    assert_signed_out(server, tokens, other)
    assert_never_noticed(stranger)


@pytest.mark.parametrize("fate", FATES)
def test_a_lost_reply_to_a_deactivation(network, server, fate):
    proxy, api = network
    client = new_client(api)
    tokens = client.access, client.refresh_token
    lose_the_reply_to(client, proxy, fate, "/account/deactivate", 2)
    assert client.deactivate()
    assert client.store.wiped == []
    assert_signed_out(server, tokens)


def test_nothing_outlives_a_deactivation(server):
    for _ in range(4):
        client = new_client(server.api)
        other = another(client)
        pairs = [(client.access, client.refresh_token), (other.access, other.refresh_token)]

        def keep(answer, pairs=pairs):
            if answer.status_code == 200:
                pairs.append((answer.json()["access_token"], answer.json()["refresh_token"]))

        name, secret, refresh = client.store.user, client.store.password, other.refresh_token
        together(
            client.deactivate,
            *[lambda n=name, s=secret, keep=keep: keep(server.api.login(n, s))] * 3,
            *[lambda token=refresh, keep=keep: keep(server.api.refresh(token))] * 3,
        )
        assert_signed_out(server, *pairs)
        assert_error(server.api.login(name, secret), 403, "M_USER_DEACTIVATED")


# -- crashes and backups


def test_what_was_answered_holds_after_kill_9(make_server):
    server = make_server()
    client, gone = new_client(server.api), new_client(server.api)
    other, third = another(client), another(client)
    old = client.store.password
    assert client.delete_device(other.store.device)
    server.kill()
    server.start()
    assert_signed_out(server, other)
    assert client.change_password(password())
    dead = gone.access, gone.refresh_token
    assert gone.deactivate()
    server.kill()
    server.start()
    assert_signed_out(server, other, third, dead)
    assert_error(server.api.login(client.store.user, old), 403, "M_FORBIDDEN")
    assert_never_noticed(client)


def test_killed_while_the_person_types(make_server):
    """The authentication that was begun goes on after the start, or begins anew."""
    server = make_server()
    client = new_client(server.api)
    other = another(client)

    def crash():
        client.while_typing = lambda: None
        server.kill()
        server.start()

    client.while_typing = crash
    assert client.change_password(password())
    assert_signed_out(server, other)
    assert_never_noticed(client)


@pytest.mark.parametrize("logout_devices", [True, False])
def test_a_backup_from_before_a_new_password(make_server, logout_devices):
    """The old password is back, and with it what was ended since; nobody who was in is out."""
    server = make_server()
    client = new_client(server.api)
    other = another(client)
    old, new = client.store.password, password()
    copy = server.save()
    assert client.change_password(new, logout_devices)
    client.refresh()
    client.use()
    lost = assert_good(server.api.login(client.store.user, new, "LOST"))
    server.put_back(copy)
    assert_error(server.api.login(client.store.user, new), 403, "M_FORBIDDEN")
    client.store.password = old
    assert_never_noticed(client, other)  # the documented exception
    assert_soft(server.api.whoami(lost["access_token"]))
    assert_soft(server.api.refresh(lost["refresh_token"]))
    # The person says it once more.
    assert client.change_password(new)
    assert_signed_out(server, other)
    assert_never_noticed(client)


def test_a_backup_from_before_a_deletion_and_a_deactivation(make_server):
    server = make_server()
    client, gone = new_client(server.api), new_client(server.api)
    other = another(client)
    before = new_client(server.api)
    dead = before.access, before.refresh_token
    assert before.deactivate()
    copy = server.save()
    assert client.delete_device(other.store.device)
    tokens = gone.access, gone.refresh_token
    assert gone.deactivate(erase=True)
    server.put_back(copy)
    assert_never_noticed(client, other)
    assert_good(server.api.whoami(tokens[0]))
    assert_signed_out(server, dead)


def test_a_backup_from_between_the_challenge_and_the_password(make_server):
    """The authentication is not known there: a new challenge, and no harm."""
    server = make_server()
    client = new_client(server.api)
    other = another(client)
    copy = server.save()

    def restore():
        client.while_typing = lambda: None
        server.put_back(copy)

    client.while_typing = restore
    assert client.change_password(password())
    assert_signed_out(server, other)
    assert_never_noticed(client)
