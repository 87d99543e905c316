"""Fixtures of the integration tests alone."""

from urllib.parse import urlsplit

import pytest

from support.lossy_proxy import LossyProxy
from support.oauth import OAuthClient, Person, new_person


@pytest.fixture
def network(server):
    """The shared server behind a network that loses what it is told to."""
    with LossyProxy(urlsplit(server.url).port) as proxy:
        api = server.api_at(proxy.url, keep_alive=False)
        yield proxy, api
        api.close()
        assert proxy.pending() == 0, "a loss that the test ordered never happened"


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
