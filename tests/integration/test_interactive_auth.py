"""User-interactive authentication, through endpoints that ask for it."""

import base64
import hashlib
import json

import pytest

from support.answers import assert_error, assert_good, assert_hard
from support.api import new_name, password_auth
from support.clock import MINUTE
from support.confirmation import (
    Wanted,
    assert_begun_anew,
    assert_challenge,
    assert_forbidden,
    auth_of,
    change_password,
    confirm_in_browser,
    get_token,
    open_page,
    own_password,
    wanted_by,
)
from support.matrix_client import new_client
from support.secrets import password
from support.server import SERVER_NAME
from support.threads import together

PASSWORD_FLOW = [{"stages": ["m.login.password"]}]


@pytest.fixture
def client(server):
    return new_client(server.api)


ENDPOINTS = [
    ("POST", "account/password", lambda: {"new_password": password()}),
    ("POST", "account/deactivate", lambda: {"erase": False}),
    ("POST", "delete_devices", lambda: {"devices": ["NONE"]}),
    ("DELETE", "devices/{own}", dict),
    ("POST", "/_matrix/client/v1/login/get_token", dict),
]


def each_of(client, method, path, body) -> Wanted:
    return wanted_by(client, method, path.replace("{own}", client.store.device), body())


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda e: e[1])
def test_every_endpoint_asks_and_lets_through(server, client, endpoint):
    wanted = each_of(client, *endpoint)
    first, second = (assert_challenge(wanted.ask()) for _ in range(2))
    assert first["flows"] == PASSWORD_FLOW
    assert first["params"] == {}
    assert first["completed"] == []
    assert len(first["session"]) >= 20
    assert first["session"] != second["session"]
    # A wrong one keeps the session, and the right one goes on in it.
    for _ in range(2):
        wrong = wanted.ask(auth_of(client, first["session"]) | {"password": password()})
        assert assert_challenge(wrong, "M_FORBIDDEN")["session"] == first["session"]
    assert_good(server.api.whoami(client.access))
    assert_good(wanted.ask(auth_of(client, first["session"])))


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda e: e[1])
def test_a_session_lets_through_once(server, client, endpoint):
    wanted = each_of(client, *endpoint)
    session = wanted.session()
    assert_good(wanted.ask(auth_of(client, session)))
    again = wanted.ask(own_password(client.store.user, client.store.password, session))
    if again.json().get("errcode") == "M_UNKNOWN_TOKEN":
        assert_hard(again)  # there is nobody left who could ask
    else:
        assert_begun_anew(again, session)


@pytest.mark.parametrize(
    "name",
    [
        lambda name: {"identifier": {"type": "m.id.user", "user": name}},
        lambda name: {"identifier": {"type": "m.id.user", "user": f"@{name}:{SERVER_NAME}"}},
        lambda name: {"identifier": {"type": "m.id.user", "user": name.upper()}},
        lambda name: {"user": name},  # deprecated
        lambda name: {},  # the token says who it is
    ],
)
def test_ways_to_name_oneself(client, name):
    auth = {"type": "m.login.password", "password": client.store.password}
    assert_good(get_token(client.api, client.access).ask(auth | name(client.store.user)))


# -- how a session goes on and ends


def test_without_a_session_one_begins_there_and_then(server, client):
    wanted = get_token(server.api, client.access)
    wrong = wanted.ask(auth_of(client) | {"password": password()})
    session = assert_challenge(wrong, "M_FORBIDDEN")["session"]
    assert_good(wanted.ask(auth_of(client, session)))
    assert_good(wanted.ask(auth_of(client)))


def test_the_session_alone(server, client):
    wanted = get_token(server.api, client.access)
    session = wanted.session()
    for _ in range(2):  # how the client of a fallback page asks whether it is done
        assert assert_challenge(wanted.ask({"session": session}))["session"] == session
    confirm_in_browser(server.url, session, client.store.password)
    assert_good(wanted.ask({"session": session}))
    assert_begun_anew(wanted.ask({"session": session}), session)


def test_nothing_in_auth(client):
    wanted = get_token(client.api, client.access)
    assert_challenge(wanted.ask({}))
    assert_challenge(wanted.ask({"org.example.field": 1}))


