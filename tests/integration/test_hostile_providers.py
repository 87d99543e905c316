"""What strangers and providers send to the ways of identity providers (npm oidc-provider, CAS)."""

import json
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest

from support.api import new_name
from support.browser import Browser, Page
from support.cas_server import CasServer
from support.oidc import OidcProvider
from support.secrets import password
from support.server import SERVER_NAME, Server

SECRET = "a secret of the provider and this server alone"
PEOPLE = [f"person{number}" for number in range(60)]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# What a claim says, and what name becomes of it; empty: none.
HOSTILE = {
    "markup": ('"><script>alert(1)</script>', '"><script>alert(1)</script>'),
    "template": ("{{ claims.sub }}{{>terms.html}}", "{{ claims.sub }}{{>terms.html}}"),
    "bidi": ("\u202ereversed\u2066", "reversed"),
    "lines": ("one\r\nSet-Cookie: two=three", "oneSet-Cookie: two=three"),
    "nul": ("be\u0000fore", "before"),
    "escape": ("\u001b[31mred", "[31mred"),
    "invisible": ("\u200b\u2060", ""),
    "long": ("x" * 100_000, "x" * 255),
    "wide": ("\U0001f9ff" * 300, "\U0001f9ff" * 63),
    "number": (42, "42"),
    "truth": (True, "true"),
    "nothing": (None, ""),
    "object": ({"a": {"b": ["c"]}}, ""),
    "list": ([["a"], "b"], ""),
}


@pytest.fixture(scope="module")
def provider(tmp_path_factory) -> Iterator[OidcProvider]:
    accounts = {
        kind: {"preferred_username": value, "name": value, "email": value, "email_verified": True}
        for kind, (value, _) in HOSTILE.items()
    }
    # More nested than what anybody reads.
    accounts["deep"] = {"name": json.loads("[" * 60 + "]" * 60)}
    accounts |= {name: {} for name in PEOPLE}
    client = {
        "client_id": "latchkey",
        "client_secret": SECRET,
        "redirect_uris": ["http://127.0.0.1/account/providers/corp/callback"],
        "application_type": "native",
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
    }
    with closing(OidcProvider(tmp_path_factory.mktemp("provider"), [client], accounts)) as corp:
        yield corp.start()


@pytest.fixture(scope="module")
def cas() -> Iterator[CasServer]:
    with closing(CasServer()) as cas:
        yield cas


@pytest.fixture(scope="module")
def corp_server(make_lasting_server, provider, cas) -> Server:
    corp = {
        "id": "corp",
        "kind": "oidc",
        "name": "Corp",
        "issuer": provider.issuer,
        "client_id": "latchkey",
        "client_secret": SECRET,
        "localpart": "{{ claims.sub }}",
        "display_name": "{{ claims.name }}",
        "email": "{{ claims.email }}",
        "registration": True,
    }
    old = {"id": "cas", "kind": "cas", "name": "Old", "url": cas.url, "registration": True}
    return make_lasting_server(sign_in={"providers": [corp, old]})


class Visitor:
    """At a browser, who comes back from the provider as whom the test says."""

    def __init__(self, server: Server, provider: OidcProvider):
        self.server, self.provider = server, provider
        self.browser = Browser(server.url)
        self.callback = f"{server.url}/account/providers/corp/callback"

    def leave(self, **query: str) -> str:
        away = self.browser.open("/account/providers/corp", **query).away
        assert away is not None
        return away

    def told(self, login: str, away: str | None = None) -> dict[str, str]:
        with self.provider.new_browser() as there:
            return self.provider.sign_in(there, away or self.leave(), login, self.callback)

    def come_back(self, told: dict[str, str]) -> Page:
        return self.browser.open(f"{self.callback}?{urlencode(told)}")

    def sign_in(self, login: str, **query: str) -> Page:
        return self.come_back(self.told(login, self.leave(**query)))

    def sign_up(self, login: str, name: str) -> Page:
        page = self.sign_in(login).submit(user=name)
        assert f"@{name}:{SERVER_NAME}" in page.text
        return page

    def who(self) -> str:
        """The page of whoever is signed in; empty: nobody is."""
        page = self.browser.open("/account/")
        return "" if "/account/sign-in" in page.url else page.text


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    """People of the provider, each for one test."""
    return iter(PEOPLE)


@pytest.fixture
def login(names) -> str:
    return next(names)


@pytest.fixture
def visitor(corp_server, provider):
    return lambda: Visitor(corp_server, provider)


def rows(server: Server, table: str) -> int:
    return int(server.engine.query(f"SELECT COUNT(*) FROM {table}"))


