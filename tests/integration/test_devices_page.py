"""The account pages about devices: the list, each of them, and their end."""

import re

import pytest

from support.account_person import Person, new_person
from support.answers import assert_good
from support.api import PREFIX


@pytest.fixture
def person(server) -> Person:
    return new_person(server)


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

    assert shown() == [f"DEVICE{number}" for number in range(6, -1, -1)]
    assert shown(order="oldest") == shown()[::-1]
    assert sorted(shown()) == sorted(shown(order="app"))
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


@pytest.mark.parametrize("page", ["device", "device/delete"])
def test_device_of_somebody_else_is_like_none(person, page):
    other = Person(person.server)
    other.sign_up()
    other.add_device("OTHERS", "Secret name")
    theirs = person.open(f"/account/{page}", device_id="OTHERS")
    nobodys = person.open(f"/account/{page}", device_id="NOBODYS")
    assert theirs.status == nobodys.status == 404
    number = "X-Request-Id"  # which the page shows
    html = theirs.html.replace(theirs.headers[number], nobodys.headers[number])
    assert html.replace("OTHERS", "NOBODYS") == nobodys.html


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


@pytest.mark.parametrize("switch", [{"account": {"password_change": False}}, {}])
def test_devices_page_says_what_the_person_can_do(make_sqlite_server, switch):
    person = Person(make_sqlite_server(**switch))
    person.sign_up()
    person.add_device("PHONE", "Telephone")
    page = person.open("/account/devices")
    assert ("change your password" in page.text) is not bool(switch)
    assert ("tell the people who run this server" in page.text) is bool(switch)


def test_more_devices_than_a_page_holds(person):
    """Fifty at a time, in the order and of the search that was asked for."""
    for number in range(120):
        person.add_device(f"D{number:03}", f"Telephone {number:03}")

    def ids(page) -> list[str]:
        return [value for _, value, _ in page.form_with("device_id").boxes]

    def names(first: int, last: int) -> list[str]:
        return [f"D{number:03}" for number in range(first, last - 1, -1)]

    page = person.open("/account/devices")
    assert ids(page) == names(119, 70)
    assert "Page 1 of 3" in page.text and "Previous page" not in page.text
    page = person.open(page.link("Next page"))
    assert ids(page) == names(69, 20) and "Page 2 of 3" in page.text
    page = person.open(page.link("Next page"))
    assert ids(page) == names(19, 0) and "Next page" not in page.text
    assert ids(person.open(page.link("Previous page"))) == names(69, 20)
    for number, shown in (("0", 119), ("-1", 119), ("none", 119), ("4", 19), ("9" * 30, 119)):
        assert ids(person.open("/account/devices", page=number))[0] == f"D{shown:03}", number
    page = person.open("/account/devices", order="oldest", q="d0", page="2")
    assert "100 devices found" in page.text and "Page 2 of 2" in page.text
    assert ids(page) == names(99, 50)[::-1]
    assert ids(person.open(page.link("Previous page"))) == names(49, 0)[::-1]
    assert "Page" not in person.open("/account/devices", q="telephone 11").text
