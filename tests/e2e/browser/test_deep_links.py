"""The links of MSC4191 that apps open: signed in and signed out, by every name they have."""

import re

import pytest

PAGES = {
    "profile": ("Profile", "/account/profile"),
    "devices": ("Your devices", "/account/devices"),
    "device": ("Telephone", "/account/device?device_id=PHONE"),
    "delete": ("Delete this device?", "/account/device/delete?device_id=PHONE"),
    "deactivate": ("Deactivate this account?", "/account/deactivate"),
    "reset": ("Reset your encryption identity", "/account/cross-signing-reset"),
}
LINKS = {
    "org.matrix.profile": "profile",
    "org.matrix.devices_list": "devices",
    "org.matrix.device_view": "device",
    "org.matrix.device_delete": "delete",
    "org.matrix.account_deactivate": "deactivate",
    "org.matrix.cross_signing_reset": "reset",
    "profile": "profile",
    "sessions_list": "devices",
    "session_view": "device",
    "session_end": "delete",
    "org.matrix.sessions_list": "devices",
    "org.matrix.session_view": "device",
    "org.matrix.session_end": "delete",
}


def link(action: str) -> str:
    return f"/account/?action={action}&device_id=PHONE"


@pytest.fixture
def token(alice) -> str:
    return alice.add_device("PHONE", "Telephone")


def assert_there(alice, action: str) -> None:
    heading, path = PAGES[LINKS[action]]
    assert (alice.heading, alice.path) == (heading, path), action


def test_signed_in(alice, token, judge):
    alice.sign_in("/account/")
    judged = set()
    for action, page in LINKS.items():
        alice.open(link(action))
        assert_there(alice, action)
        if page not in judged:
            judge(alice.page, "cross-signing-reset" if page == "reset" else None)
            judged.add(page)
    assert alice.works(token), "links alone do nothing"


def test_signed_out(alice, token, judge):
    for action in LINKS:
        alice.page.context.clear_cookies()
        alice.open(link(action))
        assert alice.heading == "Sign in", action
        alice.sign_in()
        assert_there(alice, action)
    assert alice.works(token)


def test_app_asks_for_a_device_without_naming_it(alice, token):
    alice.sign_in("/account/?action=org.matrix.device_view")
    assert alice.path == "/account/devices"


def test_unknown_action_opens_the_account(alice, judge):
    alice.sign_in("/account/?action=org.example.dance")
    assert "something that these pages do not have" in alice.notice
    assert alice.matrix_id in alice.text
    judge(alice.page)


def without_number(text: str) -> str:
    """The page's text but for the number of its request."""
    shown, count = re.subn(r"\b[0-9a-f]{16}\b", "", text)
    assert count == 1
    return shown


def test_device_of_somebody_else_is_like_none(alice, newcomer, judge):
    bob = newcomer("bob").with_account()
    token = bob.add_device("PHONE", "Bob's secret telephone")
    alice.sign_in("/account/")
    for action in ("org.matrix.device_view", "org.matrix.device_delete"):
        alice.open(link(action))
        assert alice.heading == "There is no such device"
        theirs = without_number(alice.text)
        alice.open(f"/account/?action={action}&device_id=NOBODYS")
        assert without_number(alice.text) == theirs
    judge(alice.page, "device-missing")
    assert bob.works(token)
    alice.press("To your devices")
    assert "not signed in to any app" in alice.text
    judge(alice.page)
