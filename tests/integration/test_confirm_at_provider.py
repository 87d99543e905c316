"""What an app wants to do is confirmed at an identity provider (`m.login.sso` of user-interactive
authentication)."""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import pytest

from support.answers import assert_error, assert_good, assert_hard
from support.api import PREFIX
from support.browser import Browser, Page
from support.cas_server import CasServer
from support.clock import MINUTE
from support.confirmation import (
    Wanted,
    assert_begun_anew,
    assert_challenge,
    fallback_path,
    own_password,
)
from support.secrets import password
from support.server import SERVER_NAME, Server

SSO = "m.login.sso"
PASSWORD = "m.login.password"
CALLBACK = "/account/providers/cas/callback"
TARGET = "https://client.example/"


@pytest.fixture(scope="module")
def cas_server(make_lasting_server, cas) -> Server:
    return make_lasting_server(sign_in=cas.configured())


@pytest.fixture(scope="module")
def both_server(make_lasting_server, cas) -> Server:
    """With passwords too."""
    return make_lasting_server(sign_in=cas.configured(passwords=True))


@dataclass
class Student:
    """Somebody of the university, with a browser and an app."""

    server: Server
    cas: CasServer
    name: str
    browser: Browser = field(init=False)
    tokens: dict = field(init=False)

    def __post_init__(self):
        self.browser = Browser(self.server.url)
        path = f"{PREFIX}/login/sso/redirect/cas"
        page = self.come_back(self.browser.open(path, redirectUrl=TARGET).away)
        page = page.submit(user=self.name)
        answer = page.submit(form=page.form_with("redirect_url"))
        token = dict(parse_qsl(urlsplit(answer.away).query))["loginToken"]
        body = {"type": "m.login.token", "token": token, "device_id": "PHONE"}
        self.tokens = assert_good(self.server.api.request("POST", f"{PREFIX}/login", json=body))

    def come_back(self, away: str, name: str | None = None, browser: Browser | None = None) -> Page:
        told = self.cas.sign_in(away, name or self.name)
        return (browser or self.browser).open(CALLBACK, **told)

    def wants(self, method: str, path: str, body: dict | None = None) -> Wanted:
        return Wanted(self.server.api, method, path, body or {}, self.tokens["access_token"])

    def open_stage(self, session: str) -> Page:
        return self.browser.open(fallback_path(SSO), session=session)


def stages(challenge: dict) -> list[list[str]]:
    return [flow["stages"] for flow in challenge["flows"]]


def assert_done(page: Page) -> None:
    assert page.status == 200
    assert page.forms == []
    assert 'postMessage("authDone", "*")' in page.html
    assert "onAuthDone" in page.html


@pytest.mark.parametrize(
    ("name", "method", "path", "body", "words"),
    [
        ("ann", "DELETE", "devices/PHONE", {}, "delete the device PHONE"),
        ("bea", "POST", "delete_devices", {"devices": ["PHONE"]}, "delete several devices"),
        ("cid", "POST", "account/deactivate", {}, "deactivate your account"),
        ("dan", "POST", "/_matrix/client/v1/login/get_token", {}, "another device"),
    ],
)
def test_who_has_no_password_confirms_there(cas_server, cas, name, method, path, body, words):
    person = Student(cas_server, cas, name)
    wanted = person.wants(method, path, body)
    challenge = assert_challenge(wanted.ask())
    assert stages(challenge) == [[SSO]]
    session = challenge["session"]
    page = person.open_stage(session)
    assert words in page.text
    assert f"@{name}:{SERVER_NAME}" in page.text
    page = page.submit()
    assert "renew=true" in page.away
    # Nothing is confirmed by having been sent there.
    assert_challenge(wanted.ask({"session": session}))
    assert_done(person.come_back(page.away))
    assert_done(person.open_stage(session))
    assert_good(wanted.ask({"session": session}))
    assert person.open_stage(session).status == 404
    if method != "POST" or "get_token" not in path:
        assert_hard(cas_server.api.whoami(person.tokens["access_token"]))


