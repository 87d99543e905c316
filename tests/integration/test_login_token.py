"""POST /login/get_token and m.login.token: signing in one client from another (MSC3882)."""

import re

import pytest

from support.answers import assert_error, assert_good, assert_locked, assert_soft
from support.api import PREFIX
from support.clock import MINUTE
from support.confirmation import GET_TOKEN, assert_challenge, get_token, own_password
from support.matrix_client import new_client
from support.secrets import password
from support.server import SERVER_NAME
from support.standings import assert_needs_a_good_token
from support.threads import together


@pytest.fixture
def client(server):
    return new_client(server.api)


def made_by(client, access: str | None = None) -> str:
    """A login token, asked for by the client or by another of its person's sessions."""
    store = client.store
    answer = client.api.login_token(access or client.access, store.user, store.password)
    return assert_good(answer)["login_token"]


def sign_in(server, token: object, version: str = "v3", **fields):
    body = {"type": "m.login.token", "token": token, "refresh_token": True, **fields}
    return server.api.request("POST", f"/_matrix/client/{version}/login", json=body)


def assert_dead(server, token: str) -> None:
    assert_error(sign_in(server, token), 403, "M_FORBIDDEN")


def other_session(server, client, device: str | None = None) -> dict:
    return assert_good(server.api.login(client.store.user, client.store.password, device))


def test_the_answer(server, client):
    answer = server.api.login_token(client.access, client.store.user, client.store.password)
    body = assert_good(answer)
    assert set(body) == {"login_token", "expires_in_ms"}
    assert re.fullmatch(r"lkl_[0-9A-Za-z]{32}", body["login_token"])
    assert body["expires_in_ms"] == 120_000
    assert answer.headers["cache-control"] == "no-store"
    assert made_by(client) != body["login_token"]


@pytest.mark.parametrize("version", ["r0", "v3"])
def test_signing_in(server, client, version):
    answer = sign_in(
        server, made_by(client), version, device_id="TABLET", initial_device_display_name="New"
    )
    body = assert_good(answer)
    assert answer.headers["cache-control"] == "no-store"
    assert body["user_id"] == f"@{client.store.user}:{SERVER_NAME}"
    assert body["device_id"] == "TABLET"
    assert 290_000 < body["expires_in_ms"] <= 300_000
    assert_good(server.api.whoami(body["access_token"]))
    assert_good(server.api.refresh(body["refresh_token"]))
    shown = assert_good(server.api.device(client.access, "TABLET"))
    assert shown["display_name"] == "New"
    # Who was there before notices nothing.
    assert_good(server.api.whoami(client.access))
    assert_good(server.api.refresh(client.refresh_token))


def test_it_serves_once(server, client):
    token = made_by(client)
    assert_good(sign_in(server, token))
    for _ in range(2):
        assert_dead(server, token)


def test_two_at_once(server):
    for _ in range(5):
        client = new_client(server.api)
        token = made_by(client)
        answers = []
        together(*[lambda t=token, a=answers: a.append(sign_in(server, t))] * 4)
        assert sorted(answer.status_code for answer in answers) == [200, 403, 403, 403]
        assert len(server.sessions(client.store.user)) == 2


def test_several_at_a_time(server, client):
    """Each by itself: a second is no replacement of the first."""
    first, second = made_by(client), made_by(client)
    assert_good(sign_in(server, second))
    assert_good(sign_in(server, first))


def test_to_a_device_that_is_there(server, client):
    """Like any other sign-in: the session before ends softly."""
    old = other_session(server, client, "TABLET")
    new = assert_good(sign_in(server, made_by(client), device_id="TABLET"))
    assert_soft(server.api.whoami(old["access_token"]))
    assert_good(server.api.whoami(new["access_token"]))


def test_expiry(clock, make_server):
    server = make_server(clock=clock)
    client = new_client(server.api, refreshes=False)
    in_time, late = made_by(client), made_by(client)
    clock.advance(2 * MINUTE - 5)
    assert_good(sign_in(server, in_time))
    clock.advance(10)
    assert_dead(server, late)
    # A clock set back prolongs nothing.
    clock.advance(-10)
    assert_dead(server, late)
    token = made_by(client)
    clock.advance(-MINUTE)
    assert_dead(server, token)


