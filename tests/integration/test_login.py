"""GET and POST /login with passwords."""

import pytest

from support.answers import assert_error, assert_good, assert_locked, assert_soft
from support.api import PREFIX, new_name
from support.matrix_client import new_client
from support.secrets import password
from support.server import SERVER_NAME

LOGIN = f"{PREFIX}/login"


@pytest.fixture
def account(server):
    name, secret = new_name(), password()
    assert_good(server.api.register(name, secret, inhibit_login=True))
    return name, secret


def test_flows(server):
    answer = server.api.login_flows()
    assert {"type": "m.login.password"} in assert_good(answer)["flows"]
    assert answer.headers["cache-control"] == "no-store"
    assert "authorization" in answer.headers["vary"].lower()


def test_answer(server, account):
    name, secret = account
    body = assert_good(server.api.login(name, secret))
    assert body["user_id"] == f"@{name}:{SERVER_NAME}"
    assert body["device_id"]
    assert 290_000 < body["expires_in_ms"] <= 300_000
    assert len(body["access_token"]) == len("lka_") + 43
    assert body["access_token"].startswith("lka_")
    assert len(body["refresh_token"]) == len("lkr_") + 43
    assert body["refresh_token"].startswith("lkr_")
    who = assert_good(server.api.whoami(body["access_token"]))
    assert (who["user_id"], who["device_id"]) == (body["user_id"], body["device_id"])


def test_answers_with_tokens_are_never_stored(server, account):
    name, secret = account
    answer = server.api.login(name, secret)
    assert answer.headers["cache-control"] == "no-store"
    answer = server.api.refresh(answer.json()["refresh_token"])
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("says", [{"refresh_token": False}, {}])
def test_without_refresh_support(server, account, says):
    """A client that knows no refresh tokens does not speak of them."""
    name, secret = account
    identifier = {"type": "m.id.user", "user": name}
    body = {"type": "m.login.password", "identifier": identifier, "password": secret}
    body = assert_good(server.api.request("POST", LOGIN, json=body | says))
    assert "refresh_token" not in body
    assert "expires_in_ms" not in body


def test_each_login_without_a_device_makes_one(server, account):
    bodies = [assert_good(server.api.login(*account)) for _ in range(3)]
    assert len({body["device_id"] for body in bodies}) == 3
    for body in bodies:
        assert_good(server.api.whoami(body["access_token"]))


def test_login_to_a_given_device(server, account):
    body = assert_good(server.api.login(*account, "MY-OWN"))
    assert body["device_id"] == "MY-OWN"


def test_same_device_again_ends_the_older_session_softly(server, account):
    old = assert_good(server.api.login(*account, "PHONE"))
    new = assert_good(server.api.login(*account, "PHONE"))
    assert_soft(server.api.whoami(old["access_token"]))
    assert_soft(server.api.refresh(old["refresh_token"]))
    assert_good(server.api.whoami(new["access_token"]))


def test_same_device_name_of_another_user_is_another_device(server):
    one, two = new_client(server.api), new_client(server.api)
    first = assert_good(server.api.login(one.store.user, one.store.password, "SHARED"))
    second = assert_good(server.api.login(two.store.user, two.store.password, "SHARED"))
    assert_good(server.api.whoami(first["access_token"]))
    assert_good(server.api.whoami(second["access_token"]))


@pytest.mark.parametrize(
    "spelling",
    [
        lambda name: {"identifier": {"type": "m.id.user", "user": name}},
        lambda name: {"identifier": {"type": "m.id.user", "user": f"@{name}:{SERVER_NAME}"}},
        lambda name: {"user": name},  # deprecated in the spec, sent by old clients
        lambda name: {"user": f"@{name}:{SERVER_NAME}"},
    ],
)
def test_ways_to_name_the_user(server, account, spelling):
    name, secret = account
    body = {"type": "m.login.password", "password": secret, **spelling(name)}
    assert_good(server.api.request("POST", LOGIN, json=body))


def test_user_of_another_server(server, account):
    name, secret = account
    assert_error(server.api.login(f"@{name}:elsewhere.org", secret), 403, "M_FORBIDDEN")


def test_unknown_user_and_wrong_password_answer_alike(server, account):
    wrong = server.api.login(account[0], password())
    unknown = server.api.login(new_name(), password())
    assert_error(wrong, 403, "M_FORBIDDEN")
    assert unknown.content == wrong.content
    assert unknown.status_code == wrong.status_code
    varying = {"date", "x-request-id"}
    headers = [
        {name: value for name, value in answer.headers.items() if name not in varying}
        for answer in (wrong, unknown)
    ]
    assert headers[0] == headers[1]