def test_a_stage_that_was_passed_may_be_sent_again(server, client):
    """The reply to it may have been lost; a wrong password does not take it back."""
    wanted = get_token(server.api, client.access)
    session = wanted.session()
    confirm_in_browser(server.url, session, client.store.password)
    assert_good(wanted.ask(auth_of(client, session)))


@pytest.mark.parametrize("session", ["", "never-given", "x" * 255, "ü", "' OR 1=1 --"])
def test_a_session_that_never_was(client, session):
    wanted = get_token(client.api, client.access)
    assert_begun_anew(wanted.ask({"session": session}), session)
    assert_begun_anew(wanted.ask(auth_of(client, session)), session)


def test_expiry(clock, make_server):
    server = make_server(clock=clock)
    client = new_client(server.api, refreshes=False)
    wanted = get_token(server.api, client.access)
    in_time, late, confirmed = (wanted.session() for _ in range(3))
    confirm_in_browser(server.url, confirmed, client.store.password)
    clock.advance(14 * MINUTE)
    assert_good(wanted.ask(auth_of(client, in_time)))
    clock.advance(2 * MINUTE)
    assert_begun_anew(wanted.ask(auth_of(client, late)), late)
    assert_begun_anew(wanted.ask({"session": confirmed}), confirmed)
    assert open_page(server.url, "m.login.password", late).status == 404
    assert_good(wanted.ask(auth_of(client)))


def test_expired_ones_are_cleared_away(clock, make_server):
    server = make_server(clock=clock)
    client = new_client(server.api, refreshes=False)
    for _ in range(3):
        get_token(server.api, client.access).session()
    count = "SELECT COUNT(*) FROM auth_sessions"
    assert int(server.engine.query(count)) == 3
    clock.advance(16 * MINUTE)
    server.restart()
    get_token(server.api, client.access).session()
    assert int(server.engine.query(count)) <= 4
    assert client.access not in server.engine.query("SELECT hash FROM auth_sessions")


def test_a_session_survives_a_restart(make_server):
    server = make_server()
    client = new_client(server.api)
    wanted = get_token(server.api, client.access)
    session = wanted.session()
    confirm_in_browser(server.url, session, client.store.password)
    server.restart()
    assert_good(wanted.ask({"session": session}))


def test_what_the_database_does_not_tell(server, client):
    """Neither the ID of a session nor what it remembers, nor what that could be guessed from."""
    new = password()
    wanted = change_password(server.api, client.access, new)
    session = wanted.session()
    rows = server.engine.query("SELECT * FROM auth_sessions")
    assert session not in rows
    assert new not in rows
    assert base64.b64encode(new.encode()).decode().rstrip("=")[:-1] not in rows
    text = json.dumps(wanted.body, separators=(",", ":")).encode()
    digest = base64.urlsafe_b64encode(hashlib.sha256(text).digest()).decode().rstrip("=")
    assert digest not in rows
    again = base64.urlsafe_b64encode(hashlib.sha256(digest.encode()).digest()).decode()
    assert again.rstrip("=") not in rows
    # The same request again has nothing in common with it.
    wanted.session()
    bodies = server.engine.query("SELECT body FROM auth_sessions").splitlines()
    assert len(set(bodies)) == len(bodies)


# -- what does not confirm


def test_the_password_of_another_user(server, client):
    other = new_client(server.api)
    wanted = change_password(server.api, client.access, password())
    session = wanted.session()
    for auth in (
        auth_of(client, session) | {"password": other.store.password},
        {"type": "m.login.password", "password": other.store.password, "session": session},
    ):
        body = assert_challenge(wanted.ask(auth), "M_FORBIDDEN")
        assert body["session"] == session
        assert body["completed"] == []
    # Whoever names somebody else is not told whether the password is theirs.
    for auth in (
        auth_of(other),
        auth_of(other, session),
        auth_of(other, session) | {"password": password()},
        auth_of(client, session) | {"identifier": {"type": "m.id.user", "user": new_name()}},
        password_auth(f"@{client.store.user}:elsewhere.org", client.store.password)
        | {"session": session},
        {"type": "m.login.password", "password": other.store.password, "session": session}
        | {"user": other.store.user},
    ):
        assert_forbidden(wanted.ask(auth))
    assert_good(server.api.login(client.store.user, client.store.password))
    assert_good(server.api.login(other.store.user, other.store.password))