def test_another_lifetime(clock, make_sqlite_server):
    server = make_sqlite_server(clock=clock, login_tokens={"lifetime": "30s"})
    client = new_client(server.api)
    body = assert_good(
        server.api.login_token(client.access, client.store.user, client.store.password)
    )
    assert body["expires_in_ms"] == 30_000
    clock.advance(31)
    assert_dead(server, body["login_token"])


def test_it_survives_a_restart_and_is_not_in_the_database(make_server):
    server = make_server()
    client = new_client(server.api)
    token = made_by(client)
    assert token not in server.engine.query("SELECT * FROM login_tokens")
    server.restart()
    assert_good(sign_in(server, token))


# -- it dies with the session that asked for it: ASKER's, whose person has another device too


def by_logout(server, client, asker):
    assert_good(server.api.logout(asker["access_token"]))


def by_logout_of_all(server, client, asker):
    assert_good(server.api.logout_all(client.access))


def by_a_new_password(server, client, asker):
    name, secret = client.store.user, client.store.password
    assert_good(server.api.change_password(client.access, name, secret, password()))


def by_deletion(server, client, asker):
    name, secret = client.store.user, client.store.password
    assert_good(server.api.delete_device(client.access, "ASKER", name, secret))


def by_deletion_of_several(server, client, asker):
    name, secret = client.store.user, client.store.password
    assert_good(server.api.delete_devices(client.access, ["ASKER"], name, secret))


def by_its_own_deletion(server, client, asker):
    name, secret = client.store.user, client.store.password
    assert_good(server.api.delete_device(asker["access_token"], "ASKER", name, secret))


def by_soft_logout(server, client, asker):
    server.command("user", "soft-logout", client.store.user)


def by_a_sign_in_to_its_device(server, client, asker):
    other_session(server, client, "ASKER")


def by_deactivation(server, client, asker):
    name, secret = client.store.user, client.store.password
    assert_good(server.api.deactivate(client.access, name, secret))


def by_an_administrator(server, client, asker):
    server.command("user", "deactivate", client.store.user)


@pytest.mark.parametrize(
    "end",
    [
        by_logout,
        by_logout_of_all,
        by_a_new_password,
        by_deletion,
        by_deletion_of_several,
        by_its_own_deletion,
        by_soft_logout,
        by_a_sign_in_to_its_device,
        by_deactivation,
        by_an_administrator,
    ],
)
def test_the_end_of_the_session(server, client, end):
    asker = other_session(server, client, "ASKER")
    token = made_by(client, asker["access_token"])
    end(server, client, asker)
    assert_dead(server, token)


@pytest.mark.parametrize("how", ["refresh", "new password", "new password of another device"])
def test_what_the_session_survives(server, client, how):
    token = made_by(client)
    name, secret = client.store.user, client.store.password
    if how == "refresh":
        client.refresh()
        client.use()
    elif how == "new password":
        assert_good(server.api.change_password(client.access, name, secret, password()))
    else:
        other = other_session(server, client)
        answer = server.api.change_password(
            other["access_token"], name, secret, password(), logout_devices=False
        )
        assert_good(answer)
    assert_good(sign_in(server, token))


def test_while_the_session_ends(server):
    """However close: no session lives that was begun by one that was ended for good."""
    for _ in range(4):
        client = new_client(server.api)
        token, answers = made_by(client), []
        together(
            lambda t=token, a=answers: a.append(sign_in(server, t)),
            lambda c=client: assert_good(server.api.logout_all(c.access)),
        )
        [answer] = answers
        if answer.status_code == 200:  # it was there before the end, which ended it too
            assert server.api.whoami(answer.json()["access_token"]).status_code == 401
        else:
            assert_error(answer, 403, "M_FORBIDDEN")


def test_locked(server, client):
    token = made_by(client)
    server.command("user", "lock", client.store.user)
    assert_locked(sign_in(server, token))
    assert_locked(get_token(server.api, client.access).ask())


# -- what is refused


@pytest.mark.parametrize("token", ["", "lkl_", "x", "lkl_" + "0" * 32, "ü", "' OR 1=1 --"])
def test_tokens_that_are_none(server, token):
    assert_dead(server, token)


@pytest.mark.parametrize("kind", ["access", "refresh", "cut", "longer", "other case"])
def test_tokens_that_are_something_else(server, client, kind):
    token = made_by(client)
    wrong = {
        "access": client.access,
        "refresh": client.refresh_token,
        "cut": token[:-1],
        "longer": token + "0",
        "other case": token.swapcase(),
    }[kind]
    assert_dead(server, wrong)
    assert_good(sign_in(server, token))


