"""The stages as pages (spec "Fallback"), as somebody uses them whose browser runs no scripts."""

import re

import pytest
import yaml

from support.answers import assert_good, assert_hard
from support.browser import Browser, Page
from support.clock import MINUTE
from support.confirmation import (
    Wanted,
    assert_begun_anew,
    assert_challenge,
    change_password,
    fallback_path,
    get_token,
    open_page,
)
from support.matrix_client import new_client
from support.registration import DUMMY, TERMS, TOKEN, invite, registration
from support.secrets import password
from support.server import SERVER_NAME
from support.threads import together

PASSWORD = "m.login.password"
EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
POLICIES = {
    "privacy": {
        "version": "1",
        "fr": {"name": "Vie privée", "url": "https://example.com/fr"},
        "en": {"name": "Privacy & <b>you</b>", "url": 'https://example.com/?a="b"&c=<d>'},
    },
    'rules"><script>': {
        "version": "2",
        "de": {"name": "Hausordnung", "url": "https://example.com/de"},
    },
}


@pytest.fixture
def client(server):
    return new_client(server.api)


@pytest.fixture(scope="module")
def careful(make_lasting_server, tmp_path_factory):
    """A server where one needs a registration token and agrees to terms."""
    path = tmp_path_factory.mktemp("terms") / "terms.yaml"
    path.write_text(yaml.safe_dump({"policies": POLICIES}))
    return make_lasting_server(registration={"token_required": True, "terms_file": str(path)})


def assert_safe(page: Page) -> None:
    """What every page promises: nothing on it comes from elsewhere or can be put into it."""
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in page.headers
    rules = dict(
        rule.strip().split(" ", 1) for rule in page.headers["content-security-policy"].split(";")
    )
    assert rules["default-src"] == "'none'"
    assert rules["frame-ancestors"] == "'none'"
    assert rules["base-uri"] == "'none'"
    assert rules["form-action"] == "'self'"
    assert "unsafe" not in page.headers["content-security-policy"]
    assert re.fullmatch(r"'sha256-[0-9A-Za-z+/=]+'", rules["style-src"])
    scripts = [attributes for tag, attributes in page.tags if tag == "script"]
    assert ("script-src" in rules) == bool(scripts)
    for tag, attributes in page.tags:
        assert tag not in ("iframe", "img", "object", "base"), tag
        assert not {"style", "src"} & set(attributes), (tag, attributes)
        assert not [name for name in attributes if name.startswith("on")], attributes


def assert_done(page: Page) -> None:
    assert page.status == 200
    assert page.forms == []
    assert page.alert is None
    # The client's window is told (spec "Fallback"), where scripts run.
    assert 'postMessage("authDone", "*")' in page.html
    assert "onAuthDone" in page.html
    assert_safe(page)


def assert_gone(page: Page, status: int = 404) -> None:
    assert page.status == status
    assert page.forms == []
    assert "app" in page.text  # where to go on
    assert_safe(page)


def assert_form(page: Page, *typed: str) -> None:
    assert page.status == 200
    assert page.form.typed == list(typed)
    assert page.alert is None
    assert_safe(page)


# -- the password


def test_the_right_password(server, client):
    new = password()
    wanted = change_password(server.api, client.access, new)
    session = wanted.session()
    page = open_page(server.url, PASSWORD, session)
    assert_form(page, "password")
    assert f"@{client.store.user}:{SERVER_NAME}" in page.text
    assert "change your password" in page.text
    assert_challenge(wanted.ask({"session": session}))
    done = page.submit(password=client.store.password)
    assert_done(done)
    assert session not in done.url
    # Nothing has happened yet: the client does it, with the session alone.
    assert_good(server.api.login(client.store.user, client.store.password))
    assert_good(wanted.ask({"session": session}))
    assert_good(server.api.login(client.store.user, new))
    assert_gone(open_page(server.url, PASSWORD, session))


def test_language_is_chosen_on_the_page_and_kept(server, client):
    session = change_password(server.api, client.access, password()).session()

    def link_to(page: Page, language: str) -> str:
        [link] = [a["href"] for _, a in page.tags if a.get("hreflang") == language]
        return link

    person = Browser(server.url)
    german = link_to(person.open(fallback_path(PASSWORD), session=session), "de")
    assert german == f"?session={session}&lang=de"
    page = person.open(fallback_path(PASSWORD) + german)
    assert '<html lang="de"' in page.html
    wrong = page.submit(password=password())
    assert wrong.status == 403 and '<html lang="de"' in wrong.html
    english = person.open(fallback_path(PASSWORD) + link_to(wrong, "en"))
    assert '<html lang="en"' in english.html
    assert_done(english.submit(password=client.store.password))


