"""People sign in with an identity provider (npm oidc-provider), and see with what else they may."""

from collections.abc import Iterator

import pytest

from support.chromium import Person
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
    person.open("/account/sign-in")
    person.press("Continue with Corp")
    person.page.get_by_label("Login").fill(person.name)
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
