"""GET, PUT and DELETE /devices, POST /delete_devices."""

import time

import pytest

from support.answers import assert_error, assert_good, assert_hard, assert_soft
from support.api import PREFIX
from support.clock import HOUR, MINUTE
from support.confirmation import Wanted, assert_challenge, own_password
from support.matrix_client import new_client
from support.secrets import password
from support.standings import assert_needs_a_good_token

ODD_IDS = [
    "a/b",
    "/",
    "a%2Fb",
    "%",
    "100%",
    "a b",
    "a+b",
    "?query=1&x",
    "#fragment",
    "büro",
    "📱",
    "a\\b",
    "a;b=c",
    "'; DROP TABLE devices; --",
    "<script>alert(1)</script>",
    "{deviceId}",
    "*",
    "x" * 255,
    "e\u0301",
    "\u202edevice",
]


@pytest.fixture
def client(server):
    return new_client(server.api)


def sign_in(client, device: str | None = None, **fields) -> dict:
    body = client.api.login(client.store.user, client.store.password, device, **fields)
    return assert_good(body)


def devices_of(client) -> dict[str, dict]:
    listed = assert_good(client.api.devices(client.access))["devices"]
    assert len({device["device_id"] for device in listed}) == len(listed)
    return {device["device_id"]: device for device in listed}


def delete(client, device: str):
    return client.api.delete_device(client.access, device, client.store.user, client.store.password)


def delete_all(client, devices: list[str]):
    return client.api.delete_devices(
        client.access, devices, client.store.user, client.store.password
    )


def assert_gone(server, body: dict) -> None:
    """A person deleted it: its tokens are hard."""
    assert_hard(server.api.whoami(body["access_token"]))
    assert_hard(server.api.refresh(body["refresh_token"]))


# -- looking


def test_the_list(server, client):
    sign_in(client, "TABLET", initial_device_display_name="My tablet")
    sign_in(client, "DESK")
    listed = devices_of(client)
    assert list(listed) == [client.store.device, "TABLET", "DESK"]
    assert listed["TABLET"]["display_name"] == "My tablet"
    assert listed["DESK"]["display_name"] == "DESK"  # nothing else is known of it
    for device in listed.values():
        assert set(device) <= {"device_id", "display_name", "last_seen_ip", "last_seen_ts"}
        assert device["last_seen_ip"] == "127.0.0.1"
        assert abs(device["last_seen_ts"] - time.time() * 1000) < 60_000
        shown = assert_good(server.api.device(client.access, device["device_id"]))
        assert shown == device


def test_only_one_s_own(server, client):
    other = new_client(server.api)
    sign_in(other, "THEIRS")
    assert "THEIRS" not in devices_of(client)
    assert_error(server.api.device(client.access, "THEIRS"), 404, "M_NOT_FOUND")
    # The same ID may be another's device.
    sign_in(client, "THEIRS", initial_device_display_name="mine")
    shown = assert_good(server.api.device(client.access, "THEIRS"))
    assert shown["display_name"] == "mine"
    assert assert_good(server.api.device(other.access, "THEIRS"))["display_name"] == "THEIRS"


def test_a_softly_ended_one_is_still_listed(server, client):
    """Its keys are there, and its person comes back to it."""
    body = sign_in(client, "TABLET")
    [session] = [s for s in server.sessions(client.store.user) if s["device_id"] == "TABLET"]
    server.command("session", "soft-logout", session["id"])
    assert_soft(server.api.whoami(body["access_token"]))
    assert "TABLET" in devices_of(client)
    assert_good(server.api.rename_device(client.access, "TABLET", "Old tablet"))
    assert_good(delete(client, "TABLET"))
    assert_gone(server, body)


def test_a_signed_out_one_is_not(server, client):
    body = sign_in(client, "TABLET")
    assert_good(server.api.logout(body["access_token"]))
    assert "TABLET" not in devices_of(client)
    assert_error(server.api.device(client.access, "TABLET"), 404, "M_NOT_FOUND")


