"""The account pages (MSC4191), as somebody uses them whose browser runs no scripts."""

import re

import pytest
import yaml

from support.answers import assert_good
from support.api import PREFIX, new_name
from support.browser import Page, Visitor
from support.polling import wait_until
from support.secrets import password
from support.server import SERVER_NAME

HOME = "/account/"


class Person:
    """Somebody with a browser, and with devices of the legacy API."""

    def __init__(self, server, language: str = "en"):
        self.server = server
        self.browser = Visitor(server.url, language)
        self.name, self.password = new_name(), password()

    @property
    def matrix_id(self) -> str:
        return f"@{self.name}:{SERVER_NAME}"

    def open(self, path: str, **query: str) -> Page:
        return self.browser.open(path, **query)

    def sign_up(self, **query: str) -> Page:
        page = self.open("/account/sign-up", **query)
        return page.submit(user=self.name, password=self.password, repeated=self.password)

    def sign_in(self, page: Page | None = None) -> Page:
        page = page or self.open("/account/sign-in")
        return page.submit(user=self.name, password=self.password)

    def add_device(self, device_id: str, name: str) -> str:
        """Signs in with an app; returns its access token."""
        answer = self.server.api.login(
            self.name, self.password, device_id=device_id, initial_device_display_name=name
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]

    def works(self, token: str) -> bool:
        return self.server.api.whoami(token).status_code == 200


@pytest.fixture
def person(server) -> Person:
    person = Person(server)
    assert "Your account is ready" in person.sign_up().text
    return person


def path_of(page: Page) -> str:
    return re.sub(r"^https?://[^/]+", "", page.url)


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


FALSE_ALONE = {
    "en": ("others see", "Others can see", "people who join later", "any Matrix app"),
    "de": ("Name, den andere sehen", "Andere können", "Hinzukommenden", "in jeder Matrix-App"),
    "fr": ("Nom que les autres voient", "Les autres peuvent", "arriveront", "n’importe quelle"),
    "es": ("Nombre que ven", "Los demás pueden", "lleguen después", "cualquier aplicación"),
    "ar": ("الاسم الذي يراه الآخرون ", "يمكن للآخرين", "people who join later", "في أي تطبيق"),
}


@pytest.mark.parametrize("language", FALSE_ALONE)
def test_nothing_is_promised_that_only_a_homeserver_does(server, language):
    """With `homeserver.kind: none` nobody is told of names, and no message is hidden."""
    person = Person(server, language)
    welcome = person.sign_up()
    person.add_device("PHONE", "Telephone")
    pages = [
        welcome,
        person.open("/account/profile"),
        person.open("/account/device", device_id="PHONE"),
        person.open("/account/deactivate"),
    ]
    for page in pages:
        text = page.text.replace("The name that others see in rooms is set in your app", "")
        text = text.replace("الاسم الذي يراه الآخرون في الغرف", "")
        text = text.replace("den andere in Räumen sehen", "").replace("voient dans les salons", "")
        for promise in FALSE_ALONE[language]:
            assert promise not in text, (language, page.url)
    if language == "en":
        assert "Messages that you have sent are not kept here" in pages[-1].text
        assert "The name that others see in rooms is set in your app" in pages[1].text


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


def test_what_a_device_is_called_by_is_not_said_twice(person):
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    body = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": person.matrix_id},
        "password": person.password,
    }
    headers = {"User-Agent": firefox}
    assert_good(person.server.api.request("POST", f"{PREFIX}/login", json=body, headers=headers))
    assert person.open("/account/devices").text.count("Firefox on Linux") == 1
    body["initial_device_display_name"] = "Her laptop"
    assert_good(person.server.api.request("POST", f"{PREFIX}/login", json=body, headers=headers))
    text = person.open("/account/devices").text
    assert text.count("Her laptop") == 1
    assert text.count("Firefox on Linux") == 2


