"""The account pages (MSC4191), as somebody uses them whose browser runs no scripts."""

import json

import httpx
import pytest

from support.account_person import Person, new_person, path_of
from support.browser import Page, Visitor
from support.polling import wait_until
from support.secrets import password
from support.server import REPOSITORY, SERVER_NAME

HOME = "/account/"
TEXTS = REPOSITORY / "web/texts"


@pytest.fixture
def person(server) -> Person:
    return new_person(server)


def texts_of(language: str) -> dict[str, str]:
    """What the pages say in it; English stands in for what it does not have."""
    english, own = (json.loads((TEXTS / f"{name}.json").read_text()) for name in ("en", language))
    return english | own


def test_signing_up_signs_the_browser_in(person):
    page = person.open(HOME)
    assert page.status == 200
    assert person.matrix_id in page.text
    assert person.open("/account/sign-in").url.endswith(HOME)


def test_cookie_is_for_the_server_alone(server):
    person = Person(server)
    form = person.open("/account/sign-up")
    first = form.headers["set-cookie"]
    assert "HttpOnly" in first and "SameSite=Lax" in first and "Path=/" in first
    person.sign_up()
    names = sorted(cookie.name for cookie in person.browser.http.cookies.jar)
    assert len(names) == 2
    assert names[0] == "latchkey" and names[1].startswith("latchkey-form-")


def test_wrong_password_says_what_to_do(person):
    stranger = Visitor(person.server.url)
    page = stranger.open("/account/sign-in").submit(user=person.name, password="wrong")
    assert page.status == 403
    assert "try again" in page.alert
    assert (set(page.wrong), page.focus) == ({"password"}, "password")
    assert page.value_of("user") == person.name and page.value_of("password") == ""


def test_empty_sign_in_says_all_that_is_missing(person):
    page = Visitor(person.server.url).open("/account/sign-in").submit(user=" ", password="")
    assert page.status == 400
    assert "Enter a user name" in page.alert and "Enter your password" in page.alert
    assert (set(page.wrong), page.focus) == ({"user", "password"}, "user")


def test_who_forgot_the_password_is_told_where_to_go(person):
    page = Visitor(person.server.url).open("/account/sign-in")
    assert "Forgotten your password? The people who run this server" in page.text


def test_notice_is_told_once_and_by_no_address(person):
    """Anybody can send a link; what was done is in a cookie that only this server sets."""
    for notice in ("everything", "password", "saved", "welcome"):
        page = person.open(HOME, notice=notice)
        assert not [tag for tag in page.tags if tag[1].get("role") == "status"], notice
    done = person.open("/account/profile").submit(name="Alice")
    assert "Saved." in done.text and path_of(done) == "/account/profile"
    assert "Saved." not in person.open("/account/profile").text
    assert "latchkey-notice" not in {cookie.name for cookie in person.browser.http.cookies.jar}
    out = person.open("/account/profile")
    signed_out = person.browser.post(
        "/account/sign-out", [("csrf", out.form_with("name").hidden["csrf"])]
    )
    assert "You are signed out" in signed_out.text
    assert "You are signed out" not in person.open("/account/sign-in").text


@pytest.mark.parametrize("language", [file.stem for file in sorted(TEXTS.glob("*.json"))])
def test_nothing_is_promised_that_only_a_homeserver_does(server, language):
    """With `homeserver.kind: none` nobody is told of names, and no message is hidden."""
    person = Person(server, language)
    welcome = person.sign_up()
    person.add_device("PHONE", "Telephone")
    pages = {
        "display_name": person.open("/account/profile"),
        "device_name": person.open("/account/device", device_id="PHONE"),
        "erase": person.open("/account/deactivate"),
    }
    texts = texts_of(language)
    assert texts["notice_welcome"] in welcome.text
    label = f">{texts['display_name']}</label>"
    assert label in pages["display_name"].html
    for key, page in pages.items():
        assert texts[f"{key}_hint"] in page.text, key
    for page in (welcome, *pages.values()):
        assert f">{texts['display_name_seen']}</" not in page.html, page.url
        for key in pages:
            assert texts[f"{key}_seen_hint"] not in page.text, (key, page.url)


