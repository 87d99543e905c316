"""People have more than one page open: each stays good while others sign them in and out."""

import httpx
import pytest

from support.api import new_name
from support.browser import Visitor
from support.forms import ACCOUNT_FORMS
from support.oauth import OAuthClient, Person, Television, answer_of, new_person
from support.secrets import password

APP = "https://app.example/callback"


def sign_in_form(person: Person, asked):
    page = person.browser.open(asked.url)
    assert "/account/sign-in" in page.url
    return page


def fill_in(person: Person, page, secret: str | None = None):
    return page.submit(user=person.name, password=secret or person.secret)


def switch_to(person: Person, other: Person) -> None:
    """In another tab of the same browser."""
    page = person.browser.open("/account/sign-in", another="1", next="/account/devices")
    page = page.submit(form=page.form_with("password"), user=other.name, password=other.secret)
    assert page.url.endswith("/account/devices"), page.text


def test_the_second_tab_still_signs_in_and_goes_on_to_its_app(client, person):
    first, second = client.ask(), client.ask()
    one, two = sign_in_form(person, first), sign_in_form(person, second)
    assert fill_in(person, one).form_with("decision")
    page = fill_in(person, two)
    told = answer_of(page.submit(form=page.form_with("decision"), press="allow"))
    assert told["state"] == second.query["state"]


def test_signing_in_again_takes_nothing_back(client, person):
    """The code that the first tab has given to its app."""
    first, second = client.ask(), client.ask()
    one, two = sign_in_form(person, first), sign_in_form(person, second)
    page = fill_in(person, one)
    code = answer_of(page.submit(form=page.form_with("decision"), press="allow"))["code"]
    assert fill_in(person, two).form_with("decision")
    assert client.exchange(first, code).status_code == 200


def test_a_wrong_password_in_the_second_tab_keeps_its_request(client, person):
    asked = client.ask()
    one, two = sign_in_form(person, client.ask()), sign_in_form(person, asked)
    fill_in(person, one)
    page = fill_in(person, two, "wrong")
    assert page.status == 403 and page.alert
    page = fill_in(person, page)
    told = answer_of(page.submit(form=page.form_with("decision"), press="allow"))
    assert told["state"] == asked.query["state"]


@pytest.mark.parametrize("how", ["prompt=login", "before something is destroyed", "out and in"])
def test_a_consent_page_outlives_what_another_tab_does(server, client, person, how):
    asked = client.ask()
    page = person.consent_page(asked)
    if how == "prompt=login":
        again = person.browser.open(client.ask(prompt="login").url)
        assert again.submit(user=person.name, password=person.secret).form_with("decision")
    elif how == "out and in":
        home = person.open("/account/")
        [form] = [form for form in home.forms if form.action == "/account/sign-out"]
        home.submit(form=form)
        person.open("/account/")
    else:
        server.api.login(person.name, person.secret, device_id="PHONE")
        form = person.open("/account/device/delete", device_id="PHONE").form
        sent = form.hidden | {"password": person.secret}
        assert person.browser.post("/account/device/delete", list(sent.items())).status == 200
    told = answer_of(page.submit(form=page.form_with("decision"), press="allow"))
    assert told["state"] == asked.query["state"]
    assert "code" in told


def test_two_pages_asked_for_at_once_are_both_good(server, person):
    """A browser that has no cookie yet gets one with each."""
    for path in ("/account/sign-in", "/account/sign-up"):
        answers = []
        for _ in range(4):
            with httpx.Client(base_url=server.url, trust_env=False) as http:
                answers.append(http.get(path))
        for answer in answers:
            with httpx.Client(base_url=server.url, trust_env=False) as http:
                for other in answers:
                    for cookie in other.cookies.jar:
                        http.cookies.jar.set_cookie(cookie)
                token = answer.text.split('name="csrf" value="')[1].split('"')[0]
                form = {"csrf": token, "user": person.name, "password": "wrong"}
                sent = http.post("/account/sign-in", data=form)
                assert sent.status_code == 403
                assert "do not belong together" in sent.text, sent.text


def test_a_browser_keeps_its_cookie_for_forms(server, person):
    person.browser.open("/account/sign-in")
    person.browser.open("/account/sign-up")
    person.open("/account/")
    person.browser.open("/account/profile")
    assert sum("form" in name for name in dict(person.browser.cookies)) == 1


