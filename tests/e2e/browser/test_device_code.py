"""A device without a browser shows a code, which a person types on another one (RFC 8628)."""

import pytest

from support.answers import assert_good
from support.oauth import Television

ANDROID_TV = {"User-Agent": "ExampleTV/2.1 (Android 14)"}


@pytest.fixture
def television(server) -> Television:
    television = Television(server)
    television.device = "TELEVISION"
    return television


def assert_waits(television, begun) -> None:
    assert television.poll(begun).json()["error"] == "authorization_pending"


def complete(alice, begun) -> str:
    return begun["verification_uri_complete"].removeprefix(alice.server.url)


def test_types_the_code_and_allows(alice, television, clock, judge):
    begun = television.begin(headers=ANDROID_TV)
    alice.sign_in(begun["verification_uri"].removeprefix(alice.server.url))
    assert alice.heading == "Sign in another device"
    judge(alice.page, "link-code")
    code = begun["user_code"].lower().replace("-", "")
    alice.submit(user_code=f" {code[:3]} {code[3:]} ")
    assert alice.heading == "Sign in A Television on another device?"
    for words in ("127.0.0.1", alice.matrix_id, "they would get into"):
        assert words in alice.text
    assert begun["user_code"] not in alice.text
    judge(alice.page, "link-decide")
    assert_waits(television, begun)
    alice.press("Allow")
    assert alice.heading == "The device is signed in"
    judge(alice.page, "link-done")
    clock.advance(5)
    tokens = assert_good(television.poll(begun))
    who = assert_good(alice.server.api.whoami(tokens["access_token"]))
    assert (who["user_id"], who["device_id"]) == (alice.matrix_id, "TELEVISION")


def test_denies(alice, television, judge):
    begun = television.begin()
    alice.sign_in(complete(alice, begun))
    alice.press("Deny")
    assert alice.heading == "The device stays out"
    judge(alice.page, "link-denied")
    assert television.poll(begun).json()["error"] == "access_denied"


def test_wrong_code_then_the_right_one(alice, television, judge):
    begun = television.begin()
    alice.sign_in("/link")
    alice.submit(user_code="BCDF-GHJK")
    assert "No device waits with this code" in alice.alert
    judge(alice.page, "link-unknown")
    alice.submit(user_code=begun["user_code"])
    assert "A Television" in alice.heading


def test_somebody_else_sits_at_the_browser(alice, newcomer, television):
    bob = newcomer("bob").with_account()
    begun = television.begin()
    alice.sign_in(complete(alice, begun))
    alice.press("Not you? Use another account")
    bob.page = alice.page
    bob.sign_in()
    assert bob.matrix_id in bob.text
    bob.press("Allow")
    tokens = assert_good(television.poll(begun))
    assert assert_good(bob.server.api.whoami(tokens["access_token"]))["user_id"] == bob.matrix_id