def test_devices_of_one_name_are_told_apart(person):
    for device_id in ("ONE", "TWO"):
        person.add_device(device_id, "Telephone")
    page = person.open("/account/devices")
    for words in ("Device ID: ONE", "Device ID: TWO", "127.0.0.1"):
        assert words in page.text
    labels = {a["aria-label"] for tag, a in page.tags if tag == "a" and "aria-label" in a}
    assert labels == {"Telephone, ONE", "Telephone, TWO"}


def test_several_devices_are_signed_out_at_once(person):
    tokens = {device: person.add_device(device, device.title()) for device in ("ONE", "TWO", "SIX")}
    page = person.open("/account/devices")
    form = page.form_with("device_id")
    assert {value for _, value, _ in form.boxes} == set(tokens)
    asks = page.submit("ONE", "TWO", form=form)
    assert "Delete 2 devices?" in asks.text and "cannot be undone" in asks.text
    assert all(person.works(token) for token in tokens.values()), "so far it is a question"
    assert "signed out and deleted" in asks.submit().text
    assert [person.works(tokens[name]) for name in ("ONE", "TWO", "SIX")] == [False, False, True]
    person.add_device("ONE", "One")
    page = person.open("/account/devices")
    none = page.submit(form=page.form_with("device_id"))
    assert "chosen no device" in none.text


def test_several_devices_are_not_signed_out_by_somebody_elses_name(person):
    other = Person(person.server)
    other.sign_up()
    token = other.add_device("THEIRS", "Theirs")
    person.add_device("MINE", "Mine")
    person.add_device("ALSO", "Also mine")
    page = person.open("/account/devices")
    form = page.form_with("device_id")
    sent = [*form.hidden.items(), ("device_id", "THEIRS"), ("confirmed", "1")]
    assert "chosen no device" in person.browser.post("/account/devices/delete", sent).text
    assert other.works(token)


def test_long_unused_devices_are_signed_out_together(make_sqlite_server, clock):
    person = Person(make_sqlite_server(clock=clock, sessions={"maximum_idle": "365d"}))
    person.sign_up()
    old = person.add_device("OLD", "Old")
    person.add_device("AWAY", "Away")
    assert "not used for" not in person.open("/account/devices").text
    clock.advance(91 * 24 * 3600)
    person.browser.http.cookies.clear()
    person.sign_in()
    new = person.add_device("NEW", "New")
    page = person.open("/account/devices")
    assert "not used for 90 days" in page.text
    asks = person.open("/account/devices/delete", unused="1")
    assert "OLD" in asks.text and "AWAY" in asks.text and "NEW" not in asks.text
    away = person.add_device("AWAY", "Back again")
    assert "signed out and deleted" in asks.submit().text
    assert not person.works(old) and person.works(new)
    assert person.works(away), "it was used while the question stood there"


def test_many_devices_are_put_in_order(person):
    for number in range(7):
        person.add_device(f"DEVICE{number}", f"Telephone {number}")

    def shown(**query):
        boxes = person.open("/account/devices", **query).form_with("device_id").boxes
        return [value for _, value, _ in boxes]

    assert sorted(shown()) == sorted(shown(order="oldest")) == sorted(shown(order="app"))
    assert shown(order="oldest") == shown()[::-1]
    assert shown(order="nonsense") == shown()


def test_many_devices_stand_together_by_their_app(person):
    """The order by app has a heading for each, and each device below that of its own."""
    apps = {
        "Element on Android": "Mozilla/5.0 (Linux; Android 15; Pixel 9) Element X/25.11.2",
        "Firefox on Linux": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0",
    }
    for number in range(3):
        for app, agent in apps.items():
            body = {
                "type": "m.login.password",
                "identifier": {"type": "m.id.user", "user": person.matrix_id},
                "password": person.password,
                "device_id": f"{app[0]}{number}",
                "initial_device_display_name": f"Device {number}",
            }
            assert_good(
                person.server.api.request(
                    "POST", f"{PREFIX}/login", json=body, headers={"User-Agent": agent}
                )
            )
    assert "<h2><bdi>" not in person.open("/account/devices").html.split("</form>")[1]
    page = person.open("/account/devices", order="app")
    _, *groups = page.html.split("<h2><bdi>")
    assert [group.split("</bdi>")[0] for group in groups] == list(apps)
    for app, group in zip(apps, groups, strict=True):
        ticked = re.findall(r'name="device_id" value="(\w+)"', group)
        # The last used is first there, too.
        assert ticked == [f"{app[0]}{number}" for number in (2, 1, 0)]