def test_a_form_of_another_site_hands_the_browser_no_cookie(server):
    """Else each would leave one more, until the browser's requests are too long."""
    for path in ("/account/sign-in", "/account/profile", "/oauth2/authorize", "/link"):
        with httpx.Client(base_url=server.url, trust_env=False) as http:
            answer = http.post(path, data={"decision": "allow", "csrf": "x"})
            assert "set-cookie" not in answer.headers, path


def test_nobody_decides_for_who_has_signed_in_since(server, client, person):
    """A consent page names somebody: it is theirs."""
    other = new_person(server)
    asked = client.ask()
    page = person.consent_page(asked)
    switch_to(person, other)
    refused = page.submit(form=page.form_with("decision"), press="allow")
    assert (refused.status, refused.away) == (403, None)
    assert "Somebody else is signed in" in refused.text
    page = person.browser.open(refused.link("Open the page again"))
    assert f"@{other.name}:" in page.text
    told = answer_of(page.submit(form=page.form_with("decision"), press="allow"))
    assert told["state"] == asked.query["state"], "the request is still the same"


@pytest.mark.parametrize("path", ["/account/profile", "/account/password", "/account/deactivate"])
def test_a_form_of_one_account_does_nothing_to_another(server, person, path):
    other = new_person(server)
    page = person.open(path)
    switch_to(person, other)
    form = next(form for form in page.forms if form.action == path)
    refused = page.submit(form=form)
    assert refused.status == 403
    assert person.browser.open(refused.link("Open the page again")).status == 200
    assert refused.link("Open the page again") == path


@pytest.mark.parametrize(
    ("path", "fields", "back"),
    [
        (
            "/account/sign-in",
            {"next": "/account/devices"},
            "/account/sign-in?next=%2Faccount%2Fdevices",
        ),
        (
            "/account/sign-up",
            {"next": "/account/devices"},
            "/account/sign-up?next=%2Faccount%2Fdevices",
        ),
        ("/account/device", {"device_id": "A B", "name": "x"}, "/account/device?device_id=A%20B"),
        ("/account/device/delete", {"device_id": "A"}, "/account/device/delete?device_id=A"),
        ("/account/recover", {"token": "lkr", "password": "x"}, "/account/recover?token=lkr"),
        ("/account/sso", {"redirect_url": "https://a.example/"}, "/account/sso?redirect_url="),
        ("/link", {"user_code": "BCDF-GHJK", "decision": "allow"}, "/link?user_code=BCDF-GHJK"),
        ("/oauth2/authorize?client_id=x", {"decision": "allow"}, "/oauth2/authorize?client_id=x"),
        ("/oauth2/logout?state=x", {"decision": "sign_out"}, "/oauth2/logout?state=x"),
        ("/account/apps/end", {"app": "1"}, "/account/devices"),
        ("/account/browsers/end", {"browser": "1"}, "/account/"),
        ("/account/sign-out", {}, "/account/"),
    ],
)
def test_a_refusal_leads_back_to_the_same_request(person, path, fields, back):
    person.open("/account/")
    refused = person.browser.post(path, [*fields.items(), ("csrf", "old")])
    assert refused.status == 403
    link = refused.link("Open the page again")
    assert link.startswith(back), link
    assert "password" not in link


@pytest.mark.parametrize("path", ["/account/device/delete", "/account/sso", "/link", "consent"])
def test_who_was_signed_out_meanwhile_comes_back_to_what_they_were_at(server, client, person, path):
    asked = client.ask()
    television = Television(server).begin()
    begin = {
        "/account/device/delete": "/account/device/delete?device_id=PHONE",
        "/account/sso": "/account/sso?redirect_url=https%3A%2F%2Fapp.example%2F",
        "/link": f"/link?user_code={television['user_code']}",
        "consent": asked.url,
    }[path]
    server.api.login(person.name, person.secret, device_id="PHONE")
    page = person.open(begin)
    text, form = page.text, page.forms[0]
    person.browser.cookies.delete("latchkey")
    page = page.submit(form=form, press="allow" if form.buttons else None)
    assert "/account/sign-in" in page.url
    page = person.sign_in_if_asked(page)
    assert page.text == text


@pytest.mark.parametrize(
    "path", [*ACCOUNT_FORMS, "/oauth2/authorize?client_id=x", "/oauth2/logout"]
)
def test_a_form_that_says_it_is_none_is_none(person, path):
    """text/plain is what a form can be made to say: its body is read by nobody."""
    own = person.open("/account/profile").form.hidden["csrf"]
    body = f"csrf={own}&decision=allow&user_code=BCDF-GHJK"
    for kind in ("text/plain", "application/json", None):
        headers = {"Content-Type": kind} if kind else {}
        page = person.browser._request("POST", path, content=body, headers=headers)
        assert page.status == 403, f"{kind}: {page.status} {page.text}"
    assert person.browser.open("/account/").url.endswith("/account/"), "signed out by it"


