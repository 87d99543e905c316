"""What went wrong, told to the person: what happened, and what to do next."""

import re

import pytest
from playwright.sync_api import expect

from support.oauth import OAuthClient


@pytest.fixture
def app(server) -> OAuthClient:
    return OAuthClient(server.api)


def test_unknown_app(app, alice, judge):
    asked = app.ask(client_id="nobody")
    alice.open(asked.url)
    assert alice.heading == "The app cannot go on"
    assert "Go back to it and begin again" in alice.text
    judge(alice.page, "app-unknown")


def test_address_that_the_app_did_not_register(app, alice, judge):
    alice.open(app.ask(redirect_uri="https://evil.example/callback").url)
    assert "an address that it has not registered" in alice.text
    judge(alice.page, "app-wrong-address")


def test_request_that_cannot_be_read(app, alice, judge):
    alice.open(f"{app.ask().url}&x=%zz")
    assert "cannot be read" in alice.text and "begin again" in alice.text
    judge(alice.page)


def test_request_of_an_app_that_cannot_be_granted(app, alice, judge):
    asked = app.ask(scope="nonsense")
    alice.open(asked.url)
    assert "cannot be given" in alice.text
    judge(alice.page, "app-refused")
    expect(alice.page.get_by_role("link", name="Back to An App")).to_have_attribute(
        "href", re.compile(f"^{re.escape(app.redirect_uri)}.*error=invalid_scope")
    )


def test_page_that_is_not_there(alice, judge):
    alice.open("/account/nothing")
    assert alice.heading == "There is no such page"
    judge(alice.page, "no-page")
    alice.press("Back to your account")
    assert alice.path.startswith("/account/sign-in")


def test_form_that_is_too_old(alice, judge):
    alice.open("/account/sign-in")
    alice.page.context.clear_cookies()
    alice.submit(user=alice.name, password=alice.secret)
    assert "Nothing was changed" in alice.text
    judge(alice.page, "form-old")
    alice.press("Open the page again")
    alice.sign_in()
    assert alice.path == "/account/"


def test_consent_of_somebody_who_was_signed_out_meanwhile(app, alice):
    """Nothing is decided, and the question comes again."""
    alice.sign_in(app.ask().url)
    alice.page.context.clear_cookies()
    alice.press("Allow")
    alice.sign_in()
    expect(alice.page.get_by_role("button", name="Allow")).to_be_visible()


def test_locked_account(server, alice, judge):
    server.command("user", "lock", alice.name)
    alice.sign_in("/account/")
    assert "locked for now" in alice.alert
    judge(alice.page)


def test_too_many_attempts(server, alice, judge):
    server.restart({"rate_limits": {"enabled": True}})
    alice.open("/account/sign-in")
    for _ in range(30):
        alice.submit(user=alice.name, password="wrong")
        if "Too many attempts" in alice.alert:
            break
    assert "then try again" in alice.alert
    judge(alice.page)
