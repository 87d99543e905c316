"""Fixtures of the integration tests alone."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from support.answers import assert_good
from support.cas_server import CasServer
from support.lossy_proxy import LossyProxy
from support.matrix_client import new_client
from support.oauth import OAuthClient, Person, new_person


@pytest.fixture
def network(server):
    """The shared server behind a network that loses what it is told to."""
    with LossyProxy(urlsplit(server.url).port) as proxy:
        api = server.api_at(proxy.url, keep_alive=False)
        yield proxy, api
        api.close()
        assert proxy.pending() == 0, "a loss that the test ordered never happened"


@pytest.fixture
def witness(server):
    """A session from before; afterwards it must be as it was, and the server must still work."""
    client = new_client(server.api)
    yield client
    assert_good(server.api.whoami(client.access))
    client.refresh()
    assert client.store.wiped == []


@pytest.fixture(params=["running", "stopped"])
def either(request, make_server):
    """`with_server(act)`: act while the server runs, or between a stop and a start of it."""
    server = make_server()

    def with_server(act):
        if request.param == "running":
            return act()
        server.stop()
        try:
            return act()
        finally:
            server.start()

    return server, with_server


@pytest.fixture
def person(server) -> Person:
    return new_person(server)


@pytest.fixture
def client(server) -> OAuthClient:
    return OAuthClient(server.api)


@pytest.fixture(scope="module")
def cas() -> Iterator[CasServer]:
    server = CasServer()
    yield server
    server.close()