@pytest.mark.parametrize(
    ("fields", "errcode"),
    [
        ({"token": None}, "M_BAD_JSON"),
        ({"token": 7}, "M_BAD_JSON"),
        ({"token": ["x"]}, "M_BAD_JSON"),
        ({"device_id": 7}, "M_BAD_JSON"),
        ({"device_id": ""}, "M_INVALID_PARAM"),
        ({"refresh_token": "yes"}, "M_BAD_JSON"),
    ],
)
def test_wrong_types_do_not_use_it_up(server, client, fields, errcode):
    token = made_by(client)
    body = {"type": "m.login.token", "token": token} | fields
    answer = server.api.request("POST", f"{PREFIX}/login", json=body)
    assert_error(answer, 400, errcode)
    assert_good(sign_in(server, token))


def test_without_a_token(server):
    answer = server.api.request("POST", f"{PREFIX}/login", json={"type": "m.login.token"})
    assert_error(answer, 400, "M_MISSING_PARAM")


def test_the_password_is_asked_for(server, client):
    wanted = get_token(server.api, client.access)
    assert assert_challenge(wanted.ask())["flows"] == [{"stages": ["m.login.password"]}]
    assert_challenge(wanted.ask(own_password(client.store.user, password())), "M_FORBIDDEN")


def test_tokens(server):
    assert_needs_a_good_token(server, "POST", GET_TOKEN)


def test_it_came_with_v1(server, client):
    for version in ("r0", "v3"):
        path = GET_TOKEN.replace("/v1/", f"/{version}/")
        answer = server.api.request("POST", path, json={}, token=client.access)
        assert_error(answer, 404, "M_UNRECOGNIZED")


def test_it_says_what_it_offers(server, client):
    flows = assert_good(server.api.login_flows())["flows"]
    assert {"type": "m.login.token", "get_login_token": True} in flows
    capabilities = server.api.request("GET", f"{PREFIX}/capabilities", token=client.access)
    assert assert_good(capabilities)["capabilities"]["m.get_login_token"] == {"enabled": True}


def test_switched_off(make_server):
    server = make_server()
    client = new_client(server.api)
    token = made_by(client)
    server.restart({"login_tokens": {"enabled": False}})
    for auth in (None, own_password(client.store.user, client.store.password)):
        assert_error(get_token(server.api, client.access).ask(auth), 400, "M_FORBIDDEN")
    assert_error(sign_in(server, token), 403, "M_FORBIDDEN")
    flows = assert_good(server.api.login_flows())["flows"]
    assert [flow["type"] for flow in flows] == ["m.login.password"]
    capabilities = server.api.request("GET", f"{PREFIX}/capabilities", token=client.access)
    assert assert_good(capabilities)["capabilities"]["m.get_login_token"] == {"enabled": False}


def test_an_account_that_has_nothing_to_confirm_with(make_sqlite_server):
    server = make_sqlite_server()
    client = new_client(server.api)
    server.restart({"passwords": {"enabled": False}})
    assert_error(get_token(server.api, client.access).ask(), 400, "M_FORBIDDEN")
    capabilities = server.api.request("GET", f"{PREFIX}/capabilities", token=client.access)
    assert assert_good(capabilities)["capabilities"]["m.get_login_token"] == {"enabled": False}


def test_how_many_one_may_ask_for(clock, make_server):
    limits = {"enabled": True, "login_tokens": 2, "login_token_interval": "1m"}
    server = make_server(clock=clock, rate_limits=limits)
    client, other = new_client(server.api, refreshes=False), new_client(server.api)
    tokens = [made_by(client) for _ in range(2)]
    wanted = get_token(server.api, client.access)
    auth = own_password(client.store.user, client.store.password, wanted.session())
    refused = wanted.ask(auth)
    assert_error(refused, 429, "M_LIMIT_EXCEEDED")
    assert 0 < refused.json()["retry_after_ms"] <= 60_000
    made_by(other)  # each for themselves
    clock.advance(MINUTE + 1)
    assert_good(wanted.ask(auth))  # the confirmation was not used up
    for token in tokens:
        assert_good(sign_in(server, token))
