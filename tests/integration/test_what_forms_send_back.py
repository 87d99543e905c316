"""What a page does not show, but sends back: it must come as it was. Pages leave out what nobody
sees, and a device ID without that is another device's."""

import pytest

from support.answers import assert_good
from support.api import new_name
from support.browser import Visitor
from support.oauth import OAuthClient
from support.secrets import password

ODD = "PHONE\u200b"  # looks like PHONE


class Owner:
    """Somebody with a browser, PHONE, and a device that looks the same on every page."""

    def __init__(self, server):
        self.api = server.api
        self.name, self.password = new_name(), password()
        assert_good(server.api.register(self.name, self.password, inhibit_login=True))
        self.tokens = {
            device: assert_good(server.api.login(self.name, self.password, device))["access_token"]
            for device in ("PHONE", ODD)
        }
        self.browser = Visitor(server.url)
        self.browser.open("/account/sign-in").submit(user=self.name, password=self.password)

    def live(self) -> set[str]:
        return {
            device
            for device, token in self.tokens.items()
            if self.api.whoami(token).status_code == 200
        }


@pytest.fixture
def owner(server) -> Owner:
    return Owner(server)


def test_a_device_that_looks_like_another_is_deleted_itself(owner):
    page = owner.browser.open("/account/device/delete", device_id=ODD)
    assert page.submit().status == 200
    assert owner.live() == {"PHONE"}


def test_a_device_that_looks_like_another_is_chosen_itself(owner):
    chosen = owner.browser.open("/account/devices")
    asks = chosen.submit(ODD, form=chosen.form_with("device_id"))
    assert asks.submit().status == 200
    assert owner.live() == {"PHONE"}


def test_a_device_that_looks_like_another_is_renamed_itself(owner):
    owner.browser.open("/account/device", device_id=ODD).submit(name="The odd one")
    devices = assert_good(owner.api.devices(owner.tokens["PHONE"]))["devices"]
    names = {device["device_id"]: device["display_name"] for device in devices}
    assert names[ODD] == "The odd one"
    assert names["PHONE"] != "The odd one"


def test_a_new_password_is_kept_as_it_was_typed(server, owner):
    """It is filled in again where another field was wrong."""
    typed = "six\u00adteen \u200bhorses on a boat"
    page = Visitor(server.url).open("/account/sign-up")
    page = page.submit(user=owner.name, password=typed, repeated=typed)
    assert "user" in page.wrong
    assert page.value_of("password") == typed
    assert page.value_of("repeated") == typed


def test_an_app_gets_its_state_as_it_sent_it(server, owner):
    """By form_post; it compares the two."""
    client = OAuthClient(server.api)
    state = "a\u200b\u202eb"
    page = owner.browser.open(client.ask(response_mode="form_post", scope="x", state=state).url)
    assert page.form.hidden["state"] == state


def language_links(page) -> list[str]:
    return [a["href"] for tag, a in page.tags if tag == "a" and "hreflang" in a]


def test_a_language_is_chosen_for_the_same_page(server, owner):
    """What was typed is in no address."""
    signed_out = Visitor(server.url)
    sign_up = signed_out.post("/account/sign-up", [("token", "typed"), ("next", "/link")])
    assert sign_up.status == 403
    assert language_links(sign_up)
    for link in language_links(sign_up):
        assert "token=" not in link
        assert "next=" in link
    sso = owner.browser.post("/account/sso", [("redirect_url", "https://app.example/")])
    assert sso.status == 403
    assert language_links(sso)
    for link in language_links(sso):
        assert "redirect_url=" in link


def test_a_wrong_password_is_said_though_none_was_asked_for(owner):
    """Another tab has just confirmed who it is, and this page was older."""
    page = owner.browser.open("/account/device/delete", device_id="PHONE")
    assert "password" not in page.form.fields
    sent = [*page.form.hidden.items(), ("password", password())]
    refused = owner.browser.post("/account/device/delete", sent)
    assert refused.status == 403
    assert "password" in refused.wrong
    assert owner.live() == {"PHONE", ODD}
