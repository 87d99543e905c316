"""An app sends a person to the browser (OAuth 2.0), and gets them back with an answer."""

from collections.abc import Iterator
from urllib.parse import parse_qsl

import pytest
import yaml
from playwright.sync_api import expect

from support.answers import assert_good
from support.chromium import Person, answer_in, arrived
from support.clock import HOUR
from support.local_site import LocalSite
from support.oauth import ConfiguredClient, OAuthClient

OF_THE_APP = {
    "policy_uri": "https://app.example/privacy",
    "tos_uri": "https://app.example/terms",
}


@pytest.fixture
def app(server, elsewhere) -> OAuthClient:
    """An app on the person's machine; its answers come to `elsewhere`."""
    client = OAuthClient(
        server.api, application_type="native", redirect_uris=["http://127.0.0.1/callback"]
    )
    client.redirect_uri = f"{elsewhere.url}/callback"
    return client


def device_of(app, asked, told) -> str:
    """What the app does with the code it got: the device that it is signed in as."""
    assert told["state"] == asked.query["state"]
    tokens = assert_good(app.exchange(asked, told["code"]))
    return assert_good(app.api.whoami(tokens["access_token"]))["device_id"]


def test_allows(app, alice, judge):
    asked = app.ask("FIRST")
    alice.sign_in(asked.url)
    for words in ("An App", alice.matrix_id, "as the device FIRST", "on this device"):
        assert words in alice.text
    judge(alice.page, "consent-native")
    alice.press("Allow")
    assert device_of(app, asked, arrived(alice.page, f"{app.redirect_uri}?")) == "FIRST"

    asked = app.ask("SECOND", response_mode="fragment")
    alice.open(asked.url)
    alice.press("Allow")
    assert device_of(app, asked, arrived(alice.page, f"{app.redirect_uri}#")) == "SECOND"

    alice.open("/account/?action=org.matrix.device_view&device_id=FIRST")
    assert "An App" in alice.text and "in the browser" in alice.text
    judge(alice.page)


@pytest.mark.parametrize("decision", ["Allow", "Deny"])
def test_answers_by_a_form(app, alice, way, judge, decision):
    """Which sends itself, or waits for a click where no scripts run."""
    asked = app.ask("FIRST", response_mode="form_post", state="ä \"<'>&#10;+")
    alice.sign_in(asked.url)
    with alice.page.expect_request(app.redirect_uri) as sent:
        alice.page.get_by_role("button", name=decision, exact=True).click()
        if not way.scripts:
            alice.page.get_by_role("button", name="Back to An App").wait_for()
            judge(alice.page)
            alice.press("Back to An App")
    assert sent.value.method == "POST"
    told = dict(parse_qsl(sent.value.post_data))
    assert told["state"] == asked.query["state"]
    if decision == "Allow":
        assert device_of(app, asked, told) == "FIRST"
    else:
        assert told["error"] == "access_denied"


@pytest.fixture
def further(elsewhere) -> Iterator[LocalSite]:
    """Another origin, to which the application's address redirects."""
    site = LocalSite()
    elsewhere.redirects["/callback"] = f"{site.url}/home"
    yield site
    site.close()


@pytest.mark.parametrize("decision", ["Allow", "Deny"])
def test_an_app_that_redirects_on_to_another_origin(app, further, alice, decision):
    """Chromium holds the whole chain of redirects after a form against the form's page."""
    asked = app.ask("FIRST")
    alice.sign_in(asked.url)
    alice.press(decision)
    told = arrived(alice.page, f"{further.url}/home?")
    assert told["state"] == asked.query["state"]
    assert ("code" in told) == (decision == "Allow")


def test_an_app_that_redirects_on_after_a_form_of_the_answer(app, further, alice, way):
    asked = app.ask("FIRST", response_mode="form_post")
    alice.sign_in(asked.url)
    alice.page.get_by_role("button", name="Allow", exact=True).click()
    if not way.scripts:
        alice.press("Back to An App")
    arrived(alice.page, f"{further.url}/home")