def test_many_devices_are_searched(person):
    assert "Find a device" not in person.open("/account/devices").text
    for number in range(6):
        person.add_device(f"DEVICE{number}", f"Téléphone {number}")
    person.add_device("LAPTOP", "Work & <b>play</b>")

    def shown(page):
        return [value for form in page.forms for _, value, _ in form.boxes]

    page = person.open("/account/devices")
    assert len(shown(page)) == 7
    for words in ("device3", "TÉLÉPHONE 3", "3 télé"):
        found = person.open("/account/devices", q=words)
        assert "1 device found" in found.text
        assert "DEVICE3" in found.text and "DEVICE4" not in found.text
        assert found.link("Show all devices") == "/account/devices"
    several = person.open("/account/devices", q="  DEVICE ", order="oldest")
    assert sorted(shown(several)) == [f"DEVICE{number}" for number in range(6)]
    assert several.value_of("q") == "DEVICE" and several.value_of("order") == "oldest"
    assert several.link("Last used first") == "/account/devices?order=recent&q=DEVICE"
    by_address = person.open("/account/devices", q="127.0.0.1")
    assert len(shown(by_address)) == 7
    # What is found is signed out as from the whole list.
    asks = several.submit("DEVICE0", "DEVICE1", form=several.form_with("device_id"))
    assert "Delete 2 devices?" in asks.text


def test_search_takes_whatever_is_typed(person):
    for number in range(6):
        person.add_device(f"DEVICE{number}", f"Telephone {number}")
    for typed in ("nothing like it", '"><script>alert(1)</script>', "%", "x" * 3000):
        page = person.open("/account/devices", q=typed)
        assert page.status == 200
        assert "None of your devices has all these words." in page.text
        assert "<script>alert" not in page.html
        assert "DEVICE0" not in page.text
        assert len(page.value_of("q")) <= 200
    for everything in ("", "   "):
        assert "DEVICE0" in person.open("/account/devices", q=everything).text


def test_language_is_chosen_and_kept(server):
    person = Person(server, "fr")
    page = person.open("/account/sign-up", next="/account/devices", lang="de")
    assert '<html lang="de"' in page.html
    links = [a["href"] for tag, a in page.tags if tag == "a" and "hreflang" in a]
    assert "?next=%2Faccount%2Fdevices&lang=ar" in links
    refused = page.submit(user=" ", password="", repeated="")
    assert '<html lang="de"' in refused.html
    assert "?next=%2Faccount%2Fdevices&lang=ar" in [
        a["href"] for tag, a in refused.tags if "hreflang" in a
    ]
    # An app's wish does not outrank the person's own.
    assert '<html lang="de"' in person.open("/account/sign-in", ui_locales="es").html
    assert '<html lang="de"' in person.open("/account/sign-in", lang="xx").html
    assert '<html lang="en"' in person.open("/account/sign-in", lang="en").html


@pytest.mark.parametrize("path", ["/account/sign-out", "/account/apps/end", "/account/sign-in"])
def test_a_refused_form_offers_languages_where_they_lead_to_a_page(person, path):
    refused = person.browser.post(path, [("csrf", "of another browser")])
    assert refused.status == 403 and '<html lang="en"' in refused.html
    links = [a["href"] for tag, a in refused.tags if tag == "a" and "hreflang" in a]
    assert bool(links) is (path == "/account/sign-in")
    for link in links:
        assert person.open(path + link).status == 200


