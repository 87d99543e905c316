"""A server with people on it, for requests out of nowhere."""

import pytest

from schema import population
from support.engines import Sqlite
from support.server import Server


@pytest.fixture(scope="session")
def populated(binary, tmp_path_factory):
    """(server, population)"""
    directory = tmp_path_factory.mktemp("populated")
    server = Server(directory, Sqlite(directory), population.options())
    population.write_files(server)
    try:
        server.start()
        yield server, population.Population(server)
    finally:
        server.close()