def test_last_seen_follows_the_use(clock, make_server):
    server = make_server(clock=clock, http={"trusted_proxies": ["127.0.0.1"]})
    client = new_client(server.api, refreshes=False)
    tablet = sign_in(client, "TABLET", refresh=False)
    begun = devices_of(client)["TABLET"]["last_seen_ts"]
    clock.advance(3 * HOUR)
    answer = server.api.request(
        "GET",
        f"{PREFIX}/account/whoami",
        token=tablet["access_token"],
        headers={"X-Forwarded-For": "192.0.2.77"},
    )
    assert_good(answer)

    server.restart()  # it writes in batches, and all at its end
    device = devices_of(client)["TABLET"]
    assert abs(device["last_seen_ts"] - begun - 3 * HOUR * 1000) < MINUTE * 1000
    assert device["last_seen_ip"] == "192.0.2.77"
    # What another device does says nothing about this one, nor does a new name for it.
    assert_good(server.api.rename_device(client.access, "TABLET", "renamed"))
    assert devices_of(client)["TABLET"]["last_seen_ts"] == device["last_seen_ts"]


FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
ELEMENT = "Element/1.6.40 (Google Pixel 9; Android 16; MatrixAndroidSdk2 1.6.40)"


@pytest.mark.parametrize(
    ("agent", "name"),
    [(FIREFOX, "Firefox on Linux"), (ELEMENT, "Element on Android"), ("curl/8.0", "LAPTOP")],
)
def test_a_device_without_a_name_is_called_by_its_user_agent(server, client, agent, name):
    """Some clients take a name for granted: matrix-nio fails the whole list without one."""
    body = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": client.store.user},
        "password": client.store.password,
        "device_id": "LAPTOP",
    }
    path = f"{PREFIX}/login"
    assert_good(server.api.request("POST", path, json=body, headers={"User-Agent": agent}))
    assert devices_of(client)["LAPTOP"]["display_name"] == name


# -- renaming


@pytest.mark.parametrize("name", ["Kitchen", "", "Küche 📱", "<b>bold</b>", "x" * 255])
def test_renaming(server, client, name):
    answer = server.api.rename_device(client.access, client.store.device, name)
    assert assert_good(answer) == {}
    shown = assert_good(server.api.device(client.access, client.store.device))
    assert shown["display_name"] == (name or client.store.device)
    assert_good(server.api.whoami(client.access))


@pytest.mark.parametrize(
    ("name", "seen"), [("a\nb", "ab"), ("phone\u202e(moc.live)", "phone(moc.live)")]
)
def test_a_name_that_would_not_be_seen_as_it_is(server, client, name, seen):
    """It stands in other apps' lists, and on pages that ask whether to trust a device."""
    assert_good(server.api.rename_device(client.access, client.store.device, name))
    assert devices_of(client)[client.store.device]["display_name"] == seen


def test_renaming_another_of_one_s_devices(server, client):
    sign_in(client, "TABLET")
    assert_good(server.api.rename_device(client.access, "TABLET", "from afar"))
    assert devices_of(client)["TABLET"]["display_name"] == "from afar"


def put(server, client, device: str, body):
    path = f"{PREFIX}/devices/{device}"
    return server.api.request("PUT", path, json=body, token=client.access)


def test_nothing_to_rename_to(server, client):
    assert_good(server.api.rename_device(client.access, client.store.device, "stays"))
    assert_good(put(server, client, client.store.device, {}))
    assert devices_of(client)[client.store.device]["display_name"] == "stays"


@pytest.mark.parametrize(
    ("name", "errcode"),
    [
        (None, "M_BAD_JSON"),
        (7, "M_BAD_JSON"),
        ([], "M_BAD_JSON"),
        ({}, "M_BAD_JSON"),
        ("x" * 256, "M_INVALID_PARAM"),
        ("a\u0000b", "M_INVALID_PARAM"),
    ],
)
def test_names_that_are_none(server, client, name, errcode):
    answer = put(server, client, client.store.device, {"display_name": name})
    assert_error(answer, 400, errcode)
    device = client.store.device
    assert devices_of(client)[device]["display_name"] == device


def test_what_is_not_there_is_not_renamed(server, client):
    other = new_client(server.api)
    sign_in(other, "THEIRS")
    for device in ("THEIRS", "NOBODYS"):
        answer = server.api.rename_device(client.access, device, "mine")
        assert_error(answer, 404, "M_NOT_FOUND")
    assert devices_of(other)["THEIRS"]["display_name"] == "THEIRS"
    assert list(devices_of(client)) == [client.store.device]


# -- deleting


def test_deleting_one(server, client):
    tablet, desk = sign_in(client, "TABLET"), sign_in(client, "DESK")
    assert assert_good(delete(client, "TABLET")) == {}
    assert_gone(server, tablet)
    assert set(devices_of(client)) == {client.store.device, "DESK"}
    assert_good(server.api.whoami(desk["access_token"]))
    assert_error(server.api.device(client.access, "TABLET"), 404, "M_NOT_FOUND")
    assert_error(server.api.rename_device(client.access, "TABLET", "x"), 404, "M_NOT_FOUND")


