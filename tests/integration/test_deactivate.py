"""POST /account/deactivate: what is left of an account, and what never comes back."""

import pytest

from support.answers import assert_error, assert_good, assert_hard
from support.api import PREFIX, new_name
from support.confirmation import Wanted, assert_challenge, auth_of, get_token
from support.matrix_client import new_client
from support.secrets import password
from support.standings import assert_needs_a_good_token
from support.threads import together

DEACTIVATE = "account/deactivate"


@pytest.fixture
def client(server):
    return new_client(server.api)


def deactivate(client, **fields):
    return client.api.deactivate(client.access, client.store.user, client.store.password, **fields)


def deactivation(client, body: dict) -> Wanted:
    return Wanted(client.api, "POST", DEACTIVATE, body, client.access)


@pytest.mark.parametrize("fields", [{}, {"erase": False}, {"erase": True}])
def test_every_token_ends_for_good(server, client, fields):
    name, secret = client.store.user, client.store.password
    others = [assert_good(server.api.login(name, secret)) for _ in range(2)]
    softly = assert_good(server.api.login(name, secret, "AGAIN"))
    assert_good(server.api.login(name, secret, "AGAIN"))
    bystander = new_client(server.api)
    answer = assert_good(deactivate(client, **fields))
    assert answer == {"id_server_unbind_result": "success"}
    for token in [client.access, softly["access_token"], *(o["access_token"] for o in others)]:
        assert_hard(server.api.whoami(token))
        assert server.api.introspect(token).json() == {"active": False}
    for token in [client.refresh_token, *(other["refresh_token"] for other in others)]:
        assert_hard(server.api.refresh(token))
    assert_hard(deactivate(client, **fields))
    assert_hard(server.api.logout(client.access))
    assert_good(server.api.whoami(bystander.access))


@pytest.mark.parametrize(
    ("fields", "errcode"),
    [
        ({}, "M_USER_DEACTIVATED"),
        ({"erase": False}, "M_USER_DEACTIVATED"),
        ({"erase": True}, "M_FORBIDDEN"),
    ],
)
def test_nobody_signs_in_any_more(server, client, fields, errcode):
    """Who knows the password is told why; once it is erased nobody can know it."""
    name, secret = client.store.user, client.store.password
    assert_good(deactivate(client, **fields))
    assert_error(server.api.login(name, secret), 403, errcode)
    assert_error(server.api.login(name, secret, client.store.device), 403, errcode)
    assert_error(server.api.login(name, password()), 403, "M_FORBIDDEN")


@pytest.mark.parametrize("erase", [False, True])
def test_the_name_is_never_given_again(server, client, erase):
    assert_good(deactivate(client, erase=erase))
    assert_error(server.api.register(client.store.user), 400, "M_USER_IN_USE")
    path = f"{PREFIX}/register/available"
    answer = server.api.request("GET", path, params={"username": client.store.user})
    assert_error(answer, 400, "M_USER_IN_USE")


def test_its_addresses_are_free_again(server, client):
    name, secret = client.store.user, client.store.password
    address = f"{name}@example.org"
    server.command("user", "add-threepid", name, "email", address)
    assert_good(deactivate(client))
    body = {
        "type": "m.login.password",
        "password": secret,
        "identifier": {"type": "m.id.thirdparty", "medium": "email", "address": address},
    }
    answer = server.api.request("POST", f"{PREFIX}/login", json=body)
    assert_error(answer, 403, "M_FORBIDDEN")
    other = new_client(server.api)
    server.command("user", "add-threepid", other.store.user, "email", address)


def test_a_login_token_dies_with_it(server, client):
    token = assert_good(get_token(server.api, client.access).ask(auth_of(client)))["login_token"]
    assert_good(deactivate(client))
    answer = server.api.request(
        "POST", f"{PREFIX}/login", json={"type": "m.login.token", "token": token}
    )
    assert_error(answer, 403, "M_FORBIDDEN")


