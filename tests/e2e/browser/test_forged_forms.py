"""Another site makes the browser send a form of these pages: nothing happens."""

from collections.abc import Callable
from html import escape

import pytest

from support.chromium import Person
from support.oauth import OAuthClient, Television


def trap(url: str, fields: dict[str, str], scripts: bool) -> str:
    inputs = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields.items()
    )
    send = "<script>document.forms[0].submit()</script>" if scripts else ""
    return (
        f'<!doctype html><title>You have won</title><form method="post" action="{escape(url)}">'
        f"{inputs}<button>Open your present</button></form>{send}"
    )


@pytest.fixture
def lure(elsewhere, way) -> Callable[[Person, str, dict], None]:
    """`lure(person, path, fields)`: the person opens a page that sends a form to the server."""
    # From the same host cookies come along (SameSite knows no ports), from another they do not.
    # How wide the browser is has nothing to do with it, but each is to be seen.
    host = "127.0.0.1" if way.width > 1000 else "localhost"

    def lure(person: Person, path: str, fields: dict[str, str]) -> None:
        elsewhere.pages["/present"] = trap(person.server.url + path, fields, way.scripts)
        with person.page.expect_response(lambda answer: answer.request.method == "POST") as sent:
            person.open(f"http://{host}:{elsewhere.port}/present")
            if not way.scripts:
                person.page.get_by_role("button").click()
        person.page.wait_for_url(f"{person.server.url}/**")
        if sent.value.status == 403:
            assert "Nothing was changed" in person.text
        else:
            # It came without the cookie, and was taken for somebody who has to sign in.
            assert sent.value.status == 303, path
            assert sent.value.headers["location"].startswith("/account/sign-in"), path

    return lure


def test_account_stays_as_it_is(alice, newcomer, lure):
    token = alice.add_device("PHONE", "Telephone")
    alice.sign_in("/account/")  # just now: no form asks for the password
    for path, fields in [
        ("/account/profile", {"name": "Mallory"}),
        ("/account/device", {"device_id": "PHONE", "name": "Mallory"}),
        ("/account/device/delete", {"device_id": "PHONE"}),
        ("/account/sign-out-everywhere", {}),
        ("/account/deactivate", {"confirm": alice.matrix_id}),
        ("/account/password", {"current": alice.secret, "password": "new", "repeated": "new"}),
        ("/account/browsers/end", {"browser": "1"}),
        ("/account/apps/end", {"app": "1"}),
        ("/account/sign-out", {}),
    ]:
        lure(alice, path, fields)
    assert alice.works(token) and alice.may_sign_in
    alice.open("/account/device?device_id=PHONE")
    assert alice.heading == "Telephone", "still signed in, and not renamed"
    alice.open("/account/")
    assert "Mallory" not in alice.text


def test_nobody_is_signed_in_as_somebody_else(alice, newcomer, lure):
    mallory = newcomer("mallory").with_account()
    known = {"user": mallory.name, "password": mallory.secret}
    lure(alice, "/account/sign-in", known)
    lure(alice, "/account/sign-up", known | {"user": "new", "repeated": mallory.secret})
    alice.open("/account/")
    assert alice.path.startswith("/account/sign-in")


def test_nothing_is_let_into_the_account(server, alice, elsewhere, lure):
    app = OAuthClient(
        server.api, application_type="native", redirect_uris=["http://127.0.0.1/callback"]
    )
    app.redirect_uri = f"{elsewhere.url}/callback"
    television = Television(server)
    begun = television.begin()
    alice.sign_in("/account/")
    lure(alice, app.ask().url, {"decision": "allow"})
    lure(alice, "/account/sso", {"redirect_url": elsewhere.url})
    lure(alice, "/link", {"user_code": begun["user_code"], "decision": "allow"})
    assert television.poll(begun).json()["error"] == "authorization_pending"
    alice.open("/account/devices")
    assert "not signed in to any app" in alice.text


def test_pages_are_not_shown_in_a_frame(alice, elsewhere, blocked):
    alice.sign_in("/account/")
    elsewhere.pages["/frame"] = f'<iframe src="{alice.server.url}/account/deactivate"></iframe>'
    alice.open(f"{elsewhere.url}/frame")
    frame = alice.page.frames[1]
    assert frame.locator("form").count() == 0
    assert any("frame" in reason for reason in blocked), blocked
    blocked.clear()
