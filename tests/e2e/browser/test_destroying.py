"""What cannot be undone: looked at and left alone, then done. The password is asked for again."""

import pytest

from support.clock import HOUR
from support.secrets import password


@pytest.fixture
def token(alice) -> str:
    return alice.add_device("PHONE", "Telephone")


@pytest.fixture
def kept(alice) -> str:
    return alice.add_device("TABLET", "Tablet")


@pytest.fixture
def later(alice, clock, token, kept):
    """Alice signed in an hour ago."""
    alice.sign_in("/account/")
    clock.advance(HOUR)
    return alice


def test_device_is_kept_then_deleted(later, token, kept, judge):
    alice = later
    alice.open("/account/?action=org.matrix.device_delete&device_id=PHONE")
    told = ("Telephone", "PHONE", "1 hour ago", "127.0.0.1", "will be lost", "cannot be undone")
    for words in told:
        assert words in alice.text
    judge(alice.page, "device-delete")
    alice.press("Cancel")
    assert alice.heading == "Telephone"
    assert alice.works(token)

    alice.press("Sign out and delete this device")
    alice.submit(password="wrong")
    assert "not your password" in alice.alert
    judge(alice.page)
    assert alice.works(token)
    alice.submit(password=alice.secret)
    assert alice.notice == "The device is signed out and deleted."
    judge(alice.page)
    assert "Telephone" not in alice.text and "Tablet" in alice.text
    assert not alice.works(token)
    assert alice.works(kept)


def test_everything_is_kept_then_signed_out(later, token, kept, other_browser, judge):
    alice = later
    other_browser.sign_in("/account/")
    alice.open("/account/sign-out-everywhere")
    assert alice.matrix_id in alice.text
    judge(alice.page, "sign-out-everywhere")
    alice.press("Cancel")
    assert alice.path == "/account/"
    assert alice.works(token)

    alice.press("Sign out everywhere")
    alice.submit(password=alice.secret)
    assert alice.notice == "All your other sessions are ended."
    assert not alice.works(token) and not alice.works(kept)
    other_browser.open("/account/")
    assert other_browser.path.startswith("/account/sign-in")


def test_account_is_kept_then_deactivated(later, token, judge):
    alice = later
    alice.open("/account/?action=org.matrix.account_deactivate")
    for words in (alice.matrix_id, "no longer be able to read your messages", "cannot be undone"):
        assert words in alice.text
    judge(alice.page, "deactivate")
    alice.press("Cancel")
    assert alice.path == "/account/"

    alice.press("Deactivate account")
    alice.submit(confirm=alice.name, password="wrong")
    assert "Matrix ID" in alice.alert and "not your password" in alice.alert
    assert alice.focus == "confirm"
    judge(alice.page)
    assert alice.works(token)
    alice.submit(confirm=alice.matrix_id, password=alice.secret)
    assert alice.heading == "Your account is deactivated"
    judge(alice.page, "deactivated")
    assert not alice.works(token)
    alice.sign_in("/account/")
    assert "has been deactivated" in alice.alert


@pytest.mark.parametrize("devices_too", [True, False], ids=["devices-too", "devices-kept"])
def test_password_is_kept_then_changed(later, token, other_browser, judge, devices_too):
    alice = later
    other_browser.sign_in("/account/")
    alice.open("/account/password")
    assert "Encrypted messages" in alice.text
    judge(alice.page, "password" if devices_too else None)
    alice.press("Cancel")
    assert alice.path == "/account/"
    assert alice.may_sign_in

    alice.press("Change password")
    new = password()
    alice.submit(current="wrong", password=new, repeated=new)
    assert "not your password" in alice.alert and alice.focus == "current"
    judge(alice.page)
    alice.page.set_checked("#devices", devices_too)
    alice.submit(current=alice.secret)
    assert alice.notice == "Your password is changed."
    assert alice.works(token) is not devices_too
    assert not alice.may_sign_in
    alice.secret = new
    assert alice.may_sign_in
    other_browser.open("/account/")
    assert other_browser.path.startswith("/account/sign-in")