def test_erased_no_device_is_told_of(server, client):
    """What describes a person goes with the erasure: names and addresses of their devices."""
    name, secret = client.store.user, client.store.password
    body = assert_good(
        server.api.login(name, secret, initial_device_display_name=f"phone of {name}")
    )
    assert_good(server.api.rename_device(client.access, client.store.device, f"desk of {name}"))
    assert_good(deactivate(client, erase=True))
    assert_hard(server.api.whoami(body["access_token"]))
    names = server.engine.query("SELECT display_name FROM devices")
    assert f"of {name}" not in names
    traces = server.engine.query(
        "SELECT COUNT(*) FROM sessions JOIN users ON users.id = sessions.user_id WHERE"
        f" localpart = '{name}' AND (address IS NOT NULL OR user_agent IS NOT NULL)"
    )
    assert traces == "0"
    query = f"SELECT password_hash IS NULL, erased_at FROM users WHERE localpart = '{name}'"
    gone, erased_at = server.engine.query(query).split("|")
    assert gone in ("1", "t")
    assert erased_at not in ("", "None")


@pytest.mark.parametrize("extra", [{"id_server": "id.example.org"}, {"org.example": [1]}])
def test_other_fields_are_harmless(client, extra):
    assert_good(deactivate(client, **extra))


@pytest.mark.parametrize("erase", [None, "true", 1, [], {}])
def test_wrong_types_deactivate_nobody(server, client, erase):
    for auth in (None, auth_of(client)):
        assert_error(deactivation(client, {"erase": erase}).ask(auth), 400, "M_BAD_JSON")
    assert_good(server.api.whoami(client.access))


def test_without_the_password_nobody_is_deactivated(server, client):
    other = new_client(server.api)
    wanted = deactivation(client, {})
    session = assert_challenge(wanted.ask())["session"]
    assert_error(wanted.ask(auth_of(other, session)), 403, "M_FORBIDDEN")
    for auth in ({"session": session}, auth_of(client, session) | {"password": password()}):
        answer = wanted.ask(auth)
        assert answer.status_code == 401
        assert answer.json()["session"] == session
    assert_good(server.api.whoami(client.access))
    assert_good(server.api.login(client.store.user, client.store.password))
    assert_good(wanted.ask(auth_of(client, session)))


def test_what_is_confirmed_may_be_said_with_the_confirmation(server, client):
    """Clients open with one body and go on with another; nothing has been confirmed by then."""
    wanted = deactivation(client, {})
    session = wanted.session()
    assert_good(wanted.but(body={"erase": True}).ask(auth_of(client, session)))
    answer = server.api.login(client.store.user, client.store.password)
    assert_error(answer, 403, "M_FORBIDDEN")  # erased: nothing is known of the account


def test_r0(server, client):
    wanted = deactivation(client, {}).but(path="/_matrix/client/r0/account/deactivate")
    assert_good(wanted.ask(auth_of(client, wanted.session())))
    assert_hard(server.api.whoami(client.access))


def test_tokens(server):
    assert_needs_a_good_token(server, "POST", DEACTIVATE, {"erase": "nothing is read before"})


def test_passwords_that_are_off(make_server):
    """Nothing to confirm with is nothing to deactivate with; the administrator can."""
    server = make_server()
    client = new_client(server.api)
    server.restart({"passwords": {"enabled": False}})
    assert_error(deactivation(client, {}).ask(), 403, "M_FORBIDDEN")
    assert_good(server.api.whoami(client.access))


def test_while_others_sign_in(server):
    """No session outlives the account, however close the two come."""
    for _ in range(3):
        client = new_client(server.api)
        bodies = []

        def sign_in(client=client, bodies=bodies):
            answer = server.api.login(client.store.user, client.store.password)
            if answer.status_code == 200:
                bodies.append(answer.json())
            else:
                assert_error(answer, 403, "M_USER_DEACTIVATED")

        together(sign_in, sign_in, lambda client=client: assert_good(deactivate(client)), sign_in)
        for body in bodies:
            assert_hard(server.api.whoami(body["access_token"]))
            assert_hard(server.api.refresh(body["refresh_token"]))


def test_suspended_people_may_leave(server, client):
    server.command("user", "suspend", client.store.user)
    assert_good(deactivate(client))


def test_somebody_new_is_not_disturbed(server, client):
    """Only the account that was meant."""
    other = new_client(server.api)
    assert_good(deactivate(client, erase=True))
    assert_good(server.api.whoami(other.access))
    assert_good(server.api.login(other.store.user, other.store.password))
    assert_good(server.api.register(new_name()))