def test_a_wrong_one_and_then_the_right_one(server, client):
    wanted = get_token(server.api, client.access)
    session = wanted.session()
    page = open_page(server.url, PASSWORD, session)
    for wrong in (password(), "", "x" * 5000, "ü\U0001f511", client.store.password + " "):
        page = page.submit(password=wrong)
        assert page.status == 403
        assert "wrong" in page.alert
        assert page.form.typed == ["password"]
        assert not wrong or wrong not in page.html
        assert_safe(page)
        assert_challenge(wanted.ask({"session": session}))
    assert_done(page.submit(password=client.store.password))
    assert_good(wanted.ask({"session": session}))


def test_somebody_else_s_password(server, client):
    """The page knows whose session it is; nothing on the form can say another."""
    other = new_client(server.api)
    wanted = get_token(server.api, client.access)
    session = wanted.session()
    page = open_page(server.url, PASSWORD, session).submit(password=other.store.password)
    assert page.status == 403
    sent = [
        ("session", session),
        ("password", other.store.password),
        ("user", other.store.user),
        ("identifier", other.store.user),
    ]
    assert Browser(server.url).post(fallback_path(PASSWORD), sent).status == 403
    assert_challenge(wanted.ask({"session": session}))


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        ("POST", "account/deactivate", {}, "deactivate your account"),
        ("POST", "/_matrix/client/v1/login/get_token", {}, "another device"),
        ("POST", "delete_devices", {"devices": ["A"]}, "delete several devices"),
        ("DELETE", "devices/{own}", {}, "delete the device"),
    ],
)
def test_it_says_what_is_confirmed(server, client, method, path, body, words):
    path = path.replace("{own}", client.store.device)
    wanted = Wanted(server.api, method, path, body, client.access)
    session = wanted.session()
    page = open_page(server.url, PASSWORD, session)
    assert words in page.text
    assert ("{own}" not in path) and f"@{client.store.user}:" in page.text
    if method == "DELETE":
        assert client.store.device in page.text
    assert_done(page.submit(password=client.store.password))
    assert_good(wanted.ask({"session": session}))


def test_it_speaks_the_persons_language(server, client):
    wanted = get_token(server.api, client.access)
    path = fallback_path(PASSWORD)
    page = Browser(server.url, "de-AT").open(path, session=wanted.session())
    assert '<html lang="de" dir="ltr">' in page.html
    assert f"Bestätige, dass du @{client.store.user}:{SERVER_NAME} bist" in page.text
    page = page.submit(password="wrong")
    assert page.alert == "Das Passwort ist falsch."
    assert "Das hat geklappt" in page.submit(password=client.store.password).text


@pytest.mark.parametrize("version", ["r0", "v3"])
def test_both_versions(server, client, version):
    wanted = get_token(server.api, client.access)
    session = wanted.session()
    page = Browser(server.url).open(fallback_path(PASSWORD, version), session=session)
    assert_form(page, "password")
    assert f"/{version}/" in page.submit(password="x").url
    assert_done(page.submit(password=client.store.password))


def test_done_before(server, client):
    """Sent twice, opened again: it is still done, and the person is told so."""
    wanted = get_token(server.api, client.access)
    session = wanted.session()
    page = open_page(server.url, PASSWORD, session)
    assert_done(page.submit(password=client.store.password))
    assert_done(page.submit(password=client.store.password))
    assert_done(page.submit(password="not looked at any more"))
    assert_done(open_page(server.url, PASSWORD, session))
    assert_good(wanted.ask({"session": session}))
    assert_gone(page.submit(password=client.store.password))


def test_sent_twice_at_once(server, client):
    """A double click: both are told that it worked."""
    wanted = get_token(server.api, client.access)
    session = wanted.session()
    page = open_page(server.url, PASSWORD, session)
    pages = []
    together(*[lambda: pages.append(page.submit(password=client.store.password))] * 3)
    for shown in pages:
        assert_done(shown)
    assert_good(wanted.ask({"session": session}))


