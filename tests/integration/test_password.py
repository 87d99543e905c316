"""POST /account/password (MSC2457): who stays signed in, and which password counts afterwards."""

import pytest

from support.answers import assert_error, assert_good, assert_hard, assert_locked, assert_soft
from support.api import PREFIX, new_name
from support.clock import HOUR, MINUTE
from support.confirmation import (
    assert_begun_anew,
    assert_challenge,
    change_password,
    confirm_in_browser,
    own_password,
)
from support.matrix_client import new_client
from support.secrets import password
from support.standings import assert_needs_a_good_token
from support.threads import together

LONGEST = 1024  # bytes


def sign_in(server, client, device: str | None = None) -> dict:
    """Another device of the same person."""
    return assert_good(server.api.login(client.store.user, client.store.password, device))


def change(server, client, new: str | None = None, **fields):
    """The client changes its own password."""
    store = client.store
    return server.api.change_password(
        client.access, store.user, store.password, new or password(), **fields
    )


def assert_password_is(server, client, good: str) -> None:
    assert_good(server.api.login(client.store.user, good))


def assert_nothing_changed(server, client) -> None:
    assert_password_is(server, client, client.store.password)
    assert_good(server.api.whoami(client.access))


@pytest.mark.parametrize("fields", [{}, {"logout_devices": True}])
def test_the_others_are_signed_out(server, fields):
    client, new = new_client(server.api), password()
    others = [sign_in(server, client) for _ in range(2)]
    without_refresh = assert_good(
        server.api.login(client.store.user, client.store.password, refresh=False)
    )
    bystander = new_client(server.api)
    answer = change(server, client, new, **fields)
    assert assert_good(answer) == {}
    for other in others:
        assert_hard(server.api.whoami(other["access_token"]))
        assert_hard(server.api.refresh(other["refresh_token"]))
        assert server.api.introspect(other["access_token"]).json() == {"active": False}
    assert_hard(server.api.whoami(without_refresh["access_token"]))
    devices = assert_good(server.api.devices(client.access))["devices"]
    assert [device["device_id"] for device in devices] == [client.store.device]
    assert_good(server.api.whoami(bystander.access))
    # The caller notices nothing.
    assert_good(server.api.whoami(client.access))
    assert_good(server.api.refresh(client.refresh_token))
    assert_error(server.api.login(client.store.user, client.store.password), 403, "M_FORBIDDEN")
    assert_password_is(server, client, new)


def test_the_others_may_stay(server):
    client, new = new_client(server.api), password()
    other = sign_in(server, client)
    assert_good(change(server, client, new, logout_devices=False))
    assert_good(server.api.whoami(other["access_token"]))
    assert_good(server.api.refresh(other["refresh_token"]))
    assert_good(server.api.whoami(client.access))
    assert_good(server.api.refresh(client.refresh_token))
    assert_error(server.api.login(client.store.user, client.store.password), 403, "M_FORBIDDEN")
    assert_password_is(server, client, new)


def test_the_caller_goes_on_after_a_refresh(server):
    client = new_client(server.api)
    client.refresh()
    assert_good(change(server, client))
    client.use()
    client.refresh()
    client.use()
    assert client.store.wiped == []


def test_the_caller_of_the_generation_before_goes_on(server):
    """A tab that has not heard of the new tokens yet; the session is the same."""
    client = new_client(server.api)
    older_access, older_refresh = client.access, client.refresh_token
    client.refresh()
    client.use()  # the older ones are in their grace from now on
    newer_access, newer_refresh = client.access, client.refresh_token
    answer = server.api.change_password(
        older_access, client.store.user, client.store.password, password()
    )
    assert_good(answer)
    assert_good(server.api.whoami(older_access))
    assert_good(server.api.whoami(newer_access))
    late = assert_good(server.api.refresh(older_refresh))
    assert_good(server.api.whoami(late["access_token"]))
    assert_good(server.api.refresh(newer_refresh))


def test_what_ended_softly(server):
    """On the caller's device it stays soft: it shares the keys. On another device it ends."""
    client = new_client(server.api)
    earlier = client.access
    client.sign_in()
    other = sign_in(server, client, "OTHER")
    sign_in(server, client, "OTHER")
    assert_soft(server.api.whoami(earlier))
    assert_good(change(server, client))
    assert_soft(server.api.whoami(earlier))
    assert_hard(server.api.whoami(other["access_token"]))
    assert_hard(server.api.refresh(other["refresh_token"]))