def test_browsers_of_one_name_are_told_apart(person):
    for _ in range(2):
        other = Visitor(person.server.url)
        other.open("/account/sign-in").submit(user=person.name, password=person.password)
    page = person.open(HOME)
    labels = [a["aria-label"] for tag, a in page.tags if tag == "button" and "aria-label" in a]
    assert len(labels) == len(set(labels)) == 2
    assert all("127.0.0.1" in label for label in labels)


@pytest.mark.parametrize("page", ["device", "device/delete"])
def test_device_of_somebody_else_is_like_none(person, page):
    other = Person(person.server)
    other.sign_up()
    other.add_device("OTHERS", "Secret name")
    theirs = person.open(f"/account/{page}", device_id="OTHERS")
    nobodys = person.open(f"/account/{page}", device_id="NOBODYS")
    assert theirs.status == nobodys.status == 404
    assert theirs.html.replace("OTHERS", "NOBODYS") == nobodys.html


def test_device_is_renamed(person):
    token = person.add_device("PHONE", "Telephone")
    page = person.open("/account/device", device_id="PHONE").submit(name="<i>Old</i> one")
    assert "Saved." in page.text
    assert "<i>Old</i> one" in person.open("/account/devices").text
    assert person.works(token)


def test_device_is_deleted_only_by_the_form(person):
    token = person.add_device("PHONE", "Telephone")
    kept = person.add_device("TABLET", "Tablet")
    page = person.open("/account/device/delete", device_id="PHONE")
    assert "Telephone" in page.text and "cannot be undone" in page.text
    assert person.works(token), "looking at it deletes nothing"
    assert "signed out and deleted" in page.submit().text, "the password was given just now"
    assert not person.works(token)
    assert person.works(kept)


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


def test_recovery_link_sets_a_new_password_once(person):
    url = person.server.command("user", "recovery-link", person.name)["url"]
    path, token = url.removeprefix(person.server.url).split("?token=")
    stranger, new = Visitor(person.server.url), password()
    form = stranger.open(path, token=token)
    assert person.matrix_id in form.text
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


def test_sign_up_with_a_capital_and_a_space(server):
    person = Person(server)
    page = person.open("/account/sign-up")
    typed = f" {person.name.capitalize()} "
    done = page.submit(user=typed, password=person.password, repeated=person.password)
    assert "Your account is ready" in done.text
    assert person.matrix_id in person.open(HOME).text
    blank = Person(server).open("/account/sign-up")
    refused = blank.submit(user=" ", password=person.password, repeated=person.password)
    assert refused.status == 400 and set(refused.wrong) == {"user"}


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


@pytest.mark.parametrize(
    ("accept", "begin", "welcome"),
    [
        ("de-AT,en;q=0.5", '<html lang="de" dir="ltr">', "Dein Konto ist fertig"),
        ("fr-CA, fr;q=0.9, en;q=0.1", '<html lang="fr" dir="ltr">', "Ton compte est prêt"),
        ("qaa, es-MX;q=0.5", '<html lang="es" dir="ltr">', "Tu cuenta está lista"),
        ("ar-EG", '<html lang="ar" dir="rtl">', "حسابك جاهز"),
        ("qaa", '<html lang="en" dir="ltr">', "Your account is ready"),
    ],
)
def test_pages_speak_the_persons_language(server, accept, begin, welcome):
    person = Person(server, accept)
    page = person.sign_up()
    assert begin in page.html
    assert welcome in page.text


def test_what_is_not_translated_yet_is_said_in_english(server):
    person = Person(server, "ar")
    person.sign_up()
    page = person.open("/account/deactivate")
    assert '<html lang="ar" dir="rtl">' in page.html
    # Its full stop stays at its own end.
    assert "\u2068You will be signed out everywhere, and" in page.text


def test_sign_up_says_its_rules_before(make_sqlite_server):
    rules = {"minimum_length": 11, "require_digit": True}
    page = Visitor(make_sqlite_server(passwords=rules).url).open("/account/sign-up")
    for rule in ("letters a to z, digits", "At least 11 characters", "a digit", "easy to guess"):
        assert rule in page.text
    lax = {"minimum_score": 0, "minimum_length": 1}
    page = Visitor(make_sqlite_server(passwords=lax).url).open("/account/sign-up")
    assert "At least 1 character." in page.text and "easy to guess" not in page.text