def test_deleted_before(server, client):
    """The reply to the first may have been lost."""
    sign_in(client, "TABLET")
    for _ in range(3):
        assert assert_good(delete(client, "TABLET")) == {}


@pytest.mark.parametrize("whose", ["nobody's", "another's", "another's deleted"])
def test_what_never_was_is_told_before_the_challenge(server, client, whose):
    other = new_client(server.api)
    body = sign_in(other, "THEIRS")
    if whose == "another's deleted":
        assert_good(delete(other, "THEIRS"))
    device = "NOBODYS" if whose == "nobody's" else "THEIRS"
    wanted = Wanted(server.api, "DELETE", f"devices/{device}", {}, client.access)
    assert_error(wanted.ask(), 404, "M_NOT_FOUND")
    auth = own_password(client.store.user, client.store.password)
    assert_error(wanted.ask(auth), 404, "M_NOT_FOUND")
    if whose == "another's":
        assert_good(server.api.whoami(body["access_token"]))


def test_the_device_in_hand(server, client):
    """Like a logout."""
    other = sign_in(client, "OTHER")
    assert_good(delete(client, client.store.device))
    assert_hard(server.api.whoami(client.access))
    assert_hard(server.api.refresh(client.refresh_token))
    listed = assert_good(server.api.devices(other["access_token"]))["devices"]
    assert [device["device_id"] for device in listed] == ["OTHER"]


def test_every_session_that_a_device_had(server, client):
    first = sign_in(client, "TABLET")
    second = sign_in(client, "TABLET")
    assert_soft(server.api.whoami(first["access_token"]))
    assert_good(delete(client, "TABLET"))
    assert_gone(server, first)
    assert_gone(server, second)


def test_the_same_id_again_is_a_new_device(server, client):
    old = sign_in(client, "TABLET", initial_device_display_name="old")
    assert_good(delete(client, "TABLET"))
    new = sign_in(client, "TABLET")
    assert devices_of(client)["TABLET"]["display_name"] == "TABLET"  # not the older one's
    assert_gone(server, old)
    assert_good(server.api.whoami(new["access_token"]))
    assert_good(delete(client, "TABLET"))
    assert_gone(server, new)


def test_without_the_password_nothing_is_deleted(server, client):
    tablet = sign_in(client, "TABLET")
    wanted = Wanted(server.api, "DELETE", "devices/TABLET", {}, client.access)
    session = assert_challenge(wanted.ask())["session"]
    wrong = own_password(client.store.user, password(), session)
    assert_challenge(wanted.ask(wrong), "M_FORBIDDEN")
    assert_good(server.api.whoami(tablet["access_token"]))
    assert "TABLET" in devices_of(client)


def test_without_a_body(server, client):
    """Older clients begin so; the specification asks for none."""
    sign_in(client, "TABLET")
    answer = server.api.request("DELETE", f"{PREFIX}/devices/TABLET", token=client.access)
    session = assert_challenge(answer)["session"]
    auth = own_password(client.store.user, client.store.password, session)
    wanted = Wanted(server.api, "DELETE", "devices/TABLET", {}, client.access)
    assert_good(wanted.ask(auth))


def test_deleting_several(server, client):
    bodies = {device: sign_in(client, device) for device in ("A", "B", "C")}
    other = new_client(server.api)
    theirs = sign_in(other, "THEIRS")
    answer = delete_all(client, ["A", "B", "A", "NOBODYS", "THEIRS", "", "x/y", "C" * 200])
    assert assert_good(answer) == {}
    assert_gone(server, bodies["A"])
    assert_gone(server, bodies["B"])
    assert set(devices_of(client)) == {client.store.device, "C"}
    assert_good(server.api.whoami(theirs["access_token"]))
    # Again, and the one in hand too.
    assert_good(delete_all(client, ["A", "B"]))
    assert_good(delete_all(client, ["C", client.store.device]))
    assert_gone(server, bodies["C"])
    assert_hard(server.api.whoami(client.access))