@pytest.mark.parametrize(
    ("action", "lands"),
    [
        ("org.matrix.profile", "/account/profile"),
        ("org.matrix.devices_list", "/account/devices"),
        ("sessions_list", "/account/devices"),
        ("org.matrix.device_view", "/account/device?device_id=PHONE"),
        ("org.matrix.session_end", "/account/device/delete?device_id=PHONE"),
        ("org.matrix.account_deactivate", "/account/deactivate"),
        ("org.matrix.cross_signing_reset", "/account/cross-signing-reset"),
    ],
)
def test_link_of_a_client_leads_to_its_page_after_signing_in(person, action, lands):
    person.add_device("PHONE", "Telephone")
    signed_out = Visitor(person.server.url)
    form = signed_out.open(HOME, action=action, device_id="PHONE")
    assert "/account/sign-in?" in form.url
    page = form.submit(user=person.matrix_id, password=person.password)
    assert path_of(page) == lands
    assert page.status == 200


@pytest.mark.parametrize("path", [HOME, "/account/devices"])
def test_link_of_a_client_hints_at_its_user(person, path):
    form = Visitor(person.server.url).open(path, login_hint=f"mxid:{person.matrix_id}")
    assert f'value="{person.matrix_id}"' in form.html


def test_password_managers_find_where_to_change_it(person):
    assert path_of(person.open("/.well-known/change-password")) == "/account/password"


def test_unknown_action_opens_the_account(person):
    page = person.open(HOME, action="org.example.dance")
    assert page.status == 200
    assert "something that these pages do not have" in page.text


def test_browsers_of_one_name_are_told_apart(person):
    for _ in range(2):
        other = Visitor(person.server.url)
        other.open("/account/sign-in").submit(user=person.name, password=person.password)
    page = person.open(HOME)
    labels = [a["aria-label"] for tag, a in page.tags if tag == "button" and "aria-label" in a]
    assert len(labels) == len(set(labels)) == 2
    assert all("127.0.0.1" in label for label in labels)


def test_destroying_asks_for_the_password_again(make_sqlite_server):
    server = make_sqlite_server(browser_sessions={"fresh": "10s"})
    person = Person(server)
    person.sign_up()
    token = person.add_device("PHONE", "Telephone")

    def asks() -> Page | None:
        page = person.open("/account/device/delete", device_id="PHONE")
        return page if page.form.typed == ["username", "password"] else None

    page = wait_until(asks, "the password to be asked for again", 20)
    for wrong, sentence in [("", "Enter your password"), ("wrong", "not your password")]:
        page = page.submit(password=wrong)
        assert page.status == 403
        assert sentence in page.alert
        assert person.works(token)
    assert "signed out and deleted" in page.submit(password=person.password).text
    assert not person.works(token)


def test_everything_is_signed_out_but_this_browser(person):
    token = person.add_device("PHONE", "Telephone")
    other = Visitor(person.server.url)
    other.open("/account/sign-in").submit(user=person.name, password=person.password)
    page = person.open("/account/sign-out-everywhere").submit()
    assert "are ended" in page.text
    assert not person.works(token)
    assert "/account/sign-in" in other.open(HOME).url
    assert person.matrix_id in person.open(HOME).text


def test_another_browser_is_signed_out_and_this_one_stays(person):
    other = Visitor(person.server.url)
    other.open("/account/sign-in").submit(user=person.name, password=person.password)
    home = person.open(HOME)
    [form] = [form for form in home.forms if form.action == "/account/browsers/end"]
    home.submit(form=form)
    assert "/account/sign-in" in other.open(HOME).url
    assert person.matrix_id in person.open(HOME).text