def send(server: Server, path: str, body: str) -> httpx.Response:
    return httpx.post(server.url + path, content=body, headers=FORM, trust_env=False, timeout=30)


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_claim_is_a_text_and_nothing_else(visitor, corp_server, kind):
    name = new_name()
    page = visitor().sign_in(kind)
    assert page.status == 200, page.text
    assert "alert(1)</script>" not in page.html
    page = page.submit(user=name)
    assert page.status == 200, page.text
    assert "alert(1)</script>" not in page.html
    query = f"SELECT COALESCE(display_name, '') FROM users WHERE localpart = '{name}'"
    assert corp_server.engine.query(query).strip() == HOSTILE[kind][1]
    assert rows(corp_server, "threepids") == 0


def test_what_is_nested_too_deeply_is_not_believed(visitor):
    page = visitor().sign_in("deep")
    assert page.status == 400
    assert "could not be believed" in page.text


# -- what is said by whoever likes


@pytest.mark.parametrize("provider_id", ["corp", "cas"])
@pytest.mark.parametrize(
    "body",
    [
        "state=" + "x" * 60_000,
        "a=" + "%C3%A9" * 5_000,
        "&".join(f"a{number}=1" for number in range(3000)),
        "a=" + "x" * 900_000,
        "state=%00&code=%ff",
        "logoutRequest=" + "<" * 50_000,
        "logout_token=" + "e30." * 10_000,
    ],
    ids=["long", "wide", "many", "huge", "bytes", "xml", "token"],
)
def test_a_form_of_any_size_is_answered_in_a_small_way(corp_server, provider_id, body):
    for path in ("callback", "logout"):
        answer = send(corp_server, f"/account/providers/{provider_id}/{path}", body)
        assert answer.status_code in (400, 413)
        assert len(answer.content) < 20_000
    # As it comes back from a provider, and is brought once more by the browser itself.
    answer = send(corp_server, "/account/providers/corp/callback", "state=a&code=b")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/account/providers/corp/callback?state=a&code=b"


def test_notices_that_anybody_makes_up_leave_nothing(corp_server, cas):
    before = rows(corp_server, "provider_logouts")
    for _ in range(20):
        notice = cas.notice(f"ST-{secrets.token_hex(16)}")
        assert send(corp_server, "/account/providers/cas/callback", notice).status_code == 200
    assert rows(corp_server, "provider_logouts") == before


@pytest.mark.parametrize(
    "path",
    [
        "/account/providers/corp/callback",
        "/account/providers/corp/callback?state=%00",
        "/account/providers/corp/callback?state=a&state=b&code=c",
        "/account/providers/corp/callback?state=a%0d%0ab&error=c%0d%0ad",
        "/account/providers/%00/callback?state=a",
        "/account/providers/..%2fcorp",
        "/account/newcomer?way=%00",
        "/account/newcomer?way=" + "x" * 5000,
        "/account/providers/corp/logout?iss=x&sid=%00",
        "/account/providers/cas/callback?state=a&ticket=ST-%0d%0a",
    ],
)
def test_an_odd_address_is_a_bad_request(corp_server, path):
    answer = httpx.get(corp_server.url + path, trust_env=False)
    assert answer.status_code in (400, 404)


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "/account/../../evil",
        "javascript:alert(1)",
        "/account/\r\nSet-Cookie: a=b",
    ],
)
def test_nobody_is_led_elsewhere(visitor, login, elsewhere):
    somebody = visitor()
    somebody.sign_up(login, new_name())
    somebody.browser.cookies.clear()
    page = somebody.sign_in(login, next=elsewhere)
    assert page.away is None
    assert page.url.startswith(somebody.server.url)
    assert page.status == 200
    # Nor who is refused.
    somebody.browser.cookies.clear()
    told = {"state": dict(parse_qsl(urlsplit(somebody.leave(next=elsewhere)).query))["state"]}
    page = somebody.come_back(told | {"error": "access_denied", "iss": somebody.provider.issuer})
    assert page.status == 403
    assert "evil" not in page.html and "javascript:" not in page.html


def test_what_the_provider_says_went_wrong_is_not_believed_to_be_ours(visitor, corp_server):
    somebody = visitor()
    begin = corp_server.log_size
    state = dict(parse_qsl(urlsplit(somebody.leave()).query))["state"]
    page = somebody.come_back(
        {
            "state": state,
            "error": "a\r\nb\x1b[31m<b>\u202e",
            "error_description": "x\n" * 1000,
            "iss": somebody.provider.issuer,
        }
    )
    assert page.status == 403
    assert "<b>" not in page.html and "[31m" not in page.html
    log = corp_server.log(begin)
    assert "\x1b" not in log and "\\u001b" not in log and "\u202e" not in log
    assert max(map(len, log.splitlines())) < 2000


# -- of one browser and another, one provider and another


def test_a_way_of_one_provider_does_not_end_at_another(visitor, login, corp_server):
    somebody = visitor()
    told = somebody.told(login)
    page = somebody.browser.open("/account/providers/cas/callback", **told, ticket="ST-1")
    assert page.status == 400
    assert not somebody.who()
    # It is not used up by that.
    assert somebody.come_back(told).status == 200