@pytest.mark.parametrize(
    "kind",
    [
        "m.login.dummy",
        "m.login.terms",
        "m.login.registration_token",
        "m.login.sso",
        "m.login.recaptcha",
        "m.login.email.identity",
        "org.example.unheard",
        "",
        "m.login.password ",
        "M.LOGIN.PASSWORD",
    ],
)
def test_stages_that_are_not_offered(client, kind):
    wanted = get_token(client.api, client.access)
    session = wanted.session()
    auth = {"type": kind, "session": session, "token": "x", "password": client.store.password}
    answer = assert_challenge(wanted.ask(auth), "M_UNRECOGNIZED")
    assert answer["session"] == session
    assert answer["completed"] == []
    assert_challenge(wanted.ask({"session": session}))


@pytest.mark.parametrize(
    "auth",
    [
        None,
        "m.login.password",
        7,
        True,
        [],
        [{"type": "m.login.password"}],
        {"type": 7},
        {"type": None},
        {"type": ["m.login.password"]},
        {"session": 7},
        {"session": None},
        {"session": {}},
        {"type": "m.login.password", "password": 7},
        {"type": "m.login.password", "password": None},
        {"type": "m.login.password", "password": {"$ne": ""}},
        {"type": "m.login.password", "password": "x", "identifier": "x"},
        {"type": "m.login.password", "password": "x", "identifier": {"type": 7}},
        {
            "type": "m.login.password",
            "password": "x",
            "identifier": {"type": "m.id.user", "user": []},
        },
    ],
)
def test_wrong_types(server, client, auth):
    wanted = change_password(server.api, client.access, password())
    body = wanted.body | {"auth": auth}
    assert_error(wanted.but(body=body).ask(), 400, "M_BAD_JSON")
    assert_good(server.api.login(client.store.user, client.store.password))


@pytest.mark.parametrize(
    "auth",
    [
        {"type": "m.login.password"},
        {"type": "m.login.password", "password": "x", "identifier": {}},
        {"type": "m.login.password", "password": "x", "identifier": {"type": "m.id.user"}},
    ],
)
def test_fields_of_a_stage_that_are_missing(client, auth):
    wanted = get_token(client.api, client.access)
    session = wanted.session()
    assert_error(wanted.ask(auth | {"session": session}), 400, "M_MISSING_PARAM")
    assert_good(wanted.ask(auth_of(client, session)))


def test_unknown_fields_are_harmless(client):
    wanted = get_token(client.api, client.access)
    extra = {"org.example.unknown": {"deep": [1, None]}, "token": "x", "response": "y", "": 0}
    wanted = wanted.but(body={"org.example.field": [1.5, "ü", None, -0.0, 1e300]})
    assert_good(wanted.ask(auth_of(client, wanted.session()) | extra))


def test_a_deactivated_account_confirms_nothing_any_more(server, client):
    wanted = get_token(server.api, client.access)
    session = wanted.session()
    server.command("user", "deactivate", client.store.user)
    assert_hard(wanted.ask(auth_of(client, session)))
    page = open_page(server.url, "m.login.password", session)
    if page.forms:
        assert page.submit(password=client.store.password).status in (200, 403, 404)
    assert_hard(wanted.ask({"session": session}))


# -- limits


LIMITS = {
    "enabled": True,
    "failures": 100,
    "repeated_failures": 3,
    "repeated_failure_interval": "1m",
    "challenges": 4,
    "challenge_interval": "1m",
    "registrations": 100,
}


def test_wrong_passwords_are_limited(clock, make_server):
    server = make_server(clock=clock, rate_limits=LIMITS)
    client = new_client(server.api, refreshes=False)
    wanted = get_token(server.api, client.access)
    session = wanted.session()
    for _ in range(3):
        assert_challenge(wanted.ask(auth_of(client, session) | {"password": "x"}), "M_FORBIDDEN")
    # The right one is not looked at either: through the API, on the page, or at /login.
    for given in (auth_of(client, session), auth_of(client)):
        answer = wanted.ask(given)
        assert_error(answer, 429, "M_LIMIT_EXCEEDED")
        assert answer.json()["retry_after_ms"] > 0
    page = open_page(server.url, "m.login.password", session)
    refused = page.submit(password=client.store.password)
    assert refused.status == 429
    assert int(refused.headers["retry-after"]) > 0
    assert refused.alert
    login = server.api.login(client.store.user, client.store.password)
    assert_error(login, 429, "M_LIMIT_EXCEEDED")
    # The session is as it was.
    assert_challenge(wanted.ask({"session": session}))
    clock.advance(MINUTE + 1)
    assert_good(wanted.ask(auth_of(client, session)))