@pytest.mark.parametrize(
    "spoil,status,errcode",
    [
        (lambda b: b | {"type": "m.login.unheard.of"}, 400, "M_UNKNOWN"),
        (lambda b: {k: v for k, v in b.items() if k != "type"}, 400, "M_MISSING_PARAM"),
        (lambda b: {k: v for k, v in b.items() if k != "identifier"}, 400, "M_MISSING_PARAM"),
        (lambda b: {k: v for k, v in b.items() if k != "password"}, 400, "M_MISSING_PARAM"),
        (lambda b: b | {"identifier": {"type": "m.id.user"}}, 400, "M_MISSING_PARAM"),
        (lambda b: b | {"identifier": {"user": "x"}}, 400, "M_MISSING_PARAM"),
        (lambda b: b | {"identifier": {"type": "m.id.unheard.of"}}, 400, "M_INVALID_PARAM"),
        (lambda b: b | {"identifier": "x"}, 400, "M_BAD_JSON"),
        (lambda b: b | {"identifier": {"type": "m.id.user", "user": 7}}, 400, "M_BAD_JSON"),
        (lambda b: b | {"password": 7}, 400, "M_BAD_JSON"),
        (lambda b: b | {"device_id": 7}, 400, "M_BAD_JSON"),
        (lambda b: b | {"refresh_token": "yes"}, 400, "M_BAD_JSON"),
        (lambda b: b | {"initial_device_display_name": []}, 400, "M_BAD_JSON"),
        (lambda b: b | {"type": None}, 400, "M_BAD_JSON"),
    ],
)
def test_bodies_that_are_not_a_login(server, account, spoil, status, errcode):
    name, secret = account
    body = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": name},
        "password": secret,
    }
    assert_error(server.api.request("POST", LOGIN, json=spoil(body)), status, errcode)


def test_locked(server):
    client = new_client(server.api)
    name, secret = client.store.user, client.store.password
    server.command("user", "lock", name)
    assert_locked(server.api.login(name, secret))
    # Who does not know the password does not learn of the lock.
    assert_error(server.api.login(name, password()), 403, "M_FORBIDDEN")
    server.command("user", "unlock", name)
    assert_good(server.api.login(name, secret))


def test_suspended_users_sign_in(server):
    """Spec "Account suspension": logging in and making sessions stays permitted."""
    client = new_client(server.api)
    server.command("user", "suspend", client.store.user)
    body = assert_good(server.api.login(client.store.user, client.store.password))
    assert_good(server.api.whoami(body["access_token"]))
    assert_good(server.api.whoami(client.access))


def test_deactivated(server):
    client = new_client(server.api)
    name, secret = client.store.user, client.store.password
    server.command("user", "deactivate", name)
    answer = server.api.login(name, secret)
    assert answer.status_code == 403
    # Spec: M_FORBIDDEN where the password is wiped.
    assert answer.json()["errcode"] in ("M_USER_DEACTIVATED", "M_FORBIDDEN")


def test_a_token_in_the_request_does_no_harm(server, account):
    """Clients send the old token along when they sign in again; a dead one must not be refused."""
    old = assert_good(server.api.login(*account, "PHONE"))
    assert_good(server.api.login(*account, "PHONE", token=old["access_token"]))
    assert_good(server.api.login(*account, token="lka_nonsense"))


def test_limit_of_sessions(make_sqlite_server):
    """Design §2: at the limit a login is refused; nothing is evicted."""
    server = make_sqlite_server(sessions={"maximum_per_user": 2})
    client = new_client(server.api)
    name, secret = client.store.user, client.store.password
    second = assert_good(server.api.login(name, secret, "SECOND"))
    refused = server.api.login(name, secret, "THIRD")
    assert_error(refused, 403, "M_USER_LIMIT_EXCEEDED")
    assert isinstance(refused.json()["info_uri"], str)  # the spec's MUST
    assert_good(server.api.whoami(client.access))
    assert_good(server.api.whoami(second["access_token"]))
    # The same devices again are no new ones.
    assert_good(server.api.login(name, secret, "SECOND"))
    assert_good(server.api.logout(client.access))
    assert_good(server.api.login(name, secret, "THIRD"))
