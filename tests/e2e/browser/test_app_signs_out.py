"""An app that a person signs out of offers to sign them out of the browser too (RP-initiated
logout)."""

from urllib.parse import urlencode

import pytest

from support.answers import assert_good
from support.chromium import arrived
from support.local_site import LocalSite
from support.oauth import OAuthClient, device_scope


@pytest.fixture
def app(server, elsewhere) -> OAuthClient:
    client = OAuthClient(
        server.api,
        application_type="native",
        redirect_uris=["http://127.0.0.1/callback"],
        post_logout_redirect_uris=["http://127.0.0.1/signed-out"],
    )
    client.redirect_uri = f"{elsewhere.url}/callback"
    client.back = f"{elsewhere.url}/signed-out"
    return client


@pytest.fixture
def tokens(app, alice) -> dict:
    asked = app.ask(scope=f"openid {device_scope('FIRST')}")
    alice.sign_in(asked.url)
    alice.press("Allow")
    code = arrived(alice.page, f"{app.redirect_uri}?")["code"]
    return assert_good(app.exchange(asked, code))


def link(app, **query: str) -> str:
    asked = {"client_id": app.id, "post_logout_redirect_uri": app.back, "state": "st"} | query
    return f"/oauth2/logout?{urlencode(asked)}"


def test_stays_and_then_signs_out(app, alice, tokens, judge):
    asked = link(app, id_token_hint=tokens["id_token"])
    alice.open(asked)
    assert "An App" in alice.text and alice.matrix_id in alice.text
    judge(alice.page, "logout")
    alice.press("Stay signed in")
    assert arrived(alice.page, app.back) == {"state": "st"}
    alice.open("/account/")
    assert alice.heading == "Your account"

    alice.open(asked)
    alice.press("Sign out")
    assert arrived(alice.page, app.back) == {"state": "st"}
    alice.open("/account/")
    assert alice.path.startswith("/account/sign-in")
    assert alice.works(tokens["access_token"]), "the app signs itself out"

    alice.open(asked)
    assert alice.heading == "You are signed out", "nothing is left to ask"
    alice.press("Back to An App")
    assert arrived(alice.page, app.back) == {"state": "st"}


def test_an_app_that_redirects_on_to_another_origin(app, alice, tokens, elsewhere):
    site = LocalSite()
    try:
        elsewhere.redirects["/signed-out"] = f"{site.url}/home"
        alice.open(link(app, id_token_hint=tokens["id_token"]))
        alice.press("Sign out")
        assert arrived(alice.page, f"{site.url}/home?") == {"state": "st"}
        alice.open("/account/")
        assert alice.path.startswith("/account/sign-in")
    finally:
        site.close()


def test_a_link_of_anybody_leads_nobody_away(app, alice, judge):
    alice.open(link(app))
    assert alice.heading == "You are signed out"
    judge(alice.page, "logged-out")
    alice.press("Back to An App")
    assert arrived(alice.page, app.back) == {"state": "st"}


def test_an_address_that_the_app_did_not_register(app, alice, judge):
    alice.open(link(app, post_logout_redirect_uri="https://evil.example/"))
    assert "an address that it has not registered" in alice.text
    judge(alice.page)
