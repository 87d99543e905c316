"""What a session of user-interactive authentication is bound to: what else it does not confirm."""

import json

import pytest

from support.answers import assert_error, assert_good
from support.api import PREFIX
from support.confirmation import (
    assert_begun_anew,
    assert_challenge,
    assert_forbidden,
    auth_of,
    change_password,
    confirm_in_browser,
    get_token,
    wanted_by,
)
from support.matrix_client import new_client
from support.secrets import password


@pytest.fixture
def client(server):
    return new_client(server.api)


def test_the_user(server, client):
    other = new_client(server.api)
    wanted = get_token(server.api, client.access)
    session = wanted.session()
    confirm_in_browser(server.url, session, client.store.password)
    for auth in ({"session": session}, auth_of(other, session), auth_of(client, session)):
        assert_begun_anew(wanted.but(token=other.access).ask(auth), session)
    # Nobody has used it up.
    assert_good(wanted.ask({"session": session}))


def test_not_the_token(server, client):
    """One that was replaced meanwhile is still the same person's."""
    wanted = get_token(server.api, client.access)
    session = wanted.session()
    client.refresh()
    assert_good(wanted.but(token=client.access).ask(auth_of(client, session)))


def test_the_endpoint(server, client):
    wanted = get_token(server.api, client.access)
    session = wanted.session()
    confirm_in_browser(server.url, session, client.store.password)
    for method, path, body in (
        ("POST", "account/deactivate", {}),
        ("DELETE", f"devices/{client.store.device}", {}),
        ("POST", "register", {}),
    ):
        for auth in ({"session": session}, auth_of(client, session)):
            assert_forbidden(wanted.but(method=method, path=path, body=body).ask(auth))
    assert_good(server.api.whoami(client.access))
    assert_good(wanted.ask({"session": session}))


def test_the_device_in_the_path(server, client):
    for device in ("ONE", "TWO"):
        assert_good(server.api.login(client.store.user, client.store.password, device))
    one = wanted_by(client, "DELETE", "devices/ONE")
    session = one.session()
    confirm_in_browser(server.url, session, client.store.password)
    for path in ("devices/TWO", f"devices/{client.store.device}"):
        assert_forbidden(one.but(path=path).ask({"session": session}))
    assert_good(server.api.device(client.access, "TWO"))
    assert_good(one.but(path="devices/%4FNE").ask({"session": session}))
    assert_error(server.api.device(client.access, "ONE"), 404, "M_NOT_FOUND")


@pytest.mark.parametrize(
    "changed",
    [
        {"new_password": "Pw0rd-of-somebody-else"},
        {"logout_devices": False},
        {"logout_devices": True, "org.example.more": 1},
    ],
)
def test_the_body_once_it_is_confirmed(server, client, changed):
    new = password()
    wanted = change_password(server.api, client.access, new, logout_devices=True)
    session = wanted.session()
    confirm_in_browser(server.url, session, client.store.password)
    other = wanted.but(body=wanted.body | changed)
    assert_begun_anew(other.ask({"session": session}), session)
    assert_good(server.api.login(client.store.user, client.store.password))
    assert_good(wanted.ask({"session": session}))
    assert_good(server.api.login(client.store.user, new))


@pytest.mark.parametrize(
    "changed",
    [
        {"new_password": "Pw0rd-of-second-thoughts"},
        {"logout_devices": False},
        {"logout_devices": True, "org.example.more": 1},
    ],
)
@pytest.mark.parametrize("first", [{}, {"new_password": "Pw0rd-of-first-thoughts"}])
def test_not_the_body_before_that(server, client, changed, first):
    """Clients open with one body, or with none, and go on with another."""
    wanted = change_password(server.api, client.access, password()).but(body=first)
    session = wanted.session()
    full = {"new_password": password()} | changed
    wanted = wanted.but(body=full)
    # One asks what is to be done, mistypes the password, and gets it right.
    assert assert_challenge(wanted.ask({"session": session}))["session"] == session
    wrong = wanted.ask(auth_of(client, session) | {"password": password()})
    assert assert_challenge(wrong, "M_FORBIDDEN")["session"] == session
    assert_good(wanted.ask(auth_of(client, session)))
    assert_good(server.api.login(client.store.user, full["new_password"]))


@pytest.mark.parametrize("by_page", [True, False])
def test_what_is_left_out_later_is_remembered(server, client, by_page):
    other = assert_good(server.api.login(client.store.user, client.store.password, "OTHER"))
    new = password()
    wanted = change_password(server.api, client.access, new, logout_devices=False)
    session = wanted.session()
    auth = auth_of(client, session)
    if by_page:
        confirm_in_browser(server.url, session, client.store.password)
        auth = {"session": session}
    assert_good(wanted.but(body={}).ask(auth))
    assert_good(server.api.login(client.store.user, new))
    assert_good(server.api.whoami(other["access_token"]))


def test_devices_are_remembered(server, client):
    for device in ("ONE", "TWO", "THREE"):
        assert_good(server.api.login(client.store.user, client.store.password, device))
    wanted = wanted_by(client, "POST", "delete_devices", {"devices": ["ONE", "TWO"]})
    session = wanted.session()
    # Only what was sent last counts, not both.
    assert_challenge(wanted.but(body={"devices": ["TWO"]}).ask({"session": session}))
    assert_good(wanted.but(body={}).ask(auth_of(client, session)))
    assert_error(server.api.device(client.access, "TWO"), 404, "M_NOT_FOUND")
    assert_good(server.api.device(client.access, "ONE"))


def test_what_was_never_sent_is_missing(server, client):
    """Asking what it takes needs nothing, doing it does."""
    for path, name, body in (
        ("account/password", "new_password", {"new_password": password()}),
        ("delete_devices", "devices", {"devices": []}),
    ):
        wanted = wanted_by(client, "POST", path)
        session = wanted.session()
        refused = wanted.ask(auth_of(client, session))
        assert_error(refused, 400, "M_MISSING_PARAM")
        assert name in refused.json()["error"]
        assert_good(wanted.but(body=body).ask(auth_of(client, session)))
        client = new_client(server.api)


def test_a_thief_s_body_is_not_confirmed_by_the_page(server, client):
    """After the person has confirmed on the page, what is set is what they were asked about."""
    wanted = change_password(server.api, client.access, password())
    session = wanted.session()
    confirm_in_browser(server.url, session, client.store.password)
    theirs = wanted.but(body={"new_password": password()})
    for auth in ({"session": session}, auth_of(client, session)):
        assert_begun_anew(theirs.ask(auth), session)
    assert_good(server.api.login(client.store.user, client.store.password))


def test_not_its_spelling(server, client):
    """The same fields in another order, with other blanks and escapes, are the same body."""
    new = password()
    wanted = change_password(server.api, client.access, new, logout_devices=True)
    auth = auth_of(client, wanted.session())
    text = (
        f'{{ "logout_devices":true,\n"auth": {json.dumps(auth)},'
        f'"new\\u005fpassword": "\\u0050{new[1:]}"}}'
    )
    path = f"{PREFIX}/account/password"
    assert_good(server.api.request("POST", path, content=text, token=client.access))
    assert_good(server.api.login(client.store.user, new))


def test_r0_and_v3_are_one(server, client):
    wanted = change_password(server.api, client.access, password())
    session = wanted.but(path="/_matrix/client/r0/account/password").ask().json()["session"]
    assert_good(wanted.ask(auth_of(client, session)))
