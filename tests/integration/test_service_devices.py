"""Device management for application services (MSC4190)."""

from support.answers import assert_error, assert_good, assert_hard
from support.clock import DAY
from support.matrix_client import new_client
from support.services import Bridge, install
from support.threads import together


def ids(devices: list[dict]) -> list[str]:
    return [device["device_id"] for device in devices]


def test_put_creates_and_then_updates(irc):
    name = irc.new_user()
    created = irc.put_device(name, "BRIDGE", "The bridge")
    assert (created.status_code, created.json()) == (201, {})
    assert irc.devices(name) == [{"device_id": "BRIDGE", "display_name": "The bridge"}]
    again = irc.put_device(name, "BRIDGE")
    assert (again.status_code, again.json()) == (200, {})
    assert irc.devices(name)[0]["display_name"] == "The bridge"
    assert_good(irc.put_device(name, "BRIDGE", "Renamed"))
    assert assert_good(irc.ask("GET", "/devices/BRIDGE", name))["display_name"] == "Renamed"


def test_a_device_without_a_name(irc):
    name = irc.new_user()
    assert irc.put_device(name, "BRIDGE").status_code == 201
    assert irc.devices(name) == [{"device_id": "BRIDGE", "display_name": "BRIDGE"}]


def test_names_of_devices_that_need_quoting(irc):
    name = irc.new_user()
    for device in ("a/b", "a b", "ä", "?#%", "x.y"):
        assert irc.put_device(name, device).status_code == 201
        assert assert_good(irc.whoami(name, device))["device_id"] == device
    assert len(irc.devices(name)) == 5


def test_devices_that_cannot_be(irc):
    name = irc.new_user()
    for device in ("a\nb", "x" * 256):
        assert irc.put_device(name, device).status_code in (400, 404)
    assert irc.devices(name) == []


def test_a_sign_in_takes_the_device_over(irc):
    name = irc.new_user()
    irc.put_device(name, "BRIDGE", "The bridge")
    session = assert_good(irc.login(name, "BRIDGE", initial_device_display_name="Not this"))
    [device] = irc.devices(name)
    assert device["display_name"] == "The bridge"
    assert device["last_seen_ts"] > 0
    assert irc.put_device(name, "BRIDGE").status_code == 200
    assert_good(irc.api.whoami(session["access_token"]))


def test_delete_needs_no_confirmation(irc):
    name = irc.new_user()
    session = assert_good(irc.login(name, "BRIDGE"))
    assert assert_good(irc.delete_device(name, "BRIDGE")) == {}
    assert_hard(irc.api.whoami(session["access_token"]))
    assert_hard(irc.api.refresh(session["refresh_token"]))
    assert irc.devices(name) == []
    assert_good(irc.delete_device(name, "BRIDGE"))  # a lost reply is asked for again
    assert_error(irc.delete_device(name, "NEVER"), 404, "M_NOT_FOUND")


def test_a_deleted_device_can_be_made_again(irc):
    name = irc.new_user()
    for _ in range(3):
        assert irc.put_device(name, "BRIDGE").status_code == 201
        assert_good(irc.delete_device(name, "BRIDGE"))
    old = assert_good(irc.login(name, "BRIDGE"))
    assert_good(irc.delete_device(name, "BRIDGE"))
    assert irc.put_device(name, "BRIDGE").status_code == 201
    assert_hard(irc.api.whoami(old["access_token"]))
    assert_hard(irc.api.refresh(old["refresh_token"]))


def test_delete_devices_needs_no_confirmation(irc):
    name = irc.new_user()
    sessions = {device: assert_good(irc.login(name, device)) for device in ("A", "B", "C")}
    body = {"devices": ["A", "B", "NEVER", "A"]}
    for _ in range(2):
        assert_good(irc.ask("POST", "/delete_devices", name, body=body))
    for device in ("A", "B"):
        assert_hard(irc.api.whoami(sessions[device]["access_token"]))
    assert_good(irc.api.whoami(sessions["C"]["access_token"]))
    assert ids(irc.devices(name)) == ["C"]


def test_each_user_has_devices_of_their_own(bridged, irc):
    one, other, person = irc.new_user(), irc.new_user(), new_client(bridged.api)
    irc.put_device(one, "BRIDGE")
    assert_error(irc.ask("GET", "/devices/BRIDGE", other), 404, "M_NOT_FOUND")
    assert_error(irc.delete_device(other, "BRIDGE"), 404, "M_NOT_FOUND")
    assert_error(irc.delete_device(one, person.store.device), 404, "M_NOT_FOUND")
    assert_good(irc.ask("POST", "/delete_devices", one, body={"devices": [person.store.device]}))
    assert irc.put_device(other, "BRIDGE").status_code == 201
    assert_error(irc.put_device(person.store.user, "BRIDGE"), 403, "M_FORBIDDEN")
    assert_good(bridged.api.whoami(person.access))


def test_people_cannot_create_devices(bridged):
    client = new_client(bridged.api)
    answer = bridged.api.rename_device(client.access, "NEW", "Mine")
    assert_error(answer, 404, "M_NOT_FOUND")
    assert ids(assert_good(bridged.api.devices(client.access))["devices"]) == [client.store.device]


def test_one_device_created_many_times_at_once(irc):
    name = irc.new_user()
    statuses = []
    together(*[lambda: statuses.append(irc.put_device(name, "BRIDGE").status_code)] * 8)
    assert sorted(statuses) == [200] * 7 + [201]
    assert ids(irc.devices(name)) == ["BRIDGE"]


def test_the_limit_of_devices_and_the_years(make_sqlite_server, clock):
    """No more than a person has; and a device without a session is no refuse to be swept up."""
    server = make_sqlite_server(
        clock,
        start=False,
        sessions={"maximum_per_user": 2},
        application_services=["irc.yaml", "mail.yaml"],
    )
    install(server.directory)
    server.start()
    irc = Bridge(server, "irc")
    name = irc.new_user()
    for device in ("ONE", "TWO"):
        assert irc.put_device(name, device).status_code == 201
    assert_error(irc.put_device(name, "THREE"), 403, "M_USER_LIMIT_EXCEEDED")
    assert_good(irc.put_device(name, "TWO", "Still"))
    assert_error(irc.login(name, "THREE"), 403, "M_USER_LIMIT_EXCEEDED")
    assert_good(irc.login(name, "TWO"))
    for _ in range(2):
        clock.advance(400 * DAY)
        server.restart()
        assert ids(irc.devices(name)) == ["ONE", "TWO"]
    assert_good(irc.delete_device(name, "ONE"))
    assert irc.put_device(name, "THREE").status_code == 201
