"""matrix-nio registers, signs in and finds out who it is."""

import pytest
from nio import (
    DiscoveryInfoResponse,
    ErrorResponse,
    LoginError,
    LoginInfoResponse,
    LoginResponse,
    WhoamiResponse,
)

from support.answers import assert_good
from support.secrets import password

pytestmark = pytest.mark.anyio


async def assert_signed_in(person, device_id: str | None = None) -> None:
    who = await person.nio.whoami()
    assert isinstance(who, WhoamiResponse), who
    assert who.user_id == f"@{person.name}:example.com"
    assert who.device_id == person.nio.device_id == (device_id or person.nio.device_id)


async def test_registers(new_person):
    await assert_signed_in(await new_person())


async def test_is_told_of_a_taken_name(new_person, nobody):
    person = await new_person()
    other = nobody(person.name)
    answer = await other.nio.register(other.name, other.secret)
    assert isinstance(answer, ErrorResponse)
    assert answer.status_code == "M_USER_IN_USE"


async def test_is_shown_the_ways_in(nobody):
    answer = await nobody().nio.login_info()
    assert isinstance(answer, LoginInfoResponse), answer
    assert answer.flows == ["m.login.sso", "m.login.password", "m.login.token"]


async def test_finds_the_server(nobody, server):
    answer = await nobody().nio.discovery_info()
    assert isinstance(answer, DiscoveryInfoResponse), answer
    assert answer.homeserver_url == server.url


@pytest.mark.parametrize("name", ["{}", "@{}:example.com"])
async def test_signs_in_with_a_password(new_person, nobody, name):
    person = await new_person()
    other = nobody(person.name, person.secret)
    other.nio.user = name.format(person.name)
    assert isinstance(await other.nio.login(person.secret), LoginResponse)
    assert other.nio.device_id != person.nio.device_id
    await assert_signed_in(other)


async def test_signs_in_by_e_mail(new_person, nobody, server):
    person = await new_person()
    address = f"{person.name}@example.org"
    server.command("user", "add-threepid", person.name, "email", address)
    identifier = {"type": "m.id.thirdparty", "medium": "email", "address": address}
    other = nobody(person.name, person.secret)
    answer = await other.nio.login_raw(
        {"type": "m.login.password", "identifier": identifier, "password": person.secret}
    )
    assert isinstance(answer, LoginResponse), answer
    await assert_signed_in(other)


async def test_signs_in_as_the_device_it_was(new_person):
    person = await new_person()
    device_id = person.nio.device_id
    assert isinstance(await person.nio.login(person.secret), LoginResponse)
    await assert_signed_in(person, device_id)


async def test_is_told_of_a_wrong_password(new_person, nobody):
    person = await new_person()
    answer = await nobody(person.name).nio.login(password())
    assert isinstance(answer, LoginError)
    assert answer.status_code == "M_FORBIDDEN"


async def test_signs_in_by_the_login_token_of_another_client(new_person, nobody, server):
    person = await new_person()
    asked = server.api.login_token(person.nio.access_token, person.name, person.secret)
    token = assert_good(asked)["login_token"]
    other = nobody(person.name)
    assert isinstance(await other.nio.login(token=token), LoginResponse)
    await assert_signed_in(other)
    again = await nobody(person.name).nio.login(token=token)
    assert isinstance(again, LoginError)
    assert again.status_code == "M_FORBIDDEN"
