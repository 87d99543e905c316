"""matrix-nio lists, renames and deletes devices."""

import pytest
from nio import (
    DeleteDevicesAuthResponse,
    DeleteDevicesResponse,
    DevicesResponse,
    UpdateDeviceError,
    UpdateDeviceResponse,
    WhoamiError,
    WhoamiResponse,
)

from support.secrets import password

pytestmark = pytest.mark.anyio


async def devices(person) -> dict[str, str]:
    """The names of the person's devices, by ID."""
    answer = await person.nio.devices()
    assert isinstance(answer, DevicesResponse), answer
    assert all(device.last_seen_ip == "127.0.0.1" for device in answer.devices)
    assert all(device.last_seen_date for device in answer.devices)
    return {device.id: device.display_name for device in answer.devices}


async def test_lists_and_renames(new_person, signed_in_again):
    person = await new_person()
    other = await signed_in_again(person)
    mine, theirs = person.nio.device_id, other.nio.device_id
    assert await devices(person) == {mine: "Laptop", theirs: "Phone"}
    answer = await person.nio.update_device(theirs, {"display_name": "Tablet"})
    assert isinstance(answer, UpdateDeviceResponse), answer
    assert await devices(other) == {mine: "Laptop", theirs: "Tablet"}


async def test_a_device_without_a_name(new_person, nobody):
    """The specification lets the name be left out then, and nio fails the whole list."""
    person = await new_person()
    unnamed = nobody(person.name, person.secret)
    await unnamed.nio.login(person.secret)
    assert (await devices(person))[unnamed.nio.device_id] == unnamed.nio.device_id
    await unnamed.nio.update_device(unnamed.nio.device_id, {"display_name": "Phone"})
    assert (await devices(person))[unnamed.nio.device_id] == "Phone"


async def test_another_persons_device_is_none(new_person):
    person, stranger = await new_person(), await new_person()
    answer = await person.nio.update_device(stranger.nio.device_id, {"display_name": "Mine"})
    assert isinstance(answer, UpdateDeviceError)
    assert answer.status_code == "M_NOT_FOUND"
    assert await devices(stranger) == {stranger.nio.device_id: "Laptop"}


async def test_deletes_after_the_password(new_person, signed_in_again):
    person = await new_person()
    others = [await signed_in_again(person) for _ in range(2)]
    ids = [other.nio.device_id for other in others]

    challenge = await person.nio.delete_devices(ids)
    assert isinstance(challenge, DeleteDevicesAuthResponse), challenge
    assert challenge.flows == [{"stages": ["m.login.password"]}]

    wrong = person.auth(challenge.session) | {"password": password()}
    assert not isinstance(await person.nio.delete_devices(ids, wrong), DeleteDevicesResponse)
    assert isinstance(await others[0].nio.whoami(), WhoamiResponse)
    assert isinstance(await person.nio.whoami(), WhoamiResponse)

    done = await person.nio.delete_devices(ids, person.auth(challenge.session))
    assert isinstance(done, DeleteDevicesResponse), done
    assert await devices(person) == {person.nio.device_id: "Laptop"}
    for other in others:
        answer = await other.nio.whoami()
        assert isinstance(answer, WhoamiError)
        assert (answer.status_code, answer.soft_logout) == ("M_UNKNOWN_TOKEN", False)


async def test_deletes_what_is_said_with_the_confirmation(new_person, signed_in_again):
    person = await new_person()
    other = await signed_in_again(person)
    challenge = await person.nio.delete_devices(["SOMETHING", "ELSE"])
    auth = person.auth(challenge.session)
    answer = await person.nio.delete_devices([other.nio.device_id], auth)
    assert isinstance(answer, DeleteDevicesResponse), answer
    assert isinstance(await other.nio.whoami(), WhoamiError)
