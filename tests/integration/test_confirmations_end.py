"""What ends a confirmation before it was used (docs/formats/interactive-auth.md)."""

import pytest

from support.answers import assert_good
from support.api import PREFIX, new_name
from support.registration import invite
from support.secrets import password

PASSWORD_PAGE = f"{PREFIX}/auth/m.login.password/fallback/web"
VALIDITY = "/_matrix/client/v1/register/m.login.registration_token/validity"


def confirmed_on_the_page(server, token: str, body: dict, secret: str) -> dict:
    """The `auth` that goes by a password given on the page, for a change of the password."""
    challenge = server.api.request("POST", f"{PREFIX}/account/password", json=body, token=token)
    session = challenge.json()["session"]
    page = server.api.request("POST", PASSWORD_PAGE, data={"session": session, "password": secret})
    assert page.status_code == 200
    return {"session": session}


def change_password(server, token: str, body: dict):
    return server.api.request("POST", f"{PREFIX}/account/password", json=body, token=token)


@pytest.fixture
def thief(server):
    """Somebody with a session and the password of another's account: name, token, password."""
    name, secret = new_name(), password()
    token = assert_good(server.api.register(name, secret))["access_token"]
    return name, token, secret


def assert_must_begin_anew(answer, session: str) -> None:
    assert answer.status_code == 401, answer.text
    assert answer.json()["errcode"] == "M_FORBIDDEN"
    assert answer.json()["session"] != session
    assert answer.json()["completed"] == []


def test_what_was_confirmed_with_the_password_goes(server, thief):
    _, token, secret = thief
    body = {"new_password": password()}
    auth = confirmed_on_the_page(server, token, body, secret)
    assert_good(change_password(server, token, body | {"auth": auth}))


def test_a_password_set_by_the_operator_ends_what_the_old_one_confirmed(server, thief):
    name, token, secret = thief
    body = {"new_password": password()}
    auth = confirmed_on_the_page(server, token, body, secret)
    owners = password()
    server.command("user", "set-password", name, "--password-stdin", stdin=owners + "\n")
    assert_must_begin_anew(change_password(server, token, body | {"auth": auth}), auth["session"])
    assert_good(server.api.login(name, owners))


def test_a_password_changed_by_the_owner_ends_what_the_old_one_confirmed(server, thief):
    name, token, secret = thief
    body = {"new_password": password()}
    auth = confirmed_on_the_page(server, token, body, secret)
    owner, owners = assert_good(server.api.login(name, secret))["access_token"], password()
    # Leaves the thief's session alone.
    assert_good(server.api.change_password(owner, name, secret, owners, logout_devices=False))
    assert_must_begin_anew(change_password(server, token, body | {"auth": auth}), auth["session"])
    assert_good(server.api.login(name, owners))


def test_the_confirmations_of_others_go_on(server, thief):
    _, token, secret = thief
    body = {"new_password": password()}
    auth = confirmed_on_the_page(server, token, body, secret)
    other = new_name()
    assert_good(server.api.register(other, password()))
    server.command("user", "set-password", other, "--password-stdin", stdin=password() + "\n")
    assert_good(change_password(server, token, body | {"auth": auth}))


@pytest.fixture
def by_invitation(make_server, tmp_path):
    """A server that asks for an invitation and for consent, one after the other."""
    terms = tmp_path / "terms.yaml"
    terms.write_text('policies: {p: {version: "1", en: {name: P, url: "https://example.com/p"}}}\n')
    return make_server(
        registration={"open": True, "token_required": True, "terms_file": str(terms)}
    )


def register_by(server, invitation: str, body: dict):
    """All stages; the answer to the last."""
    path = f"{PREFIX}/register"
    session = server.api.request("POST", path, json=body).json()["session"]
    token = {"type": "m.login.registration_token", "token": invitation, "session": session}
    held = server.api.request("POST", path, json=body | {"auth": token})
    if held.json()["completed"] != ["m.login.registration_token"]:
        return held
    terms = {"type": "m.login.terms", "session": session}
    return server.api.request("POST", path, json=body | {"auth": terms})


@pytest.mark.parametrize(
    "wrong, errcode",
    [
        ({"password": "password12"}, "M_WEAK_PASSWORD"),
        ({}, "M_MISSING_PARAM"),
    ],
)
def test_a_refused_password_does_not_cost_the_invitation(by_invitation, wrong, errcode):
    server, name = by_invitation, new_name()
    invitation = invite(server, "--uses", "1")["token"]
    refused = register_by(server, invitation, {"username": name} | wrong)
    assert (refused.status_code, refused.json()["errcode"]) == (400, errcode)
    validity = server.api.request("GET", VALIDITY, params={"token": invitation})
    assert validity.json() == {"valid": True}
    assert_good(register_by(server, invitation, {"username": name, "password": password()}))
    assert server.api.request("GET", VALIDITY, params={"token": invitation}).json() == {
        "valid": False
    }
