"""Fixtures for the tests of the real binary. What they are made of is in support/."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support.clock import Clock
from support.cluster_server import ClusterServer
from support.edge_server import Homeserver
from support.engines import Engine, PostgresDatabase, Sqlite
from support.postgres import Postgres
from support.server import BINARY, Server
from support.services import Bridge, install

MakeServer = Callable[..., Server]
# Every server is three nodes behind HAProxy, with trouble among them: `./dev test cluster`.
AS_A_CLUSTER = "LATCHKEY_CLUSTER" in os.environ
# Servers as they are meant to be, behind nginx and before Synapse: `./dev test continuity`.
AT_THE_EDGE = "LATCHKEY_EDGE" in os.environ


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The private PostgreSQL of this run; each test has its own database in it."""
    server = Postgres()
    yield server
    server.destroy()


def _engine(name: str, directory: Path, request: pytest.FixtureRequest) -> Engine:
    if name == "sqlite":
        return Sqlite(directory)
    return PostgresDatabase(request.getfixturevalue("postgres"))


@pytest.fixture(scope="session")
def binary() -> Path:
    if not BINARY.exists():
        pytest.exit(f"{BINARY} is not there: build it first, or set LATCHKEY_BINARY", 2)
    return BINARY


@pytest.fixture(scope="session")
def serve(tmp_path_factory) -> Iterator[MakeServer]:
    """Makes one, as Server does."""
    if not AT_THE_EDGE:
        yield ClusterServer if AS_A_CLUSTER else Server
        return
    with closing(Homeserver(tmp_path_factory.mktemp("synapse"))) as homeserver:
        yield homeserver.server


def _engine_names() -> list[str]:
    if AS_A_CLUSTER:
        return ["postgresql"]
    # What differs on PostgreSQL is below what a homeserver has to do with.
    return ["sqlite"] if AT_THE_EDGE else ["sqlite", "postgresql"]


@pytest.fixture(scope="session", params=_engine_names())
def engine_name(request: pytest.FixtureRequest) -> str:
    """Every test that asks for it, directly or through a server, runs on both engines."""
    return request.param


def _shared(
    name: str, request: pytest.FixtureRequest, prepare: Callable[[Path], dict] = lambda _: {}
) -> Iterator[Server]:
    """`prepare` writes files into the server's folder and returns options."""
    engine_name = request.getfixturevalue("engine_name")
    factory = request.getfixturevalue("tmp_path_factory")
    directory = factory.mktemp(f"{name}-{engine_name}")
    engine = _engine(engine_name, directory, request)
    serve = request.getfixturevalue("serve")
    server = serve(directory, engine, prepare(directory))
    try:
        yield server.start()
    finally:
        server.close()
        engine.drop()


def _checked(server: Server) -> Iterator[Server]:
    yield server
    assert server.running, f"the server ended:\n{server.log()[-4000:]}"
    server.check_log()
    server.test_is_over()


@pytest.fixture(scope="session")
def shared_server(binary, engine_name, request) -> Iterator[Server]:
    """A server with the tests' usual configuration. Tests must leave it as they found it."""
    yield from _shared("shared", request)


@pytest.fixture
def server(shared_server) -> Iterator[Server]:
    """The shared server; after each test it must still run, and its log must be clean."""
    yield from _checked(shared_server)


@pytest.fixture(scope="session")
def shared_bridged_server(binary, engine_name, request) -> Iterator[Server]:
    yield from _shared("bridged", request, install)


@pytest.fixture
def bridged(shared_bridged_server) -> Iterator[Server]:
    """The same with the two application services of support/services.py."""
    yield from _checked(shared_bridged_server)


@pytest.fixture
def irc(bridged) -> Bridge:
    return Bridge(bridged, "irc")


@pytest.fixture
def mail(bridged) -> Bridge:
    return Bridge(bridged, "mail")


@pytest.fixture
def clock(tmp_path) -> Clock:
    """A wall clock for a server of one's own: `make_server(clock=clock)`."""
    return Clock(tmp_path)


def _maker(
    serve: MakeServer, engines: Callable[[Path], Engine], tmp_path: Path, drop: bool = True
) -> Iterator[MakeServer]:
    made: list[Server] = []

    def make(clock: Clock | None = None, start: bool = True, **options) -> Server:
        # A test may have servers of several makers.
        directory = tmp_path / f"server{len(list(tmp_path.glob('server*')))}"
        directory.mkdir()
        server = serve(directory, engines(directory), options, clock)
        made.append(server)
        return server.start() if start else server

    yield make
    for server in made:
        server.close()
        if drop:
            server.engine.drop()


@pytest.fixture
def make_server(binary, serve, engine_name, tmp_path, request) -> Iterator[MakeServer]:
    """Servers of a test's own, on each engine: make_server(sessions={"maximum_age": "1h"})."""
    yield from _maker(serve, lambda directory: _engine(engine_name, directory, request), tmp_path)


@pytest.fixture(scope="module")
def make_lasting_server(
    binary, serve, engine_name, tmp_path_factory, request
) -> Iterator[MakeServer]:
    """The same for all tests of a file: for a fixture of its own with `scope="module"`."""
    directory = tmp_path_factory.mktemp(f"lasting-{engine_name}")
    yield from _maker(serve, lambda folder: _engine(engine_name, folder, request), directory)


@pytest.fixture
def make_sqlite_server(binary, serve, tmp_path) -> Iterator[MakeServer]:
    """The same for what does not depend on the engine, or is SQLite's alone."""
    # One file is one node's.
    yield from _maker(Server if AS_A_CLUSTER else serve, Sqlite, tmp_path)


@pytest.fixture
def make_postgres_server(binary, serve, postgres, tmp_path) -> Iterator[MakeServer]:
    """The same for what is PostgreSQL's alone."""
    yield from _maker(serve, lambda _: PostgresDatabase(postgres), tmp_path)


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A PostgreSQL for one test alone, that may kill it."""
    server = Postgres()
    yield server
    server.destroy()


@pytest.fixture
def make_fragile_server(binary, serve, own_postgres, tmp_path) -> Iterator[MakeServer]:
    """Servers on `own_postgres`."""
    yield from _maker(serve, lambda _: PostgresDatabase(own_postgres), tmp_path, drop=False)
