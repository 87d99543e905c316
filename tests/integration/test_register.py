"""POST /register with m.login.dummy."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from support.answers import assert_error, assert_good
from support.api import PREFIX, new_name
from support.secrets import password
from support.server import SERVER_NAME

REGISTER = f"{PREFIX}/register"


def challenge(server, **fields) -> dict:
    answer = server.api.request("POST", REGISTER, json=fields)
    assert answer.status_code == 401, answer.text
    return answer.json()


def test_challenge(server):
    body = challenge(server, username=new_name(), password=password())
    assert [flow["stages"] for flow in body["flows"]] == [["m.login.dummy"]]
    assert body["session"]
    assert "soft_logout" not in body  # it refuses no token


def test_registers_and_signs_in(server):
    name = new_name()
    body = assert_good(server.api.register(name, device_id="PHONE"))
    assert body["user_id"] == f"@{name}:{SERVER_NAME}"
    assert body["device_id"] == "PHONE"
    assert 290_000 < body["expires_in_ms"] <= 300_000
    who = assert_good(server.api.whoami(body["access_token"]))
    assert who["user_id"] == body["user_id"]
    assert who["device_id"] == "PHONE"
    assert_good(server.api.refresh(body["refresh_token"]))


def test_without_refresh_support_the_token_does_not_expire(server):
    body = assert_good(server.api.register(refresh=False))
    assert "refresh_token" not in body
    assert "expires_in_ms" not in body
    assert_good(server.api.whoami(body["access_token"]))


def test_a_later_request_may_leave_out_what_was_sent(server):
    """The whole body first, and then the stage alone (Element Android)."""
    name, secret = new_name(), password()
    session = challenge(
        server,
        username=name,
        password=secret,
        device_id="XYZZY",
        initial_device_display_name="Kitchen",
        refresh_token=True,
    )["session"]
    auth = {"session": session, "type": "m.login.dummy"}
    body = assert_good(server.api.request("POST", REGISTER, json={"auth": auth}))
    assert body["user_id"] == f"@{name}:{SERVER_NAME}"
    assert body["device_id"] == "XYZZY"
    assert_good(server.api.refresh(body["refresh_token"]))
    device = assert_good(server.api.device(body["access_token"], "XYZZY"))
    assert device["display_name"] == "Kitchen"
    assert_good(server.api.login(name, secret))


def test_a_session_opened_with_nothing(server):
    """Then the body with the session alone, which asks for the state, then the stage (Cinny)."""
    name, secret = new_name(), password()
    session = challenge(server)["session"]
    fields = {"username": name, "password": secret, "initial_device_display_name": "Web"}
    asked = challenge(server, **fields, auth={"session": session})
    assert asked["session"] == session
    assert asked["completed"] == []
    assert not {"errcode", "error"} & set(asked)
    auth = {"session": session, "type": "m.login.dummy"}
    for body in (fields, {}):  # some send it once more, some do not
        answer = server.api.request("POST", REGISTER, json=body | {"auth": auth})
        if body:
            assert assert_good(answer)["user_id"] == f"@{name}:{SERVER_NAME}"
        else:
            assert answer.status_code == 401  # it is used up


def test_second_thoughts(server):
    """Another name and another password in the same session, until the account is made."""
    taken, name, secret = new_name(), new_name(), password()
    session = challenge(server, username=taken, password="Pw0rd-of-first-thoughts")["session"]
    assert_good(server.api.register(taken))
    auth = {"session": session, "type": "m.login.dummy"}

    def go_on(**fields):
        return server.api.request("POST", REGISTER, json=fields | {"auth": auth})

    assert_error(go_on(), 400, "M_USER_IN_USE")
    assert_error(go_on(username="no name"), 400, "M_INVALID_USERNAME")
    assert_error(go_on(username=name, password="password1"), 400, "M_WEAK_PASSWORD")
    assert_good(go_on(username=name, password=secret))
    assert_good(server.api.login(name, secret))


def test_without_a_password_the_session_waits_for_one(server):
    session = challenge(server, username=new_name())["session"]
    auth = {"session": session, "type": "m.login.dummy"}
    without = server.api.request("POST", REGISTER, json={"auth": auth})
    assert_error(without, 400, "M_MISSING_PARAM")
    whole = {"password": password(), "auth": auth}
    assert_good(server.api.request("POST", REGISTER, json=whole))


@pytest.mark.parametrize("size", [3_000, 50_000])
def test_what_strangers_send_beside_is_not_kept(server, size):
    """Nor does it keep anybody from leaving out later what was sent."""
    name = new_name()
    beside = {"org.example": "x" * size}
    session = challenge(server, username=name, password=password(), **beside)["session"]
    longest = server.engine.query("SELECT MAX(LENGTH(body)) FROM auth_sessions")
    assert int(longest) < 1_000
    auth = {"session": session, "type": "m.login.dummy"}
    body = assert_good(server.api.request("POST", REGISTER, json={"auth": auth}))
    assert body["user_id"] == f"@{name}:{SERVER_NAME}"


def test_inhibit_login(server):
    name, secret = new_name(), password()
    body = assert_good(server.api.register(name, secret, inhibit_login=True))
    assert not {"access_token", "refresh_token", "device_id", "expires_in_ms"} & set(body)
    assert_good(server.api.login(name, secret))


def test_the_registered_password_signs_in(server):
    name, secret = new_name(), password()
    assert_good(server.api.register(name, secret))
    assert_good(server.api.login(name, secret))
    assert_error(server.api.login(name, password()), 403, "M_FORBIDDEN")


def test_without_a_name_one_is_made(server):
    wanted = {"password": password()}
    body = challenge(server, **wanted)
    fields = wanted | {"auth": {"type": "m.login.dummy", "session": body["session"]}}
    user_id = assert_good(server.api.request("POST", REGISTER, json=fields))["user_id"]
    assert user_id.startswith("@")
    assert user_id.endswith(f":{SERVER_NAME}")


def test_taken_name_is_refused_before_authentication(server):
    name = new_name()
    assert_good(server.api.register(name))
    answer = server.api.request("POST", REGISTER, json={"username": name, "password": password()})
    assert_error(answer, 400, "M_USER_IN_USE")


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "a b",
        "a:b",
        "@a",
        "ü",
        "a\u0000b",
        "a\nb",
        "x" * 256,
        "a;drop",
        "a#b",
        "a%20b",
    ],
)
def test_names_outside_the_grammar(server, name):
    answer = server.api.request("POST", REGISTER, json={"username": name, "password": password()})
    assert_error(answer, 400, "M_INVALID_USERNAME")


@pytest.mark.parametrize("typed", ["{}", "  {}", "{} ", "\u00a0{}\n", "\u200b{}\ufeff"])
def test_capitals_and_spaces_around_it_make_the_name_that_is_meant(server, typed):
    name, secret = new_name(), password()
    body = assert_good(server.api.register(typed.format(name.capitalize()), secret))
    assert body["user_id"] == f"@{name}:{SERVER_NAME}"
    assert_good(server.api.login(typed.format(name.upper()), secret))
    assert_error(server.api.register(name.upper()), 400, "M_USER_IN_USE")


@pytest.mark.parametrize("name", ["a.b", "a_b", "a=b", "a-b", "a/b", "a+b", "0"])
def test_names_of_the_grammar(server, name):
    name = f"{name}{new_name()}"
    body = assert_good(server.api.register(name))
    assert body["user_id"] == f"@{name}:{SERVER_NAME}"


@pytest.mark.parametrize("version", ["r0", "v3"])
@pytest.mark.parametrize("sent", [{}, {"json": {}}, {"json": {"username": "guest"}}])
def test_guests_are_refused_by_name(server, version, sent):
    """As clients know it: they then ask their person to sign in."""
    path = f"/_matrix/client/{version}/register?kind=guest"
    assert_error(server.api.request("POST", path, **sent), 403, "M_GUEST_ACCESS_FORBIDDEN")


def test_one_name_taken_by_two_at_once_is_given_once(server):
    """Both have passed the first check; the unique index decides, and the loser hears why."""
    for _ in range(5):
        name = new_name()
        wanted = [{"username": name, "password": password()} for _ in range(2)]
        sessions = [challenge(server, **one)["session"] for one in wanted]

        def finish(one, session):
            auth = {"type": "m.login.dummy", "session": session}
            return server.api.request("POST", REGISTER, json=one | {"auth": auth})

        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(finish, wanted, sessions))
        assert sorted(answer.status_code for answer in answers) == [200, 400]
        [loser] = [answer for answer in answers if answer.status_code == 400]
        assert_error(loser, 400, "M_USER_IN_USE")


@pytest.mark.parametrize(
    "auth",
    [
        {"session": "never-given"},
        {},
        {"type": "m.login.recaptcha"},
        {"type": "m.login.password", "password": "x"},
    ],
)
def test_auth_that_does_not_authenticate_is_no_registration(server, auth):
    name = new_name()
    answer = server.api.request(
        "POST", REGISTER, json={"username": name, "password": password(), "auth": auth}
    )
    assert 400 <= answer.status_code < 500, answer.text
    assert "access_token" not in answer.json()
    assert_good(server.api.register(name))  # the name is free still


def test_closed_registration(make_sqlite_server):
    server = make_sqlite_server(registration={"open": False})
    assert_error(server.api.register(), 403, "M_FORBIDDEN")
