"""People of a CAS server sign in with it, and out."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from support.answers import assert_good, assert_soft
from support.api import PREFIX
from support.browser import Browser, Page
from support.clock import MINUTE
from support.oauth import OAuthClient, answer_of
from support.server import SERVER_NAME, Server

CALLBACK = "/account/providers/cas/callback"


@pytest.fixture(scope="module")
def cas_server(make_lasting_server, cas) -> Server:
    return make_lasting_server(sign_in=cas.configured())


@pytest.fixture
def browser(cas_server) -> Browser:
    return Browser(cas_server.url)


def come_back(browser: Browser, told: dict[str, str]) -> Page:
    return browser.open(CALLBACK, **told)


def test_signs_up_and_in_again(cas_server, cas, browser):
    # The only way in there is: nobody is asked to choose it.
    page = browser.open("/account/")
    page = come_back(browser, cas.sign_in(page.away, "ann"))
    assert page.value_of("user") == "ann"
    assert f"@ann:{SERVER_NAME}" in page.submit(user="ann").text
    browser.cookies.clear()
    page = come_back(browser, cas.sign_in(browser.open("/account/").away, "ann"))
    assert f"@ann:{SERVER_NAME}" in page.text
    page = page.submit(form=next(form for form in page.forms if "sign-out" in form.action))
    # Not straight back to it.
    assert page.away is None
    page = browser.open(page.link("Sign in"))
    assert page.away is None
    assert "Continue with University" in page.text


def test_a_ticket_of_another_sign_in_is_not_believed(cas, browser):
    first = cas.sign_in(browser.open("/account/providers/cas").away, "bea")
    second = cas.sign_in(browser.open("/account/providers/cas").away, "bea")
    page = come_back(browser, second | {"ticket": first["ticket"]})
    assert page.status == 400
    assert "University" in page.text


def test_a_sign_out_there_ends_softly_what_the_ticket_began(cas_server, cas, browser):
    api = cas_server.api
    there = f"{PREFIX}/login/sso/redirect/cas"
    page = browser.open(there, redirectUrl="https://client.example/")
    told = cas.sign_in(page.away, "cid")
    page = come_back(browser, told).submit(user="cid")
    answer = page.submit(form=page.form_with("redirect_url"))
    token = dict(parse_qsl(urlsplit(answer.away).query))["loginToken"]
    tokens = assert_good(
        api.request("POST", f"{PREFIX}/login", json={"type": "m.login.token", "token": token})
    )
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for ticket in ("ST-somebody-elses", told["ticket"]):
        assert_good(api.whoami(tokens["access_token"]))
        sent = api.request("POST", CALLBACK, content=cas.notice(ticket), headers=form)
        assert sent.status_code == 200
    assert_soft(api.whoami(tokens["access_token"]))
    # Nobody is signed in in the browser either.
    assert browser.open("/account/").away is not None
    come_back(browser, cas.sign_in(browser.open("/account/").away, "cid"))
    page = browser.open("/account/ways-in")
    assert "Last told of a sign-out there: just now" in page.text
    [link] = cas_server.command("user", "links", "cid")["links"]
    assert link["logout_at"]


def test_the_pages_say_with_what_each_session_was_begun(cas_server, cas, browser):
    there = f"{PREFIX}/login/sso/redirect/cas"
    page = browser.open(there, redirectUrl="https://client.example/")
    page = come_back(browser, cas.sign_in(page.away, "fay")).submit(user="fay")
    answer = page.submit(form=page.form_with("redirect_url"))
    token = dict(parse_qsl(urlsplit(answer.away).query))["loginToken"]
    body = {"type": "m.login.token", "token": token, "device_id": "PHONE"}
    assert_good(cas_server.api.request("POST", f"{PREFIX}/login", json=body))
    assert "signed in with University" in browser.open("/account/").text
    assert "signed in with University" in browser.open("/account/devices").text
    page = browser.open("/account/device", device_id="PHONE")
    assert "Signed in with University" in page.text
    page = browser.open("/account/ways-in")
    assert "Last used" in page.text
    assert "Last told of a sign-out there: never" in page.text


def test_nobody_stays_for_longer_than_is_said(make_server, clock, cas):
    server = make_server(clock=clock, sign_in=cas.configured(session_lifetime="8h"))
    browser = Browser(server.url)
    come_back(browser, cas.sign_in(browser.open("/account/").away, "gil")).submit(user="gil")
    clock.advance(7 * 60 * MINUTE)
    assert browser.open("/account/").away is None
    clock.advance(61 * MINUTE)
    assert browser.open("/account/").away is not None


def test_what_is_destroyed_is_confirmed_there(make_server, clock, cas):
    server = make_server(clock=clock, sign_in=cas.configured())
    browser = Browser(server.url)
    come_back(browser, cas.sign_in(browser.open("/account/").away, "dan")).submit(user="dan")
    clock.advance(10 * MINUTE)
    # There is no password to give.
    page = browser.open("/account/deactivate")
    assert page.form_with("confirm").typed == ["confirm"]
    page = browser.open(page.link("Confirm that it is you"))
    assert "prove once more" in page.text
    page = page.submit(form=next(form for form in page.forms if "/confirm" in form.action))
    assert "renew=true" in page.away
    page = come_back(browser, cas.sign_in(page.away, "eve"))
    assert page.status == 403
    page = browser.open("/account/sign-in", again="1", next="/account/deactivate")
    page = page.submit(form=next(form for form in page.forms if "/confirm" in form.action))
    page = come_back(browser, cas.sign_in(page.away, "dan"))
    assert page.url.endswith("/account/deactivate")
    page = page.submit(form=page.form_with("confirm"), confirm=f"@dan:{SERVER_NAME}")
    assert page.status == 200
    # And stays so.
    page = come_back(browser, cas.sign_in(browser.open("/account/providers/cas").away, "dan"))
    assert page.status == 403
    assert "deactivated" in page.text


@pytest.mark.parametrize("path", ["redirect", "redirect/cas"])
def test_who_wants_to_register_by_an_app_is_led_to_the_provider(cas_server, cas, path):
    name = f"joe-{path[-3:]}"
    browser = Browser(cas_server.url)
    query = {"redirectUrl": "https://client.example/", "action": "register"}
    page = browser.open(f"{PREFIX}/login/sso/{path}", **query)
    page = come_back(browser, cas.sign_in(page.away, name)).submit(user=name)
    assert "client.example" in page.text
    assert f"@{name}:{SERVER_NAME}" in page.text


def test_clients_are_told_of_the_oauth_api(cas_server):
    flows = assert_good(cas_server.api.login_flows())["flows"]
    [sso] = [flow for flow in flows if flow["type"] == "m.login.sso"]
    assert sso["oauth_aware_preferred"] is True
    assert [one["id"] for one in sso["identity_providers"]] == ["cas"]


def test_an_oauth_client_that_names_its_account_lands_at_its_provider(make_server, cas):
    """Softly logged out, it is back on its device, whatever else leads in here."""
    options = cas.configured(passwords=True)
    other = {"id": "other", "kind": "cas", "name": "Other", "url": "http://127.0.0.1:9/"}
    options["providers"].append(other)
    server = make_server(sign_in=options)
    client, browser = OAuthClient(server.api), Browser(server.url)

    def let_in(page: Page) -> dict:
        told = answer_of(page.submit(form=page.form_with("decision"), press="allow"))
        return assert_good(client.exchange(asked, told["code"]))

    asked = client.ask("PHONE123456")
    page = browser.open(asked.url)
    assert "Continue with Other" in page.text
    page = browser.open(page.link("Continue with University"))
    page = come_back(browser, cas.sign_in(page.away, "kim")).submit(user="kim")
    tokens = let_in(page)
    server.command("user", "soft-logout", "kim")
    assert_soft(server.api.whoami(tokens["access_token"]))

    asked = client.ask("PHONE123456", login_hint=f"mxid:@kim:{SERVER_NAME}")
    page = browser.open(asked.url)
    assert page.away.startswith(f"{cas.url}/login?")
    tokens = let_in(come_back(browser, cas.sign_in(page.away, "kim")))
    who = assert_good(server.api.whoami(tokens["access_token"]))
    assert (who["user_id"], who["device_id"]) == (f"@kim:{SERVER_NAME}", "PHONE123456")
    # Who has another way in as well chooses.
    browser.cookies.clear()
    server.command("user", "link", "kim", "other", "kim")
    page = browser.open(client.ask(login_hint="kim").url)
    assert page.away is None
    assert "Continue with Other" in page.text


def test_who_is_asked_for_in_silence_is_not_sent_to_a_provider(cas_server, browser):
    """Some show a page all the same (`prompt=none`): an app would wait for ever."""
    client = OAuthClient(cas_server.api)
    page = browser.open(client.ask(prompt="none").url)
    assert (page.status, page.away) == (400, None)
    back = dict(parse_qsl(urlsplit(page.link("Back to An App")).query))
    assert back["error"] == "login_required"