def test_an_expired_session(clock, make_sqlite_server):
    server = make_sqlite_server(clock=clock)
    client = new_client(server.api, refreshes=False)
    wanted = get_token(server.api, client.access)
    session = wanted.session()
    page = open_page(server.url, PASSWORD, session)
    clock.advance(16 * MINUTE)
    assert_gone(page.submit(password=client.store.password))
    assert_gone(open_page(server.url, PASSWORD, session))
    assert_begun_anew(wanted.ask({"session": session}), session)


def test_the_account_goes_meanwhile(server, client):
    wanted = get_token(server.api, client.access)
    session = wanted.session()
    page = open_page(server.url, PASSWORD, session)
    server.command("user", "deactivate", client.store.user, "--erase")
    gone = page.submit(password=client.store.password)
    assert gone.status in (403, 404)
    assert_safe(gone)
    assert_hard(wanted.ask({"session": session}))


# -- registration


def test_dummy(server):
    wanted = registration(server)
    session = wanted.session()
    page = open_page(server.url, DUMMY, session)
    assert_form(page)
    assert "account" in page.text
    assert_done(page.submit())
    body = assert_good(wanted.ask({"session": session}))
    assert_good(server.api.whoami(body["access_token"]))
    assert_gone(open_page(server.url, DUMMY, session))


def test_token_and_terms(careful):
    made = invite(careful, "--uses", "1")
    wanted = registration(careful)
    session = wanted.session()
    terms = open_page(careful.url, TERMS, session)
    assert_gone(terms)
    assert "before" in terms.text
    page = open_page(careful.url, TOKEN, session)
    assert_form(page, "token")
    for wrong in ("", "wrong", EVIL, "ü"):
        page = page.submit(token=wrong)
        assert page.status == 403
        assert "not valid" in page.alert
        assert "<script" not in page.html
        assert_safe(page)
    assert_done(page.submit(token=made["token"]))
    assert assert_challenge(wanted.ask({"session": session}))["completed"] == [TOKEN]
    [listed] = [
        token
        for token in careful.command("registration-token", "list")["registration_tokens"]
        if token["id"] == made["id"]
    ]
    assert (listed["used"], listed["pending"]) == (0, 1)

    page = open_page(careful.url, TERMS, session)
    assert_form(page)
    assert "Privacy & <b>you</b>" in page.text  # as text, in the language of the page
    links = [a for tag, a in page.tags if tag == "a" and "hreflang" not in a]
    assert [link["href"] for link in links] == [
        'https://example.com/?a="b"&c=<d>',
        "https://example.com/de",
    ]
    assert all("noopener" in link["rel"] for link in links)
    assert [(value, ticked) for _, value, ticked in page.form.boxes] == [
        (policy, False) for policy in POLICIES
    ]
    for ticked in ((), ("privacy",), ("nothing", "rules")):
        refused = page.submit(*ticked)
        assert refused.status == 400
        assert "agree" in refused.alert
        # What was ticked stays so.
        assert [v for _, v, on in refused.form.boxes if on] == [t for t in ticked if t in POLICIES]
        assert_safe(refused)
    assert assert_challenge(wanted.ask({"session": session}))["completed"] == [TOKEN]
    assert_done(page.submit(*POLICIES))
    assert_done(open_page(careful.url, TOKEN, session))
    body = assert_good(wanted.ask({"session": session}))
    assert_good(careful.api.whoami(body["access_token"]))
    assert careful.engine.query(
        "SELECT COUNT(*) FROM accepted_terms JOIN users ON users.id = accepted_terms.user_id"
        f" WHERE localpart = '{wanted.body['username']}'"
    ) == str(len(POLICIES))


def test_a_token_that_another_holds(careful):
    made = invite(careful, "--uses", "1")
    first, second = registration(careful).session(), registration(careful).session()
    assert_done(open_page(careful.url, TOKEN, first).submit(token=made["token"]))
    refused = open_page(careful.url, TOKEN, second).submit(token=made["token"])
    assert refused.status == 403
    assert refused.alert


def test_pages_and_requests_mix(careful):
    """A stage by the client, the other on its page."""
    made = invite(careful)
    wanted = registration(careful)
    session = wanted.session()
    assert_challenge(wanted.ask({"type": TOKEN, "token": made["token"], "session": session}))
    assert_done(open_page(careful.url, TERMS, session).submit(*POLICIES))
    assert_good(wanted.ask({"session": session}))