def test_r0(server):
    client, new = new_client(server.api), password()
    auth = own_password(client.store.user, client.store.password)
    wanted = change_password(server.api, client.access, new)
    path = "/_matrix/client/r0/account/password"
    session = assert_challenge(wanted.but(path=path).ask())["session"]
    assert_good(wanted.but(path=path).ask(auth | {"session": session}))
    assert_password_is(server, client, new)


# -- what is refused


@pytest.mark.parametrize(
    ("fields", "errcode"),
    [
        ({"new_password": None}, "M_BAD_JSON"),
        ({"new_password": 7}, "M_BAD_JSON"),
        ({"new_password": ["Pw0rd-in-a-list"]}, "M_BAD_JSON"),
        ({"new_password": {}}, "M_BAD_JSON"),
        ({"logout_devices": "false"}, "M_BAD_JSON"),
        ({"logout_devices": 0}, "M_BAD_JSON"),
        ({"logout_devices": None}, "M_BAD_JSON"),
        ({"logout_devices": []}, "M_BAD_JSON"),
        ({"new_password": "Pw0rd-with-\u0000-inside"}, "M_INVALID_PARAM"),
    ],
)
def test_wrong_types_change_nothing(server, fields, errcode):
    client = new_client(server.api)
    body = {"new_password": password()} | fields
    auth = own_password(client.store.user, client.store.password)
    wanted = change_password(server.api, client.access, password()).but(body=body)
    for given in (None, auth):
        assert_error(wanted.ask(given), 400, errcode)
    assert_nothing_changed(server, client)


def test_without_a_new_password(server):
    client = new_client(server.api)
    wanted = change_password(server.api, client.access, "").but(body={})
    assert_challenge(wanted.ask())  # asking what it takes needs none
    auth = own_password(client.store.user, client.store.password)
    assert_error(wanted.ask(auth), 400, "M_MISSING_PARAM")
    assert_nothing_changed(server, client)


@pytest.mark.parametrize("weak", ["", "Pw0rd-7", "ü" * 7, "password1", "aaaaaaaaaaaa", "12345678"])
def test_weak_ones_are_refused_before_the_challenge(server, weak):
    client = new_client(server.api)
    wanted = change_password(server.api, client.access, weak)
    assert_error(wanted.ask(), 400, "M_WEAK_PASSWORD")
    auth = own_password(client.store.user, client.store.password)
    assert_error(wanted.ask(auth), 400, "M_WEAK_PASSWORD")
    assert_nothing_changed(server, client)


def test_one_s_own_name_is_guessable(server):
    name, secret = f"kassiopeia-{new_name()}", password()
    body = assert_good(server.api.register(name, secret))
    answer = server.api.change_password(body["access_token"], name, secret, f"{name}1")
    assert_error(answer, 400, "M_WEAK_PASSWORD")
    assert_good(server.api.login(name, secret))