def test_somebody_else_confirms_nothing(cas_server, cas):
    person = Student(cas_server, cas, "eve")
    Student(cas_server, cas, "mallory")
    wanted = person.wants("POST", "account/deactivate")
    session = wanted.session()
    page = person.come_back(person.open_stage(session).submit().away, "mallory")
    assert page.status == 403
    assert "somebody else" in page.text
    page = person.browser.open(page.link("Open the page again"))
    assert "deactivate your account" in page.text
    away = page.submit().away
    # Nor in another browser: who sees the address there has not read what it is about.
    assert person.come_back(away, browser=Browser(cas_server.url)).status == 400
    challenge = assert_challenge(wanted.ask({"session": session}))
    assert challenge["completed"] == []
    assert_good(cas_server.api.whoami(person.tokens["access_token"]))
    # A page of another site sends nobody there.
    sent = [("session", session), ("provider", "cas"), ("csrf", "made up")]
    page = Browser(cas_server.url).post("/account/confirm", sent)
    assert page.status == 403
    assert page.away is None
    assert "deactivate" in person.browser.open(page.link("Open the page again")).text


def test_nothing_is_sent_for_the_stage(cas_server, cas):
    person = Student(cas_server, cas, "fay")
    wanted = person.wants("POST", "delete_devices", {"devices": ["PHONE"]})
    session = wanted.session()
    for auth in ({"type": SSO, "session": session}, {"type": SSO}):
        assert_challenge(wanted.ask(auth), "M_UNAUTHORIZED")
    page = Browser(cas_server.url).post(fallback_path(SSO), [("session", session)])
    assert "delete several devices" in page.text
    assert_challenge(wanted.ask({"session": session}))
    # Once it has been done there it may be.
    assert_done(person.come_back(person.open_stage(session).submit().away))
    assert_good(wanted.ask({"type": SSO, "session": session}))


def test_it_lasts_as_long_as_the_session(make_server, clock, cas):
    server = make_server(clock=clock, sign_in=cas.configured())
    person = Student(server, cas, "gil")
    wanted = person.wants("POST", "delete_devices", {"devices": ["PHONE"]})
    session = wanted.session()
    away = person.open_stage(session).submit().away
    clock.advance(16 * MINUTE)
    page = person.come_back(away)
    assert page.status == 400
    assert "Go back to your app" in page.text
    assert_begun_anew(wanted.ask({"session": session}), session)


def test_one_of_two_ways_is_enough(both_server, cas):
    person = Student(both_server, cas, "hal")
    name, new = "hal", password()
    wanted = person.wants("POST", "account/password", {"new_password": new})
    assert stages(assert_challenge(wanted.ask())) == [[SSO]]
    session = wanted.session()
    page = person.open_stage(session)
    assert "change your password" in page.text
    assert_done(person.come_back(page.submit().away))
    assert_good(wanted.ask({"session": session}))
    # Who had none has one now, and confirms by either.
    wanted = person.wants("POST", "/_matrix/client/v1/login/get_token")
    assert stages(assert_challenge(wanted.ask())) == [[PASSWORD], [SSO]]
    assert_good(wanted.ask(own_password(name, new)))
    session = wanted.session()
    assert_done(person.come_back(person.open_stage(session).submit().away))
    assert_good(wanted.ask({"session": session}))


def test_a_link_that_is_gone_has_confirmed_nothing(both_server, cas):
    person = Student(both_server, cas, "ida")
    both_server.command("user", "link", "ida", "cas", "ida-at-home")
    wanted = person.wants("POST", "account/deactivate")
    session = wanted.session()
    assert_done(person.come_back(person.open_stage(session).submit().away, "ida-at-home"))
    both_server.command("user", "unlink", "ida", "cas", "ida-at-home")
    assert_begun_anew(wanted.ask({"session": session}), session)


def test_clients_are_told_what_is_true(cas_server, both_server, cas):
    def capabilities(person: Student) -> dict:
        token = person.tokens["access_token"]
        answer = person.server.api.request("GET", f"{PREFIX}/capabilities", token=token)
        told = assert_good(answer)["capabilities"]
        return {name: told[name]["enabled"] for name in ("m.change_password", "m.get_login_token")}

    without, beside = Student(cas_server, cas, "jon"), Student(both_server, cas, "kim")
    assert capabilities(without) == {"m.change_password": False, "m.get_login_token": True}
    assert capabilities(beside) == {"m.change_password": True, "m.get_login_token": True}
    answer = without.wants("POST", "account/password", {"new_password": password()}).ask()
    assert_error(answer, 403, "M_FORBIDDEN")
    assert "identity provider" in answer.json()["error"]
    for path in ("register/available?username=lea", "register"):
        method = "POST" if path == "register" else "GET"
        answer = cas_server.api.request(method, f"{PREFIX}/{path}", json={})
        assert_error(answer, 403, "M_FORBIDDEN")
        assert "University" in answer.json()["error"]