@pytest.mark.parametrize(
    "auth",
    [
        None,
        {"session": "never-given"},
        {"type": "m.login.unheard.of"},
        {"type": "m.login.terms"},
        {"type": "m.login.dummy", "session": "never-given"},
    ],
)
def test_what_anybody_can_begin_is_limited(make_sqlite_server, auth):
    """Each challenge of a registration is a row in the database, whatever it was asked with."""
    server = make_sqlite_server(rate_limits=LIMITS)
    wanted = Wanted(server.api, "POST", "register", {"username": "somebody"})
    answers = [wanted.ask(auth) for _ in range(20)]
    begun = [answer for answer in answers if answer.status_code == 401]
    assert len(begun) == LIMITS["challenges"]
    for answer in answers[len(begun) :]:
        assert_error(answer, 429, "M_LIMIT_EXCEEDED")
    assert int(server.engine.query("SELECT COUNT(*) FROM auth_sessions")) == len(begun)


def test_nobody_guesses_another_s_password_here(make_sqlite_server):
    """Nor fills the limits of an account that is not theirs."""
    server = make_sqlite_server(rate_limits=LIMITS)
    client, other = new_client(server.api), new_client(server.api)
    wanted = get_token(server.api, client.access)
    for _ in range(10):
        assert_forbidden(wanted.ask(auth_of(other) | {"password": password()}))
    assert_good(server.api.login(other.store.user, other.store.password))
    assert_good(wanted.ask(auth_of(client)))


def test_one_s_own_challenges_are_counted_for_the_account(make_sqlite_server):
    """Whatever strangers begin at the same address, and as many."""
    server = make_sqlite_server(rate_limits=LIMITS)
    client, other = new_client(server.api), new_client(server.api)
    stranger = Wanted(server.api, "POST", "register", {"username": "somebody"})
    while stranger.ask(None).status_code != 429:
        pass
    for _ in range(LIMITS["challenges"]):
        get_token(server.api, client.access).session()
    assert_error(get_token(server.api, client.access).ask(), 429, "M_LIMIT_EXCEEDED")
    get_token(server.api, other.access).session()


# -- at the same time


@pytest.mark.parametrize("on_a_page", [True, False])
def test_one_session_lets_one_request_through(server, on_a_page):
    for _ in range(3):
        client = new_client(server.api)
        wanted = get_token(server.api, client.access)
        session = wanted.session()
        auth = auth_of(client, session)
        if on_a_page:
            confirm_in_browser(server.url, session, client.store.password)
            auth = {"session": session}
        answers = []
        run = [lambda: answers.append(wanted.ask(auth))] * 6
        together(*run)
        good = [answer for answer in answers if answer.status_code == 200]
        assert len(good) == 1
        for answer in answers:
            if answer is not good[0]:
                assert_begun_anew(answer, session)


def test_one_confirmation_deletes_once(server, client):
    """Deleting what is deleted is no error, so it is the session that has to stop the second."""
    assert_good(server.api.login(client.store.user, client.store.password, "TABLET"))
    wanted = wanted_by(client, "DELETE", "devices/TABLET")
    session = wanted.session()
    confirm_in_browser(server.url, session, client.store.password)
    answers = []
    together(*[lambda: answers.append(wanted.ask({"session": session}))] * 4)
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]


def test_one_confirmation_changes_one_password(server, client):
    bodies = [password() for _ in range(4)]
    wanted = change_password(server.api, client.access, bodies[0])
    session = wanted.session()
    confirm_in_browser(server.url, session, client.store.password)
    answers = {}

    def run(new):
        body = {"new_password": new}
        answers[new] = wanted.but(body=body).ask({"session": session})

    together(*[lambda new=new: run(new) for new in bodies])
    assert [new for new, answer in answers.items() if answer.status_code == 200] == bodies[:1]
    assert_good(server.api.login(client.store.user, bodies[0]))
