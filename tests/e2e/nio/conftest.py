"""People on matrix-nio, and a server for them."""

from collections.abc import AsyncIterator, Callable, Coroutine

import pytest
from nio import AsyncClient, AsyncClientConfig, LoginResponse, RegisterResponse

from support.api import new_name
from support.secrets import password
from support.server import Server


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # of those that anyio could run the tests on, the one that nio needs


@pytest.fixture
def server(make_sqlite_server) -> Server:
    return make_sqlite_server()


class Person:
    """A client of nio's, and what its user knows."""

    def __init__(self, server: Server, name: str | None = None, secret: str | None = None):
        self.server = server
        self.name = name or new_name()
        self.secret = secret or password()
        # Whatever is refused is to be told at once, not tried again.
        config = AsyncClientConfig(max_limit_exceeded=0, max_timeouts=0)
        self.nio = AsyncClient(server.url, self.name, config=config)

    def auth(self, session: str) -> dict:
        return {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": self.name},
            "password": self.secret,
            "session": session,
        }


NewPerson = Callable[..., Coroutine[None, None, Person]]


@pytest.fixture
async def nobody(server) -> AsyncIterator[Callable[..., Person]]:
    """`nobody(name, secret)`: a client that is not signed in."""
    people = []

    def make(*who: str) -> Person:
        people.append(Person(server, *who))
        return people[-1]

    yield make
    for person in people:
        await person.nio.close()


@pytest.fixture
def new_person(nobody) -> NewPerson:
    """`await new_person()`: one who has just registered."""

    async def make() -> Person:
        person = nobody()
        answer = await person.nio.register(person.name, person.secret, "Laptop")
        assert isinstance(answer, RegisterResponse), answer
        return person

    return make


@pytest.fixture
def signed_in_again(nobody) -> Callable[..., Coroutine[None, None, Person]]:
    """`await signed_in_again(person)`: the same person on another device."""

    async def make(person: Person) -> Person:
        other = nobody(person.name, person.secret)
        answer = await other.nio.login(person.secret, "Phone")
        assert isinstance(answer, LoginResponse), answer
        return other

    return make
