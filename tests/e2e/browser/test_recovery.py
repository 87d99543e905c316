"""A person has forgotten the password, and an administrator has given them a link."""

import pytest

from support.secrets import password


@pytest.fixture
def path(server, alice) -> str:
    url = server.command("user", "recovery-link", alice.name)["url"]
    return url.removeprefix(server.url)


def test_new_password(alice, path, newcomer, judge):
    token = alice.add_device("PHONE", "Telephone")
    new = password()
    alice.open(path)
    assert alice.matrix_id in alice.text
    judge(alice.page, "recover")
    alice.submit(password=new, repeated=new + "x")
    assert "not the same" in alice.alert
    judge(alice.page)
    assert alice.works(token) and alice.may_sign_in
    alice.page.check("#devices")
    alice.submit(password=new, repeated=new)
    assert alice.notice == "Your password is changed."
    assert alice.path == "/account/", "the browser is signed in"
    assert not alice.works(token)
    alice.secret = new
    assert alice.may_sign_in

    stranger = newcomer("stranger")
    stranger.open(path)
    assert stranger.heading == "This link is no longer good"
    judge(stranger.page, "recover-gone")
    stranger.press("Sign in")
    assert stranger.heading == "Sign in"


def test_devices_are_kept_unless_the_person_wants_otherwise(alice, path):
    token = alice.add_device("PHONE", "Telephone")
    alice.open(path)
    new = password()
    alice.submit(password=new, repeated=new)
    assert alice.works(token)