def test_a_posted_next_leads_to_pages_of_ours_alone(server, person):
    for target in (
        "https://evil.example/",
        "//evil.example/x",
        "/_matrix/client/versions",
        "/\\e.example",
    ):
        page = person.browser.open("/account/sign-in", another="1")
        form = page.form_with("password")
        sent = form.hidden | {"next": target, "user": person.name, "password": person.secret}
        landed = person.browser.post("/account/sign-in", list(sent.items()))
        assert landed.away is None
        assert landed.url.split("?")[0].endswith("/account/"), landed.url
        wrong = person.browser.post("/account/sign-in", list((sent | {"password": "x"}).items()))
        assert target not in wrong.html


def test_a_posted_next_leads_who_signs_up_to_pages_of_ours_alone(server):
    visitor = Visitor(server.url)
    form = visitor.open("/account/sign-up").form_with("repeated")
    secret = password()
    account = {"user": new_name(), "password": secret, "repeated": secret}
    sent = form.hidden | account | {"next": "https://evil.example/"}
    landed = visitor.post("/account/sign-up", list(sent.items()))
    assert landed.away is None
    assert landed.url.split("?")[0].endswith("/account/"), landed.url


def test_redirects_tell_nobody_where_from_and_are_not_kept(server, client, person):
    """They carry codes and tokens in their addresses, or lead away from where such stand."""
    seen = []
    with httpx.Client(base_url=server.url, trust_env=False) as http:

        def step(method: str, path: str, **how) -> httpx.Response:
            answer = http.request(method, path, **how)
            if answer.has_redirect_location:
                seen.append(path.split("?")[0])
                assert answer.headers["Referrer-Policy"] == "no-referrer", path
                assert answer.headers["Cache-Control"] == "no-store", path
            return answer

        def send(answer: httpx.Response, path: str, **fields) -> httpx.Response:
            token = answer.text.split('name="csrf" value="')[1].split('"')[0]
            return step("POST", path, data={"csrf": token} | fields)

        asked = client.ask()
        step("GET", "/")
        step("GET", "/.well-known/change-password")
        step("GET", "/account/devices")
        page = http.get(step("GET", asked.url).headers["Location"])
        known = {"user": person.name, "password": person.secret}
        there = send(page, "/account/sign-in", next=asked.url, **known).headers["Location"]
        page = http.get(there)
        told = send(page, there, decision="allow")
        assert told.headers["Location"].startswith(APP)
        step("GET", "/_matrix/client/v3/login/sso/redirect?redirectUrl=https://a.example/")
        page = http.get("/account/sso?redirect_url=https://a.example/")
        token = send(page, "/account/sso", redirect_url="https://a.example/")
        assert "loginToken=" in token.headers["Location"]
        step("POST", "/oauth2/authorize", data=asked.query)
        step("POST", "/oauth2/logout", data={"state": "x"})
        send(http.get("/account/profile"), "/account/profile", name="x")
        send(http.get("/account/"), "/account/sign-out")
    assert len(seen) == 12, seen


def test_another_clients_hint_names_nobody_here(server, client, person):
    other = new_person(server)
    elsewhere = OAuthClient(server.api, client_name="Another")
    asked = elsewhere.ask(scope="openid", nonce="n")
    told = other.allow(asked)
    hint = elsewhere.exchange(asked, told["code"]).json()["id_token"]
    person.open("/account/")
    page = person.browser.open(client.ask(id_token_hint=hint).url)
    assert page.form_with("decision"), "it says whom another application knows"
    page = person.browser.open(client.ask(id_token_hint=hint, prompt="none").url)
    assert answer_of(page)["error"] == "login_required"


@pytest.mark.parametrize("path", ["/login", "/nothing/here", "/accounts/"])
def test_a_browser_at_a_wrong_address_is_shown_a_page(server, person, path):
    accept = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    page = person.browser._request("GET", path, headers=accept)
    assert page.status == 404
    assert "no such page" in page.text
    assert page.link("Back to your account") == "/account/"
    assert server.api.request("GET", path).json()["errcode"] == "M_UNRECOGNIZED"
