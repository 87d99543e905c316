"""POST /register, whom and what it refuses, and GET /register/available, which tells before."""

import pytest

from support.answers import assert_error, assert_good
from support.api import PREFIX, new_name
from support.confirmation import Wanted
from support.matrix_client import new_client
from support.registration import DUMMY, INVITED, available, by_token, invite, registration, stage
from support.secrets import password
from support.threads import together


@pytest.mark.parametrize(
    "name", ["admin", "administrator", "root", "support", "_bridge_bot", "_", "webmaster"]
)
def test_reserved_names(server, name):
    assert_error(available(server, name), 400, "M_USER_IN_USE")
    assert_error(registration(server, name).ask(), 400, "M_USER_IN_USE")
    assert_error(registration(server, name).ask({"type": DUMMY}), 400, "M_USER_IN_USE")


def test_other_reserved_names(make_sqlite_server):
    server = make_sqlite_server(registration={"reserved_names": ["moderator*", "bo[bx]"]})
    for name in ("moderator", "moderator-2", "bob", "box"):
        assert_error(available(server, name), 400, "M_USER_IN_USE")
    for name in ("admin", "a-moderator", "boy"):
        assert_good(available(server, name))
    # The command line may.
    server.command("user", "create", "moderator")


@pytest.mark.parametrize("version", ["r0", "v3"])
def test_available(server, version):
    name = new_name()
    assert assert_good(available(server, name, version)) == {"available": True}
    assert_good(server.api.register(name))
    assert_error(available(server, name, version), 400, "M_USER_IN_USE")
    for as_typed in (name.upper(), f" {name.capitalize()}\n"):
        assert_error(available(server, as_typed, version), 400, "M_USER_IN_USE")
    assert_good(available(server, f"Upper{name} ", version))
    for wrong in ("", "A B", "ü", "@a:example.com", "x" * 256):
        assert_error(available(server, wrong, version), 400, "M_INVALID_USERNAME")


def test_available_needs_one_name(server):
    path = f"{PREFIX}/register/available"
    assert_error(server.api.request("GET", path), 400, "M_MISSING_PARAM")
    for query in ("username=a&username=b", "username=%ff", "username=%", "username=%00"):
        answer = server.api.request("GET", f"{path}?{query}")
        assert_error(answer, 400, "M_INVALID_PARAM")


def test_closed(make_server):
    server = make_server(registration={"open": False, "token_required": True})
    made = invite(server)
    for auth in (None, by_token(made["token"]), {"type": DUMMY}, {"session": "x"}):
        assert_error(registration(server).ask(auth), 403, "M_FORBIDDEN")
    assert_error(available(server, new_name()), 403, "M_FORBIDDEN")
    path = "/_matrix/client/v1/register/m.login.registration_token/validity"
    answer = server.api.request("GET", path, params={"token": made["token"]})
    assert_error(answer, 403, "M_FORBIDDEN")


def test_closed_meanwhile(make_server):
    server = make_server(**INVITED)
    made = invite(server)
    one = registration(server)
    session = one.session()
    server.restart({"registration": {"open": False}})
    assert_error(one.ask(by_token(made["token"], session)), 403, "M_FORBIDDEN")
    server.restart({"registration": {"open": True}})
    assert_good(one.ask(by_token(made["token"], session)))


@pytest.mark.parametrize(
    ("query", "status", "errcode"),
    [
        ("kind=guest", 403, "M_GUEST_ACCESS_FORBIDDEN"),
        ("kind=admin", 400, "M_INVALID_PARAM"),
        ("kind=", 400, "M_INVALID_PARAM"),
        ("kind=user&kind=guest", 400, "M_INVALID_PARAM"),
    ],
)
def test_kinds(server, query, status, errcode):
    one = registration(server)
    answer = one.but(path=f"/_matrix/client/v3/register?{query}").ask()
    assert_error(answer, status, errcode)


def test_the_kind_user(server):
    one = registration(server)
    one = one.but(path="/_matrix/client/v3/register?kind=user")
    assert_good(one.ask({"type": DUMMY}))


@pytest.mark.parametrize("weak", ["", "short", "password1", "12345678"])
def test_weak_passwords(server, weak):
    one = registration(server, password=weak)
    answer = one.ask({"type": DUMMY})
    assert_error(answer, 400, "M_WEAK_PASSWORD")
    assert_good(available(server, one.body["username"]))


def test_the_name_in_the_password(server):
    name = f"kassiopeia-{new_name()}"
    assert_error(
        registration(server, name, password=name).ask({"type": DUMMY}), 400, "M_WEAK_PASSWORD"
    )


def test_a_name_that_was_left_is_not_given_again(server):
    client = new_client(server.api)
    server.command("user", "deactivate", client.store.user)
    assert_error(registration(server, client.store.user).ask(), 400, "M_USER_IN_USE")


def test_a_session_makes_one_account(server):
    """Made-up names would else give one for each request."""
    one = Wanted(server.api, "POST", "register", {"password": password()})
    session = one.session()
    answers = []
    together(*[lambda: answers.append(one.ask(stage(DUMMY, session)))] * 3)
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401]
