"""People of a real CAS server (django-cas-server) sign in, prove who they are, and sign out."""

from collections.abc import Iterator
from contextlib import closing
from urllib.parse import parse_qsl, urlsplit

import pytest

from support.answers import assert_good, assert_soft
from support.api import PREFIX
from support.browser import Browser, Page
from support.django_cas_server import DjangoCasServer
from support.polling import wait_until
from support.server import SERVER_NAME, Server

CALLBACK = "/account/providers/cas/callback"
# Each for one test.
PEOPLE = ["ann", "bea", "cid", "dan", "eve", "fay", "gus"]


@pytest.fixture(scope="module")
def cas(tmp_path_factory) -> Iterator[DjangoCasServer]:
    people = {
        name: {"email": f"{name}@uni.example", "first_name": f"{name.title()} of the University"}
        for name in PEOPLE
    }
    with closing(DjangoCasServer(tmp_path_factory.mktemp("cas"), people)) as cas:
        yield cas.start()


def options(cas: DjangoCasServer) -> dict:
    configured = {
        "id": "cas",
        "kind": "cas",
        "name": "University",
        "url": cas.url,
        "localpart": "{{ claims.user }}",
        "display_name": "{{ claims.first_name }}",
        "email": "{{ claims.email }}",
        "email_verified": True,
        "registration": True,
    }
    return {"providers": [configured]}


@pytest.fixture(scope="module")
def cas_server(make_lasting_server, cas) -> Server:
    return make_lasting_server(sign_in=options(cas))


class Student:
    """Somebody of the CAS server, at a browser."""

    def __init__(self, server: Server, cas: DjangoCasServer, name: str):
        self.server, self.cas, self.name = server, cas, name
        self.browser = Browser(server.url)
        self.there = cas.new_browser()

    def come_back(self, away: str, name: str | None = None) -> Page:
        back = f"{self.server.url}{CALLBACK}"
        told = self.cas.sign_in(self.there, away, name or self.name, back)
        return self.browser.open(CALLBACK, **told)

    def sign_in(self, path: str = "/account/providers/cas", **query: str) -> Page:
        return self.come_back(self.browser.open(path, **query).away)

    def sign_up(self) -> Page:
        return self.sign_in().submit(user=self.name)

    def sign_app_in(self, device: str) -> dict:
        page = self.browser.open(
            f"{PREFIX}/login/sso/redirect/cas", redirectUrl="https://client.example/"
        )
        if page.away is not None:
            page = self.come_back(page.away)
        answer = page.submit(form=page.form_with("redirect_url"))
        token = dict(parse_qsl(urlsplit(answer.away).query))["loginToken"]
        body = {"type": "m.login.token", "token": token, "device_id": device}
        return assert_good(self.server.api.request("POST", f"{PREFIX}/login", json=body))


@pytest.fixture
def student(cas_server, cas):
    return lambda name: Student(cas_server, cas, name)


def test_signs_up_with_what_is_known_there_and_in_again(student, cas_server):
    ann = student("ann")
    page = ann.sign_in()
    assert page.value_of("user") == "ann"
    assert "ann@uni.example" in page.text
    page = page.submit(user="ann")
    assert f"@ann:{SERVER_NAME}" in page.text
    assert "Ann of the University" in page.text
    [link] = cas_server.command("user", "links", "ann")["links"]
    assert (link["provider"], link["subject"]) == ("cas", "ann")
    ann.browser.cookies.clear()
    assert f"@ann:{SERVER_NAME}" in ann.sign_in().text


def test_after_a_soft_logout_it_leads_back_to_the_device(student, cas_server):
    bea = student("bea")
    bea.sign_up()
    tokens = bea.sign_app_in("PHONE")
    cas_server.command("user", "soft-logout", "bea")
    assert_soft(cas_server.api.whoami(tokens["access_token"]))
    flows = assert_good(cas_server.api.login_flows(tokens["access_token"]))["flows"]
    [sso] = [flow for flow in flows if flow["type"] == "m.login.sso"]
    assert sso["identity_providers"] == [{"id": "cas", "name": "University"}]
    assert "m.login.password" not in {flow["type"] for flow in flows}
    bea.browser.cookies.clear()
    again = bea.sign_app_in("PHONE")
    assert (again["user_id"], again["device_id"]) == (tokens["user_id"], "PHONE")
    assert_good(cas_server.api.whoami(again["access_token"]))


def test_a_sign_out_there_ends_softly_what_it_had_begun(student, cas_server, cas):
    cid = student("cid")
    cid.sign_up()
    tokens = cid.sign_app_in("PHONE")
    cas.sign_out(cid.there)
    wait_until(
        lambda: cas_server.api.whoami(tokens["access_token"]).status_code == 401, "the notice"
    )
    assert_soft(cas_server.api.whoami(tokens["access_token"]))
    assert "/account/sign-in" in cid.browser.open("/account/").url


def test_what_is_destroyed_is_confirmed_with_the_password_there(student):
    dan = student("dan")
    dan.sign_up()

    def confirm() -> str:
        page = dan.browser.open("/account/sign-in", again="1", next="/account/deactivate")
        return page.submit(form=next(f for f in page.forms if "/confirm" in f.action)).away

    away = confirm()
    assert "renew=true" in away
    # Without it the server there does not ask, for they are signed in: it is not proof.
    page = dan.come_back(away.replace("&renew=true", ""))
    assert page.status == 403
    assert "University" in page.text
    page = dan.come_back(confirm())
    assert page.url.endswith("/account/deactivate")


def test_a_ticket_is_good_once_and_for_its_own_way(student, cas, cas_server):
    eve = student("eve")
    eve.sign_up()
    eve.browser.cookies.clear()
    back = f"{cas_server.url}{CALLBACK}"

    def told() -> dict[str, str]:
        away = eve.browser.open("/account/providers/cas").away
        return cas.sign_in(eve.there, away, "eve", back)

    used, unused = told(), told()
    assert eve.browser.open(CALLBACK, **used).status == 200
    eve.browser.cookies.clear()
    mixed = told() | {"ticket": unused["ticket"]}
    page = eve.browser.open(CALLBACK, **mixed)
    assert page.status == 400
    assert "University" in page.text


def test_a_server_that_is_away_ends_nothing(student, cas_server, cas):
    fay = student("fay")
    fay.sign_up()
    tokens = fay.sign_app_in("PHONE")
    away = fay.browser.open("/account/providers/cas").away
    told = cas.sign_in(fay.there, away, "fay", f"{cas_server.url}{CALLBACK}")
    cas.stop()
    try:
        assert_good(cas_server.api.whoami(tokens["access_token"]))
        page = fay.browser.open(CALLBACK, **told)
        assert page.status == 503
        assert "University does not answer" in page.text
        assert_good(cas_server.api.whoami(tokens["access_token"]))
    finally:
        cas.start()
    assert_good(cas_server.api.whoami(tokens["access_token"]))
    fay.browser.cookies.clear()
    assert f"@fay:{SERVER_NAME}" in fay.sign_in().text


def test_operators_see_that_it_works(cas_server, cas):
    assert cas_server.command("provider", "test", "cas")["fine"]
