"""Nobody is wiped whom no person signed out: overload, and a database that is away."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from support.answers import assert_good, assert_hard, assert_soft
from support.api import Silence
from support.matrix_client import assert_kept, new_client
from support.polling import patiently, wait_until


def statuses_of_refreshes(server, clients, rounds: int = 1) -> list[int]:
    """Everybody refreshes at once; silence counts as 0."""

    def attempt(client):
        try:
            return server.api.refresh(client.refresh_token).status_code
        except Silence:
            return 0

    with ThreadPoolExecutor(len(clients)) as pool:
        return [status for _ in range(rounds) for status in pool.map(attempt, clients)]


@pytest.fixture
def crowd(make_server):
    """A server with 30 signed-in clients."""
    server = make_server()
    with ThreadPoolExecutor(4) as pool:
        return server, list(pool.map(lambda _: new_client(server.api), range(30)))


def test_overload_while_refreshing(crowd):
    """A client that is not served is told 503: a 4xx would be the end to some clients."""
    server, clients = crowd
    statuses = statuses_of_refreshes(server, clients, 5)
    assert set(statuses) <= {200, 503}
    assert_kept(*clients)
    assert sum(client.softs for client in clients) == 0


def test_a_queue_that_is_full(make_server):
    """One place in the database's queue for thirty who ask at once."""
    server = make_server(database_pool={"size": 1, "queue": 1})
    clients = [new_client(server.api) for _ in range(30)]
    statuses = statuses_of_refreshes(server, clients, 5)
    assert set(statuses) <= {200, 503}
    assert_kept(*clients)
    assert sum(client.softs for client in clients) == 0


def test_refreshing_while_the_database_is_held(make_sqlite_server):
    """Another program holds the write lock: 503 in good time, and afterwards all goes on."""
    server = make_sqlite_server()
    clients = [new_client(server.api) for _ in range(8)]
    with closing(sqlite3.connect(server.engine.file, isolation_level=None)) as other:
        try:
            other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            pytest.skip("the server holds its file exclusively: nobody can do this to it")
        assert set(statuses_of_refreshes(server, clients)) <= {0, 503}
        other.execute("ROLLBACK")
    assert_kept(*clients)
    assert sum(client.softs for client in clients) == 0


def test_refreshing_while_a_table_is_locked(make_postgres_server):
    """A migration or a careless operator holds `sessions`: nothing but 503 and silence."""
    server = make_postgres_server()
    clients = [new_client(server.api) for _ in range(20)]
    holder = threading.Thread(
        target=server.engine.query, args=("BEGIN; LOCK TABLE sessions; SELECT pg_sleep(3); COMMIT",)
    )
    holder.start()
    wait_until(
        lambda: (
            "sessions"
            in server.engine.query(
                "SELECT relation::regclass FROM pg_locks "
                "WHERE mode = 'AccessExclusiveLock' AND granted"
            )
        ),
        "the lock to be held",
    )
    assert set(statuses_of_refreshes(server, clients)) <= {0, 200, 503}
    holder.join()
    assert_kept(*clients)
    assert sum(client.softs for client in clients) == 0


def test_postgresql_that_answers_nothing(postgres_of_its_own):
    """Frozen, as a machine that swaps or a network that swallows: 503, and then it goes on."""
    postgres, server = postgres_of_its_own
    clients = [new_client(server.api, patience=60) for _ in range(10)]
    postgres.freeze()
    try:
        assert set(statuses_of_refreshes(server, clients)) <= {0, 503}
    finally:
        postgres.thaw()
    assert_kept(*clients)
    assert sum(client.softs for client in clients) == 0


def test_postgresql_that_goes_away_and_returns(postgres_of_its_own):
    postgres, server = postgres_of_its_own
    clients = [new_client(server.api, patience=60) for _ in range(5)]
    out = new_client(server.api)
    out_access = out.access
    out.sign_out()
    for go in (postgres.stop, postgres.kill):
        go()
        health = server.api.request("GET", "/health")
        wait_until(lambda: server.api.request("GET", "/health").status_code == 503, "no health")
        assert health.status_code in (200, 503)
        for client in clients:
            assert server.api.refresh(client.refresh_token).status_code == 503
            assert server.api.login(client.store.user, client.store.password).status_code == 503
            assert server.api.whoami(client.access).status_code in (200, 503)
        assert server.api.whoami(out_access).status_code in (401, 503)
        postgres.start()
        wait_until(lambda: server.api.request("GET", "/health").status_code == 200, "health", 30)
        assert_kept(*clients)
        assert_hard(patiently(lambda: server.api.whoami(out_access)))
    assert sum(client.softs for client in clients) == 0
    # It is the database's fault, said once in a while, and not that of each request.
    log = server.log()
    assert "a request could not be served" in log
    assert "a request failed" not in log


def test_it_settles_after_an_outage(postgres_of_its_own):
    """Every connection was lost; soon all of them serve again, however many ask at once."""
    postgres, server = postgres_of_its_own
    client = new_client(server.api)

    def refused() -> set[str]:
        """What anybody was told but 200."""
        with ThreadPoolExecutor(12) as pool:  # more than there are connections
            answers = list(pool.map(lambda _: server.api.whoami(client.access), range(200)))
        return {f"{a.status_code} {a.text}" for a in answers if a.status_code != 200}

    for go in (postgres.stop, postgres.kill):
        go()
        wait_until(lambda: server.api.request("GET", "/health").status_code == 503, "no health")
        postgres.start()
        wait_until(lambda: not refused(), "everybody to be served", 5)
        assert refused() == set()


def test_a_start_without_postgresql(postgres_of_its_own):
    postgres, server = postgres_of_its_own
    client = new_client(server.api)
    server.stop()
    postgres.stop()
    server.start_refused()
    postgres.start()
    server.start()
    assert_kept(client)


@pytest.fixture
def postgres_of_its_own(make_fragile_server, own_postgres):
    # Impatient, for tests have no time.
    patience = {"connect_timeout": "1s", "statement_timeout": "2s"}
    return own_postgres, make_fragile_server(database_pool=patience)


def test_failover_to_a_standby_that_lags(make_fragile_server, own_postgres):
    """The other host of the connection string has not heard the newest: softly out, at worst.

    A standby that lagged is, to the server, a copy from a while ago: what was signed in since is
    lost with its rows, and the gap noted at the reconnect says so.
    """
    server = make_fragile_server(start=False)
    database = server.engine.database
    server.start()
    client, out = new_client(server.api, patience=60), new_client(server.api)
    out_access = out.access
    out.sign_out()
    server.stop()
    standby = own_postgres.copy_as_new()
    try:
        hosts = f"{own_postgres.address()},{standby.address()}"
        server.options["database"] = f"postgresql://latchkey@{hosts}/{database}"
        standby.stop()
        server.start()
        client.refresh()
        client.use()
        lost = assert_good(server.api.login(client.store.user, client.store.password, "LOST"))
        own_postgres.kill()
        standby.start()
        wait_until(lambda: server.api.request("GET", "/health").status_code == 200, "health", 30)
        assert_soft(patiently(lambda: server.api.whoami(lost["access_token"])))
        assert_soft(patiently(lambda: server.api.refresh(lost["refresh_token"])))
        assert_hard(patiently(lambda: server.api.whoami(out_access)))
        assert_kept(client)
        assert client.softs == 0  # its row was there and moved forward
        server.stop()
    finally:
        standby.destroy()