def test_deleting_none(server, client):
    assert_good(delete_all(client, []))
    assert list(devices_of(client)) == [client.store.device]


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({"devices": None}, "M_BAD_JSON"),
        ({"devices": "A"}, "M_BAD_JSON"),
        ({"devices": {"A": 1}}, "M_BAD_JSON"),
        ({"devices": ["A", 7]}, "M_BAD_JSON"),
        ({"devices": ["A", None]}, "M_BAD_JSON"),
        ({"devices": ["A", ["B"]]}, "M_BAD_JSON"),
        ({"devices": ["A", "x" * 256]}, "M_INVALID_PARAM"),
        ({"devices": ["A", "b\u0000c"]}, "M_INVALID_PARAM"),
        ({"devices": ["A"] * 1001}, "M_INVALID_PARAM"),
    ],
)
def test_lists_that_are_none(server, client, body, errcode):
    sign_in(client, "A")
    wanted = Wanted(server.api, "POST", "delete_devices", body, client.access)
    for auth in (None, own_password(client.store.user, client.store.password)):
        assert_error(wanted.ask(auth), 400, errcode)
    assert "A" in devices_of(client)


# -- IDs in paths


def test_odd_ids(server, client):
    """A client may call its devices anything; in a path each is one segment."""
    for device in ODD_IDS:
        body = sign_in(client, device)
        assert body["device_id"] == device
        shown = assert_good(server.api.device(client.access, device))
        assert shown["device_id"] == device
        assert_good(server.api.rename_device(client.access, device, f"number {len(device)}"))
    listed = devices_of(client)
    assert set(listed) == {client.store.device, *ODD_IDS}
    for device in ODD_IDS:
        assert listed[device]["display_name"] == f"number {len(device)}"
        body = sign_in(client, device)
        assert_good(delete(client, device))
        assert_gone(server, body)
    assert list(devices_of(client)) == [client.store.device]


def test_ids_that_a_path_cannot_carry(server, client):
    """Browsers resolve them (URL Standard, "dot segment"), so a list must do."""
    for device in (".", ".."):
        body = sign_in(client, device)
        assert_good(delete_all(client, [device]))
        assert_gone(server, body)


@pytest.mark.parametrize("path", ["%00", "a%00b", "%ff", "%c0%af", "%ed%a0%80", "%", "%zz", "%2"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_paths_that_cannot_be_read(server, client, method, path):
    how = {} if method == "GET" else {"json": {}}
    answer = server.api.request(method, f"{PREFIX}/devices/{path}", token=client.access, **how)
    assert answer.status_code in (400, 404), answer.text
    assert answer.json()["errcode"] in ("M_NOT_FOUND", "M_UNRECOGNIZED", "M_UNKNOWN"), answer.text


def test_r0(server, client):
    sign_in(client, "TABLET")
    root = "/_matrix/client/r0"
    wanted = Wanted(server.api, "DELETE", f"{root}/devices/TABLET", {}, client.access)
    listed = server.api.request("GET", f"{root}/devices", token=client.access)
    assert len(assert_good(listed)["devices"]) == 2
    path = f"{root}/devices/TABLET"
    assert_good(server.api.request("GET", path, token=client.access))
    body = {"display_name": "x"}
    assert_good(server.api.request("PUT", path, json=body, token=client.access))
    auth = own_password(client.store.user, client.store.password)
    assert_good(wanted.ask(auth))
    several = wanted.but(method="POST", path=f"{root}/delete_devices", body={"devices": []})
    assert_good(several.ask(auth))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "devices"),
        ("GET", "devices/NONE"),
        ("PUT", "devices/NONE"),
        ("DELETE", "devices/NONE"),
        ("POST", "delete_devices"),
    ],
)
def test_tokens(server, method, path):
    assert_needs_a_good_token(server, method, path, {"devices": 7, "display_name": 7})


@pytest.mark.parametrize("path", ["devices/", "devices/A/B", "devices//"])
def test_paths_that_are_none(server, client, path):
    answer = server.api.request("GET", f"{PREFIX}/{path}", token=client.access)
    assert_error(answer, 404, "M_UNRECOGNIZED")


def test_at_the_limit_a_deleted_one_makes_room(make_sqlite_server):
    server = make_sqlite_server(sessions={"maximum_per_user": 2})
    client = new_client(server.api)
    sign_in(client, "SECOND")
    third = server.api.login(client.store.user, client.store.password, "THIRD")
    assert_error(third, 403, "M_USER_LIMIT_EXCEEDED")
    assert_good(delete(client, "SECOND"))
    sign_in(client, "THIRD")


def test_suspended_people_look_after_their_devices(server, client):
    sign_in(client, "TABLET")
    server.command("user", "suspend", client.store.user)
    assert set(devices_of(client)) == {client.store.device, "TABLET"}
    assert_good(delete(client, "TABLET"))