# -- what is no page


@pytest.mark.parametrize("session", ["", "never-given", "x" * 5000, EVIL, "\u0000", "ü"])
@pytest.mark.parametrize("stage", [PASSWORD, DUMMY, TERMS, TOKEN])
def test_sessions_that_never_were(server, stage, session):
    page = open_page(server.url, stage, session)
    assert_gone(page)
    assert "script" not in page.html
    fields = [("session", session), ("password", "x"), ("token", "x")]
    assert_gone(Browser(server.url).post(fallback_path(stage), fields))


@pytest.mark.parametrize("query", ["", "session", "session=a&session=b", "session=%ff", "x=%"])
def test_queries_that_cannot_be_read(server, query):
    assert_gone(Browser(server.url).open(f"{fallback_path(PASSWORD)}?{query}"))


@pytest.mark.parametrize(
    "kind",
    [
        "m.login.sso",
        "m.login.recaptcha",
        "org.example.unheard",
        "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E",
        "..%2F..%2Fetc%2Fpasswd",
    ],
)
def test_types_that_are_none(server, client, kind):
    session = get_token(server.api, client.access).session()
    for page in (
        open_page(server.url, kind, session),
        Browser(server.url).post(fallback_path(kind), [("session", session), ("password", "x")]),
    ):
        assert_gone(page)
        assert "alert(1)" not in page.html


def test_stages_that_are_not_of_this_session(server, client):
    own = get_token(server.api, client.access).session()
    registering = registration(server).session()
    for stage in (DUMMY, TERMS, TOKEN):
        assert_gone(open_page(server.url, stage, own))
        sent = [("session", own), ("accepted", "x"), ("token", "x")]
        assert_gone(Browser(server.url).post(fallback_path(stage), sent))
    for stage in (PASSWORD, TERMS, TOKEN):
        assert_gone(open_page(server.url, stage, registering))
    assert_challenge(get_token(server.api, client.access).ask({"session": own}))


def test_what_people_called_things_stays_text(server):
    """The name of a device is anything; it stands on the page of its deletion."""
    client = new_client(server.api)
    assert_good(server.api.login(client.store.user, client.store.password, EVIL))
    device = Wanted(
        server.api,
        "DELETE",
        "devices/" + "".join(f"%{byte:02X}" for byte in EVIL.encode()),
        {},
        client.access,
    )
    session = device.session()
    page = open_page(server.url, PASSWORD, session)
    assert EVIL in page.text
    assert "<script" not in page.html
    assert_safe(page)
    wrong = page.submit(password=EVIL)
    assert wrong.status == 403
    assert "<script" not in wrong.html
    assert_done(page.submit(password=client.store.password))
    assert_good(device.ask({"session": session}))


def test_methods(server, client):
    session = get_token(server.api, client.access).session()
    path = f"{fallback_path(PASSWORD)}?session={session}"
    assert server.api.request("HEAD", path).status_code == 200
    for method in ("PUT", "DELETE", "PATCH"):
        assert server.api.request(method, path).status_code == 405


def test_forms_that_are_none(server, client):
    """JSON, several passwords, a huge one: no stage is passed by what cannot be read."""
    wanted = get_token(server.api, client.access)
    session = wanted.session()
    secret = client.store.password
    path = fallback_path(PASSWORD)
    for content in (
        f'{{"session": "{session}", "password": "{secret}"}}',
        f"session={session}&password=x&password={secret}",
        f"session={session}&session={session}&password={secret}",
        f"session={session}&password={secret}%zz",
        f"password={secret}",
        "",
    ):
        answer = server.api.request("POST", path, content=content)
        assert answer.status_code in (400, 403, 404), content
        assert_challenge(wanted.ask({"session": session}))


def test_the_session_in_the_query_is_not_the_form_s(server, client):
    """What is posted names its session itself: an address is in histories and logs."""
    wanted = get_token(server.api, client.access)
    session = wanted.session()
    path = f"{fallback_path(PASSWORD)}?session={session}"
    page = Browser(server.url).post(path, [("password", client.store.password)])
    assert_gone(page)
    assert_challenge(wanted.ask({"session": session}))
    assert session not in server.log()
