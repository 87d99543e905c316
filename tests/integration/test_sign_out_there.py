"""Who signs out here signs out at their identity provider too, where that is said."""

from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import pytest

from support.browser import Browser, Page
from support.cas_server import CasServer
from support.oauth import OAuthClient
from support.server import SERVER_NAME, Server

BACK = "https://app.example/signed-out"
CALLBACK = "/account/providers/cas/callback"


@pytest.fixture(scope="module")
def offering(make_lasting_server, cas) -> Server:
    return make_lasting_server(sign_in=cas.configured())


@pytest.fixture(scope="module")
def always(make_lasting_server, cas) -> Server:
    return make_lasting_server(sign_in=cas.configured(sign_out_there="always"))


@dataclass
class Student:
    server: Server
    cas: CasServer
    name: str
    browser: Browser = field(init=False)

    def __post_init__(self):
        self.browser = Browser(self.server.url)
        page = self.come_back(self.browser.open("/account/").away)
        assert f"@{self.name}:{SERVER_NAME}" in page.submit(user=self.name).text

    def come_back(self, away: str) -> Page:
        return self.browser.open(CALLBACK, **self.cas.sign_in(away, self.name))

    def sign_out(self) -> Page:
        page = self.browser.open("/account/")
        return page.submit(form=next(form for form in page.forms if "sign-out" in form.action))

    @property
    def signed_in(self) -> bool:
        return self.browser.open("/account/").url.endswith("/account/")

    def back_from(self, away: str) -> Page:
        """From the logout page of the CAS server, which sends the browser to the service."""
        assert away.startswith(f"{self.cas.url}/logout?")
        [service] = parse_qs(urlsplit(away).query)["service"]
        assert service.startswith(f"{self.server.url}/account/signed-out?state=")
        return self.browser.open(service)


def test_it_is_offered(offering, cas):
    person = Student(offering, cas, "ann")
    page = person.sign_out()
    assert not person.signed_in
    assert "At University you are signed in still" in page.text
    # A reload leads nobody back in.
    assert person.browser.open(page.url).away is None
    page = page.submit()
    page = person.back_from(page.away)
    assert "signed out here and at University" in page.text
    again = person.browser.open(page.url)
    assert again.away is None
    assert "signed out of this browser" in again.text
    page = person.browser.open(again.link("Sign in"))
    assert page.away is None
    assert "Continue with University" in page.text


def test_it_is_always_done(always, cas):
    person = Student(always, cas, "bea")
    page = person.sign_out()
    assert not person.signed_in, "before the provider is asked"
    assert "signed out here and at University" in person.back_from(page.away).text


def test_nobody_elses_browser_hears_of_it(offering, cas):
    person = Student(offering, cas, "cid")
    page = person.sign_out()
    other = Browser(offering.url).open(page.url)
    assert "University" not in other.text
    assert "signed out of this browser" in other.text
    # Who has signed in again meanwhile is not told that they are signed out.
    person.come_back(person.browser.open("/account/").away)
    assert person.browser.open(page.url).url.endswith("/account/")


@pytest.mark.parametrize(("ticked", "leaves"), [((), False), (("1",), True)])
def test_an_app_that_signs_out_here_waits_for_both(offering, cas, ticked, leaves):
    person = Student(offering, cas, "dan" if leaves else "eve")
    client = OAuthClient(offering.api, post_logout_redirect_uris=[BACK])
    page = person.browser.open(
        "/oauth2/logout", client_id=client.id, post_logout_redirect_uri=BACK, state="s"
    )
    assert "Sign out of University too" in page.text
    page = page.submit(*ticked, form=page.form_with("decision"), press="sign_out")
    assert not person.signed_in
    if leaves:
        page = person.back_from(page.away)
    assert page.away == f"{BACK}?state=s"


def test_without_passwords_one_stays_signed_out(make_server, cas):
    person = Student(
        make_server(sign_in=cas.configured(sign_out_there="never")),
        cas,
        "fay",
    )
    page = person.sign_out()
    assert "signed out of this browser" in page.text
    for _ in range(2):
        assert "Continue with University" in page.text
        page = person.browser.open(page.url)
        assert page.away is None
