"""People sign in with an identity provider (npm oidc-provider), and see with what else they may."""

import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from support.answers import assert_good
from support.api import PREFIX
from support.chromium import Person, arrived
from support.confirmation import Wanted, fallback_path
from support.local_site import LocalSite
from support.oidc import OidcProvider
from support.server import Server

SECRET = "a secret of the provider and this server alone"


@pytest.fixture(scope="session")
def provider(tmp_path_factory) -> Iterator[OidcProvider]:
    people = {
        name: {"preferred_username": name, "name": name.capitalize()} for name in ("alice", "carol")
    }
    client = {
        "client_id": "latchkey",
        "client_secret": SECRET,
        # At any port of this machine (RFC 8252 section 7.3): each test has a server of its own.
        "redirect_uris": ["http://127.0.0.1/account/providers/corp/callback"],
        "application_type": "native",
        "post_logout_redirect_uris": ["http://127.0.0.1/account/signed-out"],
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
    }
    corp = OidcProvider(tmp_path_factory.mktemp("provider"), [client], people)
    try:
        yield corp.start()
    finally:
        corp.close()


@pytest.fixture
def corp(server, provider) -> Server:
    configured = {
        "id": "corp",
        "kind": "oidc",
        "name": "Corp",
        "issuer": provider.issuer,
        "client_id": "latchkey",
        "client_secret": SECRET,
        "localpart": "{{ claims.preferred_username }}",
        "display_name": "{{ claims.name }}",
        "registration": True,
    }
    return server.restart({"sign_in": {"providers": [configured]}})


def sign_in_there(person: Person) -> None:
    sign_in_there_as(person, person.name)


def sign_in_there_as(person: Person, name: str) -> None:
    person.open("/account/sign-in")
    person.press("Continue with Corp")
    person.page.get_by_label("Login").fill(name)
    person.press("Sign in")


def test_a_newcomer_chooses_a_name(corp, newcomer, judge):
    carol = newcomer("carol")
    carol.open("/account/sign-in")
    judge(carol.page, "sign-in-provider")
    sign_in_there(carol)
    assert carol.heading == "Choose your user name"
    judge(carol.page, "newcomer")
    carol.submit("Create an account", user="no name")
    assert "User name" in carol.text and "letters" in carol.alert
    carol.submit("Create an account", user="carol")
    assert carol.path == "/account/"
    assert carol.matrix_id in carol.text

    carol.press("Ways to sign in")
    judge(carol.page, "ways-in")
    carol.press("Remove Corp")
    assert "could not sign in" in carol.alert
    judge(carol.page)


def test_the_owner_of_the_name_proves_the_account(corp, alice, judge):
    sign_in_there(alice)
    assert alice.heading == "Is this your account?"
    judge(alice.page, "prove-account")
    alice.submit("Sign in", password="wrong")
    assert "not your password" in alice.alert
    alice.submit("Sign in", password=alice.secret)
    assert alice.path == "/account/"

    alice.open("/account/ways-in")
    alice.press("Remove Corp")
    assert alice.notice == "That way to sign in is removed."


def test_who_cancels_there_comes_back_to_the_page(corp, newcomer, judge):
    carol = newcomer("carol")
    carol.open("/account/sign-in")
    carol.press("Continue with Corp")
    carol.press("Cancel")
    assert carol.heading == "Signing in did not work"
    judge(carol.page)
    carol.press("Back to signing in")
    assert carol.path.startswith("/account/sign-in")


def sign_out_there(person: Person) -> None:
    """Else the provider asks, by a script, whether one of two people is to be forgotten."""
    person.page.context.clear_cookies(name=re.compile("^_"))


def sign_app_in(person: Person, elsewhere: LocalSite) -> str:
    """The access token of an app of the legacy API that came by the browser."""
    query = urlencode({"redirectUrl": f"{elsewhere.url}/app"})
    person.open(f"{PREFIX}/login/sso/redirect/corp?{query}")
    person.press("Continue")
    token = arrived(person.page, elsewhere.url)["loginToken"]
    body = {"type": "m.login.token", "token": token, "device_id": "PHONE"}
    answer = person.server.api.request("POST", f"{PREFIX}/login", json=body)
    return assert_good(answer)["access_token"]


def test_what_an_app_does_is_confirmed_there(corp, newcomer, elsewhere, judge):
    carol = newcomer("carol")
    sign_in_there(carol)
    carol.submit("Create an account", user="carol")
    token = sign_app_in(carol, elsewhere)
    wanted = Wanted(corp.api, "DELETE", "devices/PHONE", {}, token)
    session = wanted.session()
    carol.open(f"{fallback_path('m.login.sso')}?session={session}")
    assert carol.heading == "Confirm that it is you"
    assert "delete the device PHONE" in carol.text
    judge(carol.page, "confirm-for-app")
    sign_out_there(carol)
    carol.press("Confirm with Corp")
    carol.page.get_by_label("Login").fill("alice")
    carol.press("Sign in")
    assert carol.heading == "Nothing was confirmed"
    judge(carol.page)
    carol.press("Open the page again")
    sign_out_there(carol)
    carol.press("Confirm with Corp")
    carol.page.get_by_label("Login").fill("carol")
    carol.press("Sign in")
    assert carol.heading == "That worked"
    assert_good(wanted.ask({"session": session}))


def test_who_is_signed_in_adds_a_provider_and_takes_it_away(corp, alice, judge):
    alice.sign_in("/account/ways-in")
    judge(alice.page)
    alice.press("Add Corp")
    alice.page.get_by_label("Login").fill("carol")
    alice.press("Sign in")
    assert alice.path == "/account/ways-in"
    assert "Remove Corp" in alice.page.content()
    judge(alice.page)
    alice.page.context.clear_cookies()
    sign_in_there_as(alice, "carol")
    assert alice.matrix_id in alice.text
    alice.open("/account/ways-in")
    alice.press("Remove Corp")
    assert alice.notice == "That way to sign in is removed."


def test_who_is_about_to_destroy_something_proves_there_who_they_are(corp, newcomer, judge):
    carol = newcomer("carol")
    sign_in_there(carol)
    carol.submit("Create an account", user="carol")
    carol.open("/account/sign-in?again=1&next=/account/deactivate")
    judge(carol.page)
    carol.press("Confirm with Corp")
    carol.page.get_by_label("Login").fill("carol")
    carol.press("Sign in")
    assert carol.path == "/account/deactivate"


def test_who_is_named_by_an_app_lands_at_the_provider(corp, newcomer):
    carol = newcomer("carol")
    sign_in_there(carol)
    carol.submit("Create an account", user="carol")
    carol.page.context.clear_cookies()
    carol.open("/account/devices?login_hint=mxid:@carol:example.com")
    carol.page.get_by_label("Login").fill("carol")
    carol.press("Sign in")
    assert carol.path.startswith("/account/devices")


def test_who_signs_out_may_sign_out_there_too(corp, newcomer, judge):
    carol = newcomer("carol")
    sign_in_there(carol)
    carol.submit("Create an account", user="carol")
    judge(carol.page)
    carol.press("Sign out of this browser")
    assert carol.heading == "You are signed out"
    judge(carol.page, "signed-out-here")
    carol.press("Sign in")
    assert "Continue with Corp" in carol.text
