"""What matrix-nio makes of the end of a session, soft or hard."""

import pytest
from nio import LoginResponse, LogoutResponse, WhoamiError, WhoamiResponse

from support.answers import assert_good, assert_hard
from support.secrets import password

pytestmark = pytest.mark.anyio


async def refusal(person) -> tuple[str, bool]:
    answer = await person.nio.whoami()
    assert isinstance(answer, WhoamiError), answer
    return answer.status_code, answer.soft_logout


async def test_logs_out(new_person, signed_in_again, server):
    person = await new_person()
    other = await signed_in_again(person)
    token = person.nio.access_token
    assert isinstance(await person.nio.logout(), LogoutResponse)
    assert_hard(server.api.whoami(token))
    assert isinstance(await other.nio.whoami(), WhoamiResponse)


async def test_logs_out_everywhere(new_person, signed_in_again):
    person = await new_person()
    other = await signed_in_again(person)
    assert isinstance(await person.nio.logout(all_devices=True), LogoutResponse)
    assert await refusal(other) == ("M_UNKNOWN_TOKEN", False)


async def test_forgets_the_token_but_not_the_device_when_signed_out_softly(new_person, server):
    person = await new_person()
    device_id = person.nio.device_id
    server.command("user", "soft-logout", person.name)
    assert await refusal(person) == ("M_UNKNOWN_TOKEN", True)
    assert person.nio.access_token == ""
    assert person.nio.device_id == device_id

    assert isinstance(await person.nio.login(person.secret), LoginResponse)
    assert person.nio.device_id == device_id
    assert isinstance(await person.nio.whoami(), WhoamiResponse)


async def test_goes_on_when_a_lock_is_lifted(new_person, server):
    person = await new_person()
    token = person.nio.access_token
    server.command("user", "lock", person.name)
    assert await refusal(person) == ("M_USER_LOCKED", True)
    # It takes every soft_logout for the end of the token. This one is as good as ever.
    assert person.nio.access_token == ""
    server.command("user", "unlock", person.name)
    person.nio.access_token = token
    assert isinstance(await person.nio.whoami(), WhoamiResponse)


async def test_is_out_for_good_after_a_new_password_elsewhere(new_person, signed_in_again, server):
    person = await new_person()
    other = await signed_in_again(person)
    new = password()
    token = other.nio.access_token
    assert_good(server.api.change_password(token, person.name, person.secret, new))
    assert await refusal(person) == ("M_UNKNOWN_TOKEN", False)
    assert isinstance(await other.nio.whoami(), WhoamiResponse)
    assert isinstance(await person.nio.login(new), LoginResponse)