@pytest.mark.parametrize("filling", ["x", "ü", "🔑"])
def test_the_longest(server, filling):
    """A password counts to its last byte: one that is too long is refused, never cut."""
    client = new_client(server.api)
    name, width = client.store.user, len(filling.encode())
    begin = password()
    longest = begin + "x" * ((LONGEST - len(begin)) % width)
    longest += filling * ((LONGEST - len(longest)) // width)
    assert len(longest.encode()) == LONGEST
    for too_long in (longest + "x", longest + filling, longest * 8):
        assert_error(change(server, client, too_long), 400, "M_WEAK_PASSWORD")
    assert_nothing_changed(server, client)
    assert_good(change(server, client, longest))
    assert_good(server.api.login(name, longest))
    for other in (longest + "x", longest + longest, longest[:-1], longest[:-1] + "y"):
        assert_error(server.api.login(name, other), 403, "M_FORBIDDEN")
    # Nor does one that agrees in 1024 bytes confirm anything.
    auth = own_password(name, longest + "x")
    answer = change_password(server.api, client.access, password()).ask(auth)
    assert_challenge(answer, "M_FORBIDDEN")
    assert_good(server.api.login(name, longest))


def test_registration_refuses_the_too_long_too(server):
    name, longest = new_name(), password() + "x" * 1002
    assert len(longest) == LONGEST
    assert_error(server.api.register(name, longest + "y"), 400, "M_WEAK_PASSWORD")
    assert_good(server.api.register(name, longest))
    assert_error(server.api.login(name, longest + "y"), 403, "M_FORBIDDEN")


def test_the_current_password_is_asked_for(server):
    client = new_client(server.api)
    wanted = change_password(server.api, client.access, password())
    body = assert_challenge(wanted.ask())
    assert body["flows"] == [{"stages": ["m.login.password"]}]
    assert_challenge(wanted.ask(own_password(client.store.user, password())), "M_FORBIDDEN")
    assert_nothing_changed(server, client)


def test_an_account_that_has_nothing_to_confirm_with(make_server):
    server = make_server()
    client = new_client(server.api)
    server.restart({"passwords": {"enabled": False}})
    wanted = change_password(server.api, client.access, password())
    auth = own_password(client.store.user, client.store.password)
    for given in (None, auth, {"session": "x"}, {"type": "m.login.dummy"}):
        assert_error(wanted.ask(given), 403, "M_FORBIDDEN")
    assert_good(server.api.whoami(client.access))
    server.restart({"passwords": {"enabled": True}})
    assert_nothing_changed(server, client)


# -- tokens


def test_tokens(server):
    body = {"new_password": 7}  # nothing is read before the token
    assert_needs_a_good_token(server, "POST", "account/password", body)


def test_an_expired_token_is_soft(clock, make_server):
    server = make_server(clock=clock)
    client, new = new_client(server.api), password()
    wanted = change_password(server.api, client.access, new)
    session = wanted.session()
    clock.advance(6 * MINUTE)
    auth = own_password(client.store.user, client.store.password, session)
    assert_soft(wanted.ask(auth))
    assert_error(server.api.login(client.store.user, new), 403, "M_FORBIDDEN")
    # Nothing is lost by it: the new token goes on with the same confirmation.
    client.refresh()
    assert_good(wanted.but(token=client.access).ask(auth))
    assert_password_is(server, client, new)
    clock.advance(HOUR)
    assert_good(server.api.refresh(client.refresh_token))


def test_locked_while_the_person_typed(server):
    client, new = new_client(server.api), password()
    wanted = change_password(server.api, client.access, new)
    session = wanted.session()
    confirm_in_browser(server.url, session, client.store.password)
    server.command("user", "lock", client.store.user)
    assert_locked(wanted.ask({"session": session}))
    server.command("user", "unlock", client.store.user)
    assert_nothing_changed(server, client)


def test_suspended_people_change_it(server):
    """It takes nothing from others, and may be why the account was suspended."""
    client, new = new_client(server.api), password()
    server.command("user", "suspend", client.store.user)
    assert_good(change(server, client, new))
    assert_password_is(server, client, new)


# -- at the same time


def test_two_devices_at_once(server):
    """One is signed out by the other: its password is not the one that counts."""
    for _ in range(3):
        client = new_client(server.api)
        other = sign_in(server, client)
        wanted = {token: password() for token in (client.access, other["access_token"])}
        answers = {}

        def run(token, client=client, wanted=wanted, answers=answers):
            name, secret = client.store.user, client.store.password
            answers[token] = server.api.change_password(token, name, secret, wanted[token])

        together(*[lambda token=token, run=run: run(token) for token in wanted])
        [winner] = [token for token, answer in answers.items() if answer.status_code == 200]
        [loser] = set(wanted) - {winner}
        assert_hard(server.api.whoami(loser))
        assert_good(server.api.whoami(winner))
        assert_password_is(server, client, wanted[winner])


def test_what_the_old_password_confirmed_is_void(server):
    """A confirmation given with a password that is no longer the account's opens nothing."""
    client = new_client(server.api)
    other = sign_in(server, client)
    thief = change_password(server.api, other["access_token"], password())
    session = thief.session()
    confirm_in_browser(server.url, session, client.store.password)
    new = password()
    assert_good(change(server, client, new, logout_devices=False))
    assert_begun_anew(thief.ask({"session": session}), session)
    assert_password_is(server, client, new)


def test_a_new_password_by_an_administrator_voids_it_too(server):
    client = new_client(server.api)
    wanted = change_password(server.api, client.access, password())
    session = wanted.session()
    confirm_in_browser(server.url, session, client.store.password)
    new = password()
    server.command("user", "set-password", client.store.user, "--password-stdin", stdin=new + "\n")
    assert_begun_anew(wanted.ask({"session": session}), session)
    assert_password_is(server, client, new)


def test_it_is_not_read(server):
    answer = server.api.request("GET", f"{PREFIX}/account/password")
    assert_error(answer, 405, "M_UNRECOGNIZED")
