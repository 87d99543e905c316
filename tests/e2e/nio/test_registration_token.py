"""matrix-nio registers with a registration token, stage by stage."""

import pytest
from nio import ErrorResponse, LoginResponse
from nio.responses import RegisterInteractiveResponse

from support.secrets import password

pytestmark = pytest.mark.anyio

STAGE = "m.login.registration_token"


@pytest.fixture
def server(make_sqlite_server):
    return make_sqlite_server(registration={"token_required": True})


async def test_the_stage_and_then_the_password(server, nobody):
    token = server.command("registration-token", "create", "--uses", "1")["token"]
    person = nobody()

    async def register(auth: dict):
        return await person.nio.register_interactive(person.name, person.secret, auth)

    # With no type and no session, nio only asks what there is.
    asked = await register({"initial_device_display_name": "Laptop"})
    assert isinstance(asked, RegisterInteractiveResponse), asked
    assert asked.stages == [STAGE]

    wrong = await register({"type": STAGE, "token": password(), "session": asked.session})
    assert isinstance(wrong, RegisterInteractiveResponse), wrong
    assert (wrong.session, wrong.completed) == (asked.session, [])

    # nio cannot read an answer that ends a registration: it awaits the flows of another stage.
    await register({"type": STAGE, "token": token, "session": asked.session})
    assert isinstance(await person.nio.login(person.secret), LoginResponse)


async def test_what_nio_does_in_one_call_stops_after_the_token(server, nobody):
    """It takes Synapse's m.login.dummy after the token for granted, whatever the flows say."""
    token = server.command("registration-token", "create")["token"]
    person = nobody()
    answer = await person.nio.register_with_token(person.name, person.secret, token)
    assert isinstance(answer, ErrorResponse), answer
    assert isinstance(await person.nio.login(person.secret), LoginResponse)


async def test_a_token_that_is_none_creates_nothing(server, nobody):
    person = nobody()
    answer = await person.nio.register_with_token(person.name, person.secret, password())
    assert isinstance(answer, ErrorResponse), answer
    assert isinstance(await person.nio.login(person.secret), ErrorResponse)
