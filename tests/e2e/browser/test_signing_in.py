"""A person makes an account, signs in and out, and gives the password again."""

import pytest
import yaml

from support.clock import HOUR


def test_makes_an_account(newcomer, judge):
    alice = newcomer("alice")
    alice.open("/account/sign-up")
    judge(alice.page, "sign-up")
    alice.submit(user="Not a name!", password="password1", repeated="password1")
    assert "letters a to z" in alice.alert and "easy to guess" in alice.alert
    assert alice.focus == "user"
    judge(alice.page, "sign-up-refused")
    alice.submit(user=alice.name, password=alice.secret, repeated=alice.secret)
    assert "Your account is ready" in alice.notice
    assert alice.matrix_id in alice.text
    judge(alice.page)


def test_signs_in_and_out(alice, judge):
    alice.open("/account/")
    judge(alice.page, "sign-in")
    alice.submit(user=alice.name, password="wrong")
    assert "do not belong together" in alice.alert
    judge(alice.page, "sign-in-refused")
    alice.submit(user=alice.matrix_id, password=alice.secret)
    assert alice.path == "/account/"
    judge(alice.page)
    alice.press("Sign out of this browser")
    assert "You are signed out of this browser" in alice.notice
    judge(alice.page)
    alice.open("/account/")
    assert alice.path.startswith("/account/sign-in")


def test_looks_at_what_is_typed(alice, way):
    """With scripts there is a button for it; without them nothing is offered that does not work."""
    alice.open("/account/sign-in")
    show = alice.page.get_by_role("button", name="Show: Password")
    if not way.scripts:
        assert show.count() == 0
        return
    field = alice.page.locator("#password")
    alice.page.fill("#user", alice.name)
    alice.page.fill("#password", alice.secret)
    show.click()
    assert (field.get_attribute("type"), show.get_attribute("aria-pressed")) == ("text", "true")
    show.click()
    assert (field.get_attribute("type"), show.get_attribute("aria-pressed")) == (
        "password",
        "false",
    )
    show.click()
    # Browsers keep what was sent as text: it is hidden again before.
    alice.page.evaluate(
        """() => {
          const field = document.getElementById("password");
          field.form.addEventListener("submit", () => (sessionStorage.sent = field.type));
        }"""
    )
    alice.press("Sign in")
    assert alice.path == "/account/"
    assert alice.page.evaluate("sessionStorage.sent") == "password"


def test_card_stays_where_it_is(alice):
    places = set()
    for path in ("/account/sign-in", "/account/sign-up", "/account/nothing"):
        alice.open(path)
        box = alice.page.locator("main").bounding_box()
        places.add((box["x"], box["y"], box["width"]))
    alice.sign_in("/account/")
    box = alice.page.locator("main").bounding_box()
    places.add((box["x"], box["y"], box["width"]))
    assert len(places) == 1


def test_other_browser_is_signed_out(alice, other_browser, judge):
    alice.sign_in("/account/")
    other_browser.sign_in("/account/")
    alice.open("/account/")
    judge(alice.page, "home")
    alice.press("Sign out: Firefox on Windows")
    assert "The browser is signed out" in alice.notice
    other_browser.open("/account/")
    assert other_browser.path.startswith("/account/sign-in")


def test_browser_is_forgotten_after_long(alice, clock):
    alice.sign_in("/account/devices")
    clock.advance(24 * 365 * HOUR)
    alice.sign_in("/account/devices")
    assert alice.path == "/account/devices"


def test_reads_from_right_to_left(newcomer, open_browser, judge):
    alice = newcomer("alice")
    alice.page = open_browser(locale="ar-EG")
    alice.open("/account/sign-up")
    judge(alice.page)
    alice.sign_up()
    html = alice.page.locator("html")
    assert (html.get_attribute("lang"), html.get_attribute("dir")) == ("ar", "rtl")
    # What is read first, and the mark of a notice, are at the right edge.
    assert alice.page.evaluate(
        """() => {
          const style = getComputedStyle(document.querySelector(".notice"));
          return [parseFloat(style.borderRightWidth) > 0, parseFloat(style.borderLeftWidth)];
        }"""
    ) == [True, 0]
    [text, column] = alice.page.evaluate(
        """() => {
          const range = document.createRange();
          range.selectNodeContents(document.querySelector("h1"));
          return [range, document.querySelector("h1")].map((at) => {
            const box = at.getBoundingClientRect();
            return [Math.round(box.left), Math.round(box.right)];
          });
        }"""
    )
    assert text[1] == column[1] and text[0] > column[0]
    judge(alice.page, "home-arabic")
    alice.submit("تسجيل الخروج من هذا المتصفح")
    judge(alice.page, "sign-in-arabic")
    # A user name is in Latin letters, and is typed from the left.
    direction = alice.page.locator("#user").evaluate("(field) => getComputedStyle(field).direction")
    assert direction == "ltr"


def test_reads_in_german(newcomer, open_browser, judge):
    alice = newcomer("alice")
    alice.page = open_browser(locale="de-DE")
    alice.sign_up()
    assert alice.page.locator("html").get_attribute("lang") == "de"
    assert "Dein Konto ist fertig" in alice.notice
    judge(alice.page)
    alice.press("In diesem Browser abmelden")
    assert alice.notice == "Du bist in diesem Browser abgemeldet."
    judge(alice.page, "sign-in-german")


@pytest.fixture
def terms(tmp_path):
    file = tmp_path / "terms.yaml"
    file.write_text(
        yaml.safe_dump(
            {
                "policies": {
                    "rules": {
                        "version": "1",
                        "en": {"name": "House rules", "url": "https://example.com/rules"},
                    },
                    "privacy": {
                        "version": "1",
                        "en": {"name": "Privacy policy", "url": "https://example.com/privacy"},
                    },
                }
            }
        )
    )
    return file


def test_makes_an_account_with_a_token_and_terms(server, terms, newcomer, judge):
    server.restart({"registration": {"token_required": True, "terms_file": str(terms)}})
    token = server.command("registration-token", "create", "--uses", "1")["token"]
    alice = newcomer("alice")
    alice.open("/account/sign-up")
    judge(alice.page, "sign-up-full")
    typed = {"user": alice.name, "password": alice.secret, "repeated": alice.secret}
    for box in alice.page.get_by_role("checkbox").all():
        box.check()
    alice.submit(token="wrong", **typed)
    assert "token is not valid" in alice.alert
    assert all(box.is_checked() for box in alice.page.get_by_role("checkbox").all())
    alice.submit(token=token, **typed)
    assert "Your account is ready" in alice.notice


def test_no_accounts_are_given_out(server, newcomer, judge):
    server.restart({"registration": {"open": False}})
    alice = newcomer("alice")
    alice.open("/account/sign-in")
    assert "No account yet?" not in alice.text
    alice.open("/account/sign-up")
    assert "Ask the people who run it" in alice.text
    judge(alice.page, "sign-up-closed")