def test_the_operators_own_app_is_reached_from_the_password(
    make_sqlite_server, open_browser, tmp_path
):
    """Nobody asks for consent there, and the sign-in page's forms lead nowhere else."""
    client = {"client_id": "own", "first_party": True, "token_endpoint_auth_method": "none"}
    client["redirect_uris"] = ["https://console.example.com/callback"]
    file = tmp_path / "clients.yaml"
    file.write_text(yaml.safe_dump({"clients": [client]}))
    server = make_sqlite_server(oauth={"clients_file": str(file)})
    page = open_browser(base_url=server.url)
    alice = Person(server, page, "alice").with_account()
    page.route(
        "https://console.example.com/**",
        lambda route: route.fulfill(body="<title>The app</title>", content_type="text/html"),
    )
    own = ConfiguredClient(server.api, "own", client["redirect_uris"][0])
    asked = own.ask()
    alice.open(asked.url)
    alice.page.fill("#user", alice.name)
    alice.page.fill("#password", alice.secret)
    alice.page.locator("form button[type=submit]").click()
    told = arrived(alice.page, own.redirect_uri)
    assert told["state"] == asked.query["state"]
    assert "code" in told


def test_app_with_a_scheme_of_its_own(server, alice):
    """No such app is installed here; what can be seen is that Chromium would have opened it."""
    app = OAuthClient(
        server.api, application_type="native", redirect_uris=["example.app:/signed-in"]
    )
    asked = app.ask("FIRST")
    alice.sign_in(asked.url)
    with alice.page.expect_request(lambda request: request.url.startswith("example.app:")) as sent:
        alice.page.get_by_role("button", name="Allow").click()
    assert device_of(app, asked, answer_in(sent.value.url)) == "FIRST"


def test_denies(app, alice):
    for mode, mark in (("query", "?"), ("fragment", "#")):
        asked = app.ask(response_mode=mode)
        alice.open(asked.url)
        if mode == "query":
            alice.sign_in()
        alice.press("Deny")
        told = arrived(alice.page, f"{app.redirect_uri}{mark}")
        assert told["error"] == "access_denied"
        assert "code" not in told


def test_web_app_is_shown_with_its_host_and_papers(server, alice, judge):
    web = OAuthClient(server.api, **OF_THE_APP)
    alice.sign_in(web.ask("EXAMPLEDEVICE").url)
    assert "sent back to app.example" in alice.text
    for name, uri in (("Privacy policy", "privacy"), ("Terms", "terms")):
        link = alice.page.get_by_role("link", name=f"{name} of the app")
        expect(link).to_have_attribute("href", f"https://app.example/{uri}")
    judge(alice.page, "consent")


def test_somebody_else_sits_at_the_browser(app, alice, newcomer, judge):
    bob = newcomer("bob").with_account()
    asked = app.ask("BOBS")
    alice.sign_in(asked.url)
    bob.page = alice.page
    bob.press("Not you? Use another account")
    assert bob.heading == "Use another account"
    judge(bob.page, "sign-in-another")
    bob.submit(user=bob.name, password="wrong")
    assert "do not belong together" in bob.alert
    assert bob.heading == "Use another account"
    bob.sign_in()
    assert bob.matrix_id in bob.text and alice.matrix_id not in bob.text
    bob.press("Allow")
    assert device_of(app, asked, arrived(bob.page, app.redirect_uri)) == "BOBS"
    bob.open("/account/")
    assert bob.matrix_id in bob.text


def test_makes_an_account_on_the_way(app, newcomer):
    alice = newcomer("alice")
    asked = app.ask("FIRST", prompt="create")
    alice.open(asked.url)
    assert alice.heading == "Create an account"
    alice.submit(user=alice.name, password=alice.secret, repeated=alice.secret)
    assert alice.heading == "Let An App into your account?"
    assert alice.matrix_id in alice.text
    alice.press("Allow")
    assert device_of(app, asked, arrived(alice.page, app.redirect_uri)) == "FIRST"


def test_changes_from_signing_in_to_making_an_account_and_back(app, alice):
    alice.open(app.ask().url)
    alice.press("Create one")
    assert alice.heading == "Create an account"
    alice.press("Sign in")
    alice.sign_in()
    assert alice.heading == "Let An App into your account?"


def test_app_asks_for_the_password_again(app, alice, judge):
    alice.sign_in("/account/")
    alice.open(app.ask(prompt="login").url)
    assert alice.heading == "Confirm that it is you"
    judge(alice.page, "sign-in-again")
    alice.submit(password=alice.secret)
    alice.press("Allow")
    assert "code" in arrived(alice.page, app.redirect_uri)


def test_browser_was_signed_out_meanwhile(app, alice, clock):
    alice.sign_in(app.ask().url)
    clock.advance(24 * 365 * HOUR)
    alice.press("Allow")
    alice.sign_in()
    alice.press("Allow")
    assert "code" in arrived(alice.page, app.redirect_uri)
