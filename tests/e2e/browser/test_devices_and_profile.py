"""A person looks at their devices and renames one, and changes the name that others see."""

from support.answers import assert_good
from support.chromium import arrived
from support.oauth import OAuthClient, device_scope


def test_device_is_renamed(alice, judge):
    token = alice.add_device("PHONE", "Telephone")
    alice.add_device("TABLET", "Tablet")
    alice.sign_in("/account/")
    alice.press("Your devices")
    judge(alice.page, "devices")
    # The whole row leads there, down to its last corner.
    box = alice.page.locator("li", has_text="Telephone").bounding_box()
    with alice.page.expect_navigation():
        alice.page.mouse.click(box["x"] + box["width"] - 4, box["y"] + box["height"] - 4)
    assert alice.heading == "Telephone"
    alice.open("/account/devices")
    alice.press("Telephone")
    for words in ("PHONE", "Element on Android", "just now", "with the password, in the app"):
        assert words in alice.text
    judge(alice.page, "device")
    alice.submit(name="Old <b>phone</b>")
    assert alice.notice == "Saved."
    assert alice.heading == "Old <b>phone</b>"
    judge(alice.page)
    alice.submit(name="x" * 1000)
    alice.open("/account/devices")
    assert alice.works(token)


def test_one_of_many_devices_is_found(alice, judge):
    for number in range(6):
        alice.add_device(f"PHONE{number}", f"Telephone {number}")
    alice.sign_in("/account/devices")
    judge(alice.page, "devices-many")
    alice.submit("Search", search="telephone 4")
    assert "1 device found" in alice.text
    assert "PHONE4" in alice.text and "PHONE3" not in alice.text
    judge(alice.page)
    alice.submit("Search", search="tablet")
    assert alice.notice.startswith("None of your devices has all these words.")
    judge(alice.page)
    alice.press("Show all devices")
    assert "PHONE3" in alice.text
    alice.press("Telephone 4")
    assert alice.heading == "Telephone 4"


def test_more_devices_than_a_page_holds(alice, judge):
    for number in range(60):
        alice.add_device(f"PHONE{number:02}", f"Telephone {number:02}")
    alice.sign_in("/account/devices")
    assert "PHONE59" in alice.text and "PHONE09" not in alice.text
    judge(alice.page)
    alice.press("Next page")
    assert "PHONE09" in alice.text and "PHONE59" not in alice.text
    assert "Page 2 of 2" in alice.text
    judge(alice.page)
    alice.press("By app")
    assert "Page 1 of 2" in alice.text


def test_what_the_person_holds(server, elsewhere, alice, judge):
    app = OAuthClient(
        server.api, application_type="native", redirect_uris=["http://127.0.0.1/callback"]
    )
    app.redirect_uri = f"{elsewhere.url}/callback"
    alice.add_device("TABLET", "Tablet")
    alice.sign_in("/account/")
    for scope in (device_scope("HERE"), "openid"):
        asked = app.ask(scope=scope)
        alice.open(asked.url)
        alice.press("Allow")
        assert_good(app.exchange(asked, arrived(alice.page, f"{app.redirect_uri}?")["code"]))
    alice.open("/account/devices")
    assert alice.text.count("This device") == 1
    assert "Other apps" in alice.text
    judge(alice.page, "devices-held")
    alice.press("Sign out: An App")
    assert alice.notice == "The app is signed out."
    alice.open("/account/password")
    assert "Also sign out my other devices" in alice.text
    assert "what this browser has let in: An App." in alice.text
    judge(alice.page, "password-held")


def test_softly_signed_out_device_says_so(server, alice, judge):
    alice.add_device("PHONE", "Telephone", refresh_token=True)
    server.command("user", "soft-logout", alice.name)
    alice.sign_in("/account/devices")
    assert "Waits for you to sign in again" in alice.text
    judge(alice.page)
    alice.press("Telephone")
    assert "goes on with its encrypted messages" in alice.text
    judge(alice.page, "device-soft")


def test_name_that_apps_are_told(server, alice, judge):
    server.command("user", "add-threepid", alice.name, "email", "alice@example.com")
    alice.sign_in("/account/")
    alice.press("Profile")
    assert "alice@example.com" in alice.text
    alice.submit(name="Alice")
    assert alice.notice == "Saved."
    judge(alice.page, "profile")
    alice.press("Back to your account")
    assert "Alice" in alice.text
    judge(alice.page)
    assert assert_good(server.api.login(alice.name, alice.secret))
