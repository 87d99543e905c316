"""An app of the legacy API sends a person to the browser (m.login.sso), and gets them back."""

from urllib.parse import urlencode

import pytest

from support.answers import assert_good
from support.api import PREFIX
from support.chromium import arrived
from support.local_site import LocalSite


def redirect(target: str, action: str | None = None) -> str:
    query = {"redirectUrl": target} | ({"action": action} if action else {})
    return f"{PREFIX}/login/sso/redirect?{urlencode(query)}"


def log_in(person, told: dict[str, str]) -> str:
    """The app turns the token it was brought into its own."""
    body = {"type": "m.login.token", "token": told["loginToken"], "device_id": "LEGACY"}
    answer = person.server.api.request("POST", f"{PREFIX}/login", json=body)
    return assert_good(answer)["user_id"]


@pytest.fixture
def target(elsewhere) -> str:
    return f"{elsewhere.url}/app?x=1"


def test_signs_in(alice, target, judge):
    alice.sign_in(redirect(target))
    assert target.split("/")[2] in alice.text and alice.matrix_id in alice.text
    judge(alice.page)
    alice.press("Continue")
    told = arrived(alice.page, target)
    assert told["x"] == "1"
    assert log_in(alice, told) == alice.matrix_id

    alice.open(redirect(target, "login"))
    alice.press("Continue")
    assert log_in(alice, arrived(alice.page, target)) == alice.matrix_id


def test_app_that_redirects_on_to_another_origin(alice, elsewhere, target):
    site = LocalSite()
    try:
        elsewhere.redirects["/app"] = f"{site.url}/home"
        alice.sign_in(redirect(target))
        alice.press("Continue")
        assert log_in(alice, arrived(alice.page, f"{site.url}/home?")) == alice.matrix_id
    finally:
        site.close()


def test_declines(alice, target):
    alice.sign_in(redirect(target))
    alice.press("Cancel")
    assert alice.path == "/account/"
    alice.press("Your devices")
    assert "not signed in to any app" in alice.text


def test_makes_an_account(newcomer, target):
    alice = newcomer("alice")
    alice.open(redirect(target, "register"))
    assert alice.heading == "Create an account"
    alice.submit(user=alice.name, password=alice.secret, repeated=alice.secret)
    alice.press("Continue")
    assert log_in(alice, arrived(alice.page, target)) == alice.matrix_id


def test_somebody_else_sits_at_the_browser(alice, newcomer, target, judge):
    bob = newcomer("bob").with_account()
    alice.sign_in(redirect("https://app.example/"))
    judge(alice.page, "sso")
    bob.page = alice.page
    bob.open(redirect(target))
    bob.press("Not you? Use another account")
    bob.sign_in()
    assert bob.matrix_id in bob.text
    bob.press("Continue")
    assert log_in(bob, arrived(bob.page, target)) == bob.matrix_id


def test_nobody_is_sent_to_what_is_no_app(alice, judge):
    alice.open(redirect("javascript:alert(1)"))
    assert "no address of an app" in alice.text and "Nothing was sent" in alice.text
    judge(alice.page, "sso-wrong-address")