def test_sign_up_says_all_that_is_wrong_at_once(person):
    other = Person(person.server)
    page = other.open("/account/sign-up")
    assert page.focus == "user"
    # A name that is taken, a password that is guessed at once.
    refused = page.submit(user=person.name, password="password1", repeated="password1")
    assert refused.status == 400
    assert "not free" in refused.alert and "easy to guess" in refused.alert
    assert (set(refused.wrong), refused.focus) == ({"user", "password"}, "user")
    differ = page.submit(user="Not a name!", password=other.password, repeated="x")
    assert "letters a to z" in differ.alert and "The two passwords are not the same" in differ.alert
    assert set(differ.wrong) == {"user", "repeated"}
    # A good password does not have to be typed again for a name that is taken.
    taken = page.submit(user=person.name, password=other.password, repeated=other.password)
    assert set(taken.wrong) == {"user"}
    assert taken.value_of("password") == taken.value_of("repeated") == other.password
    done = taken.submit(user=other.name, password=other.password, repeated=other.password)
    assert "Your account is ready" in done.text


def test_guessing_names_and_passwords_by_sign_up_is_limited(make_sqlite_server):
    """What is told of a password takes time to find out, be the rest of the form right or not."""
    server = make_sqlite_server(rate_limits={"enabled": True, "registrations": 2})
    person = Person(server)
    page = person.open("/account/sign-up")
    answers = [
        page.submit(user="Not a name!", password=person.password, repeated=person.password)
        for _ in range(4)
    ]
    assert answers[0].status == 400 and answers[-1].alert.count("Too many attempts") == 1
    assert "Retry-After" in answers[-1].headers


@pytest.mark.parametrize("switch", [{"account": {"password_change": False}}, {}])
def test_devices_page_says_what_the_person_can_do(make_sqlite_server, switch):
    person = Person(make_sqlite_server(**switch))
    person.sign_up()
    person.add_device("PHONE", "Telephone")
    page = person.open("/account/devices")
    assert ("change your password" in page.text) is not bool(switch)
    assert ("tell the people who run this server" in page.text) is bool(switch)


def test_closed_registration_says_so(make_sqlite_server):
    server = make_sqlite_server(registration={"open": False})
    page = Visitor(server.url).open("/account/sign-up")
    assert page.status == 403
    assert "cannot create an account yourself" in page.text


def test_registration_asks_for_its_stages_on_one_form(make_sqlite_server, tmp_path):
    terms = tmp_path / "terms.yaml"
    rules = {"version": "1", "en": {"name": "Rules", "url": "https://example.com/rules"}}
    terms.write_text(yaml.safe_dump({"policies": {"rules": rules}}))
    server = make_sqlite_server(
        registration={"open": True, "token_required": True, "terms_file": str(terms)}
    )
    token = server.command("registration-token", "create", "--uses", "1")["token"]
    person = Person(server)
    page = person.open("/account/sign-up")
    typed = {"user": person.name, "password": person.password, "repeated": person.password}
    unread = page.submit(token=token, **typed)
    assert "agree to each document" in unread.alert
    assert (set(unread.wrong), unread.focus) == ({"accepted"}, "accepted")
    wrong = page.submit("rules", token="wrong", **typed)
    assert "token is not valid" in wrong.alert
    assert (set(wrong.wrong), wrong.focus) == ({"token"}, "token")
    both = page.submit(token="wrong", **typed)
    assert (set(both.wrong), both.focus) == ({"token", "accepted"}, "token")
    weak = page.submit("rules", token=token, user=person.name, password="pass", repeated="pass")
    assert weak.status == 400 and weak.alert
    pasted = f" {token}\u00a0"
    assert "Your account is ready" in page.submit("rules", token=pasted, **typed).text