def test_who_closes_the_browser_stays_signed_in(person):
    person.browser.http.cookies.jar.clear_session_cookies()
    assert person.matrix_id in person.open(HOME).text
    # The forms of the pages that were open are gone with it; a page opened now has its own.
    assert "Saved." in person.open("/account/profile").submit(name="Alice").text


def test_a_form_of_another_browser_is_not_taken(person):
    """Its token is of a cookie that the other one alone has, though the same person is there."""
    other = Visitor(person.server.url)
    other.open("/account/sign-in").submit(user=person.name, password=person.password)
    theirs = other.open("/account/profile").form_with("name").hidden["csrf"]
    own = person.open("/account/profile").form_with("name").hidden["csrf"]
    assert own != theirs and own.partition(".")[2] == theirs.partition(".")[2]
    refused = person.browser.post("/account/profile", [("csrf", theirs), ("name", "Mallory")])
    assert refused.status == 403
    assert "Mallory" not in person.open("/account/profile").html
    done = person.browser.post("/account/profile", [("csrf", own), ("name", "Alice")])
    assert "Saved." in done.text


def test_a_cookie_that_was_kept_is_nothing_once_its_browser_is_signed_out(person):
    kept = person.browser.http.cookies["latchkey"]

    def lands_at(cookie: str) -> str:
        answer = httpx.get(
            f"{person.server.url}{HOME}", headers={"Cookie": f"latchkey={cookie}"}, trust_env=False
        )
        return answer.headers.get("Location", HOME)

    assert lands_at(kept) == HOME
    home = person.open(HOME)
    [form] = [form for form in home.forms if form.action == "/account/sign-out"]
    home.submit(form=form)
    assert "latchkey" not in {cookie.name for cookie in person.browser.http.cookies.jar}
    assert "/account/sign-in" in lands_at(kept)


@pytest.mark.parametrize("devices_too", [True, False])
def test_password_is_changed(person, devices_too):
    token = person.add_device("PHONE", "Telephone")
    new = password()
    ticked = ["1"] if devices_too else []
    page = person.open("/account/password")
    assert page.form.boxes == [("logout_devices", "1", False)]
    wrong = page.submit(*ticked, current="wrong", password=new, repeated=new)
    assert wrong.status == 403 and "not your password" in wrong.alert
    # What was right does not have to be typed again.
    assert (set(wrong.wrong), wrong.focus) == ({"current"}, "current")
    assert wrong.value_of("current") == ""
    assert wrong.value_of("password") == wrong.value_of("repeated") == new
    assert wrong.form.boxes == [("logout_devices", "1", devices_too)]
    differ = page.submit(current=person.password, password=new, repeated=new + "x")
    assert differ.status == 400 and "not the same" in differ.alert
    assert (set(differ.wrong), differ.focus) == ({"repeated"}, "repeated")
    assert new not in differ.html and person.password not in differ.html
    every = page.submit(current="wrong", password="short", repeated="other")
    assert set(every.wrong) == {"current", "password", "repeated"} and every.focus == "current"
    empty = page.submit(current="", password="", repeated="")
    assert set(empty.wrong) == {"current", "password"}
    same = page.submit(current=person.password, password=person.password, repeated=person.password)
    assert same.status == 400 and "your password already" in same.alert
    assert (set(same.wrong), same.focus) == ({"password"}, "password")
    assert person.password not in same.html
    done = page.submit(*ticked, current=person.password, password=new, repeated=new)
    assert "Your password is changed" in done.text
    assert person.works(token) is not devices_too
    person.password = new
    person.add_device("NEW", "Telephone")