def test_nobody_is_signed_in_to_somebody_elses_account(visitor, login):
    """Login CSRF: what was begun in one browser is not ended in another, nor its question."""
    mallory, alice = visitor(), visitor()
    told = mallory.told(login)
    assert alice.come_back(told).status == 400
    assert not alice.who()
    page = mallory.come_back(told)
    way = page.form.hidden["way"]
    assert alice.browser.open("/account/newcomer", way=way).status == 400
    own = alice.browser.open("/account/sign-up")
    sent = own.form.hidden | {"way": way, "user": new_name()}
    assert alice.browser.post("/account/newcomer", list(sent.items())).status == 400
    assert not alice.who()


def test_a_session_from_before_is_not_taken_over(visitor, names):
    """Session fixation: who signs in has a cookie that nobody knew."""
    somebody = visitor()
    somebody.sign_up(next(names), first := new_name())
    planted = type(somebody.browser.cookies)(somebody.browser.cookies)
    somebody.sign_up(next(names), second := new_name())
    assert f"@{second}:" in somebody.who()
    somebody.browser.cookies = planted
    assert f"@{second}:" not in somebody.who()
    assert f"@{first}:" not in somebody.who()


@pytest.mark.parametrize(
    "path",
    [
        "/account/newcomer",
        "/account/providers/corp/link",
        "/account/providers/corp/confirm",
        "/account/ways-in/remove",
    ],
)
def test_a_form_of_another_site_does_nothing(visitor, login, path):
    somebody = visitor()
    somebody.sign_up(login, new_name())
    page = somebody.browser.post(
        path,
        [("provider", "corp"), ("subject", login), ("user", new_name())],
        headers={"Origin": "https://evil.example"},
    )
    assert page.status == 403
    assert page.away is None


# -- at once


def test_one_newcomer_in_two_browsers_has_one_account(visitor, names, corp_server):
    for _ in range(4):
        login = next(names)
        pages = [visitor().sign_in(login) for _ in range(2)]
        before = rows(corp_server, "users")
        with ThreadPoolExecutor(2) as pool:
            done = list(pool.map(lambda page: page.submit(user=new_name()), pages))
        assert sorted(page.status for page in done) == [200, 403]
        assert rows(corp_server, "users") == before + 1


def test_one_form_that_is_sent_twice_makes_one_account(visitor, names, corp_server):
    for _ in range(4):
        page = visitor().sign_in(next(names))
        before = rows(corp_server, "users")
        with ThreadPoolExecutor(2) as pool:
            done = list(pool.map(lambda name: page.submit(user=name), (new_name(), new_name())))
        # The other comes too late: its way is used up, or who it is about has an account.
        assert sorted(page.status for page in done) in ([200, 400], [200, 403])
        assert rows(corp_server, "users") == before + 1


def test_two_newcomers_for_one_name(visitor, names):
    for _ in range(4):
        pages = [visitor().sign_in(next(names)) for _ in range(2)]
        name = new_name()
        with ThreadPoolExecutor(2) as pool:
            done = list(pool.map(lambda page: page.submit(user=name), pages))
        assert sorted(page.status for page in done) in ([200, 400], [200, 409])
        [refused] = [page for page in done if page.status != 200]
        # They choose another.
        assert refused.submit(user=new_name()).status == 200


def test_of_the_last_ways_in_one_stays(visitor, names, corp_server):
    for _ in range(4):
        name, first, second = new_name(), next(names), next(names)
        visitor().sign_up(first, name)
        corp_server.command("user", "link", name, "corp", second)
        somebody = visitor()
        somebody.sign_in(first)
        ways = somebody.browser.open("/account/ways-in")
        forms = [form for form in ways.forms if "subject" in form.hidden]
        assert len(forms) == 2
        with ThreadPoolExecutor(2) as pool:
            done = list(pool.map(lambda form: ways.submit(form=form), forms))
        assert sorted(page.status for page in done) == [200, 409]
        assert len(corp_server.command("user", "links", name)["links"]) == 1


# -- accounts that are not as they were


@pytest.mark.parametrize("what", ["lock", "deactivate"])
def test_a_question_that_is_asked_while_the_account_is_closed(visitor, login, corp_server, what):
    """The owner of the name proves the account, which is locked or gone by then."""
    secret = password()
    corp_server.command("user", "create", login, "--password-stdin", stdin=secret)
    somebody = visitor()
    told = somebody.told(login)
    page = somebody.come_back(told)
    assert "Is this your account?" in page.text
    corp_server.command("user", what, login)
    page = page.submit(password=secret)
    assert page.status == 403
    assert corp_server.command("user", "links", login)["links"] == []
    assert not somebody.who()
