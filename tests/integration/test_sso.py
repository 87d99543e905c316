"""Clients of the legacy API sign in through the browser (spec "Client login via SSO")."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from support.answers import assert_error, assert_good, assert_hard
from support.api import PREFIX
from support.oauth import Person
from support.secrets import password
from support.server import SERVER_NAME

TARGET = "https://client.example/?x=1#/home"


def redirect(person: Person, target: str = TARGET, **query: str):
    return person.browser.open(f"{PREFIX}/login/sso/redirect", redirectUrl=target, **query)


@pytest.mark.parametrize("target", ["http://client.example/", "ftp://client.example/", "tel:1"])
def test_no_token_goes_out_in_clear_or_to_any_program(person, target):
    person.sign_in_if_asked(redirect(person))
    page = redirect(person, target)
    assert page.status == 400
    assert page.away is None
    assert target not in page.text


def test_is_offered_to_clients_that_know_of_oauth(server):
    flows = assert_good(server.api.login_flows())["flows"]
    assert {"type": "m.login.sso", "oauth_aware_preferred": True} in flows
    assert "m.login.token" in [flow["type"] for flow in flows]


def test_signs_in_with_the_token_that_comes_back(server, person):
    page = person.sign_in_if_asked(redirect(person))
    assert "client.example" in page.text
    assert f"@{person.name}:{SERVER_NAME}" in page.text
    page = page.submit(form=page.form_with("redirect_url"))
    parts = urlsplit(page.away)
    assert (parts.netloc, parts.fragment) == ("client.example", "/home")
    told = dict(parse_qsl(parts.query))
    assert told["x"] == "1"
    body = {"type": "m.login.token", "token": told["loginToken"], "device_id": "LEGACY"}
    tokens = assert_good(server.api.request("POST", f"{PREFIX}/login", json=body))
    assert tokens["device_id"] == "LEGACY"
    assert_good(server.api.whoami(tokens["access_token"]))
    assert "This device" in person.open("/account/device", device_id="LEGACY").text
    assert_error(server.api.request("POST", f"{PREFIX}/login", json=body), 403, "M_FORBIDDEN")


def test_a_changed_password_leaves_what_the_person_holds(server, person):
    phone = assert_good(server.api.login(person.name, person.secret, device_id="PHONE"))
    page = person.sign_in_if_asked(redirect(person))
    away = page.submit(form=page.form_with("redirect_url")).away
    token = dict(parse_qsl(urlsplit(away).query))["loginToken"]
    body = {"type": "m.login.token", "token": token, "initial_device_display_name": "Here"}
    held = assert_good(server.api.request("POST", f"{PREFIX}/login", json=body))
    page = person.open("/account/password")
    assert "my other devices" in page.text
    assert "what this browser has let in: Here." in page.text
    new = password()
    page.submit("1", current=person.secret, password=new, repeated=new)
    assert_good(server.api.whoami(held["access_token"]))
    assert_hard(server.api.whoami(phone["access_token"]))


def test_the_token_dies_with_the_browser(server, person):
    page = person.sign_in_if_asked(redirect(person))
    page = page.submit(form=page.form_with("redirect_url"))
    token = dict(parse_qsl(urlsplit(page.away).query))["loginToken"]
    server.command("user", "set-password", person.name, "--password-stdin", stdin=password())
    body = {"type": "m.login.token", "token": token}
    assert_error(server.api.request("POST", f"{PREFIX}/login", json=body), 403, "M_FORBIDDEN")


@pytest.mark.parametrize("action", ["LOGIN", "login", "dance"])
def test_other_actions_sign_in(person, action):
    assert "/account/sign-in" in redirect(person, action=action).url


def test_register_goes_to_the_sign_up_page(person):
    assert "/account/sign-up" in redirect(person, action="register").url


@pytest.mark.parametrize(
    "target", ["javascript:alert(1)", "/account/", "https://a@evil.example/", "nonsense"]
)
def test_nobody_is_sent_to_what_is_no_address(person, target):
    page = redirect(person, target)
    assert page.away is None
    assert page.status == 400


def test_bad_redirects(server):
    path = f"{PREFIX}/login/sso/redirect"
    assert_error(server.api.request("GET", path), 400, "M_MISSING_PARAM")


def test_a_forged_form_gives_no_token(person):
    person.sign_in_if_asked(redirect(person))
    page = person.browser.post("/account/sso", [("redirect_url", TARGET), ("csrf", "x")])
    assert page.away is None
    assert page.status == 403