def test_there_is_no_such_page(person):
    page = person.open("/account/nothing")
    assert (page.status, page.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "no such page" in page.text


def test_account_is_deactivated_by_its_whole_name(person):
    token = person.add_device("PHONE", "Telephone")
    page = person.open("/account/deactivate")
    assert person.matrix_id in page.text and page.form.boxes == [("erase", "1", False)]
    wrong = page.submit(confirm=person.name)
    assert wrong.status == 400 and "Matrix ID" in wrong.alert
    assert (set(wrong.wrong), wrong.focus) == ({"confirm"}, "confirm")
    assert "Your account is deactivated" in page.submit(confirm=f"{person.matrix_id} ").text
    assert not person.works(token)
    assert "/account/sign-in" in person.open(HOME).url


@pytest.mark.parametrize(
    ("ticked", "errcode"), [((), "M_USER_DEACTIVATED"), (("1",), "M_FORBIDDEN")]
)
def test_account_is_erased_only_where_that_is_asked(person, ticked, errcode):
    """Who knows the password is told why; once it is erased nobody can know it."""
    page = person.open("/account/deactivate")
    assert "Your account is" in page.submit(*ticked, confirm=person.matrix_id).text
    answer = person.server.api.login(person.name, person.password)
    assert (answer.status_code, answer.json()["errcode"]) == (403, errcode)


def test_who_confirms_with_the_password_stays_signed_in(person):
    """The old cookie is over with that."""
    person.add_device("PHONE", "Telephone")
    form = person.open("/account/device/delete", device_id="PHONE").form
    sent = form.hidden | {"password": person.password}
    assert person.browser.post("/account/device/delete", list(sent.items())).status == 200
    assert person.matrix_id in person.open(HOME).text


def test_recovery_link_sets_a_new_password_once(person):
    url = person.server.command("user", "recovery-link", person.name)["url"]
    path, token = url.removeprefix(person.server.url).split("?token=")
    stranger, new = Visitor(person.server.url), password()
    form = stranger.open(path, token=token)
    assert person.matrix_id in form.text
    mistyped = form.submit(password=new, repeated=new + "x")
    assert mistyped.status == 400 and set(mistyped.wrong) == {"repeated"}
    assert "Your password is changed" in form.submit(password=new, repeated=new).text
    assert Visitor(person.server.url).open(path, token=token).status == 410


@pytest.mark.parametrize("typed", ["  {} ", "{}\u00a0", "\u200b{}", " @{}:" + SERVER_NAME + "\n"])
def test_the_spaces_and_capitals_of_phone_keyboards(person, typed):
    """At sign-in, and in a link's code; the name is then shown without them."""
    browser = Visitor(person.server.url)
    page = browser.open("/account/sign-in")
    signed_in = page.submit(user=typed.format(person.name), password=person.password)
    assert person.matrix_id in signed_in.text
    url = person.server.command("user", "recovery-link", person.name)["url"]
    path, token = url.removeprefix(person.server.url).split("?token=")
    form = Visitor(person.server.url).open(path, token=f" {token}\n")
    assert form.status == 200
    new = password()
    assert "Your password is changed" in form.submit(password=new, repeated=new).text


def test_form_of_another_browser_changes_nothing(person):
    page = person.open("/account/profile")
    other = Person(person.server)
    other.sign_up()
    fields = [("csrf", page.form.hidden["csrf"]), ("name", "Mallory")]
    for sent in (fields, fields[1:], [("csrf", ""), *fields[1:]]):
        refused = other.browser.post("/account/profile", sent)
        assert refused.status == 403
        assert "Nothing was changed" in refused.text
    assert "Mallory" not in other.open(HOME).text


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null", "Sec-Fetch-Site": "cross-site"}],
)
def test_post_from_another_site_changes_nothing(person, headers):
    page = person.open("/account/profile")
    person.browser.http.headers.update(headers)
    assert page.submit(name="Mallory").status == 403
    assert "Mallory" not in person.open(HOME).text


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/_matrix/x"])
def test_nobody_is_led_elsewhere(server, target):
    person = Person(server)
    assert path_of(person.sign_up(next=target)).startswith(HOME)
