"""PostgreSQL behind pgBouncer, which gives each transaction to any of its few connections."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from support.answers import assert_good, assert_hard, assert_soft
from support.cluster import BOUND, Cluster, Crowd, status
from support.engines import PostgresDatabase
from support.matrix_client import new_client
from support.pgbouncer import PgBouncer
from support.polling import patiently, wait_until
from support.threads import together


@pytest.fixture
def pooler(own_postgres, tmp_path) -> Iterator[PgBouncer]:
    with closing(PgBouncer(tmp_path, own_postgres)) as pooler:
        yield pooler


@pytest.fixture
def behind(make_fragile_server, own_postgres, pooler):
    """Two nodes whose transactions go through pgBouncer."""
    nodes = []
    for _ in range(2):
        node = make_fragile_server(start=False)
        engine: PostgresDatabase = nodes[0].engine if nodes else node.engine
        node.options["database"] = pooler.url(engine.database)
        node.options["cluster"] = {
            "hand_over": "0s",
            "listen_url": own_postgres.url(engine.database),
        }
        node.options["database_pool"] = {"size": 6}  # more than pgBouncer has
        if nodes:
            for shared in ("keys_file", "public_url"):
                node.options[shared] = nodes[0].options[shared]
        nodes.append(node.start())
    return nodes


def test_without_an_address_for_listening_it_is_refused(make_fragile_server, pooler):
    node = make_fragile_server(start=False)
    node.options["database"] = pooler.url(node.engine.database)
    said = node.start_refused()
    assert "cluster.listen_url" in said
    assert "pgBouncer" in said


def test_an_address_for_listening_that_leads_elsewhere_is_refused(
    make_fragile_server, postgres, pooler
):
    node = make_fragile_server(start=False)
    node.options["database"] = pooler.url(node.engine.database)
    # Another database, on another server.
    node.options["cluster"] = {"listen_url": postgres.url("postgres")}
    assert "another" in node.start_refused()
    # Through the same pooler.
    node.options["cluster"] = {"listen_url": pooler.url(node.engine.database)}
    assert "cluster.listen_url" in node.start_refused()


def test_a_pooler_in_session_mode_needs_no_other_address(
    make_fragile_server, own_postgres, tmp_path
):
    with closing(PgBouncer(tmp_path, own_postgres, "session")) as pooler:
        node = make_fragile_server(start=False, database_pool={"size": 2})
        node.options["database"] = pooler.url(node.engine.database)
        node.start()
        client = new_client(node.api)
        client.use()
        client.refresh()
        client.use()
        assert client.store.wiped == []
        node.stop()


def test_what_happens_on_one_node_is_known_on_the_other(behind):
    first, second = behind
    client = new_client(first.api)
    for node in (second, first, second):
        client.api = node.api
        client.use()
        client.refresh()
        client.use()
    other = assert_good(first.api.login(client.store.user, client.store.password))
    token = other["access_token"]
    for _ in range(2):
        assert_good(second.api.whoami(token))
    assert_good(first.api.logout(token))
    wait_until(lambda: status(second.api, token) == 401, "the end", 2)
    assert_hard(second.api.refresh(other["refresh_token"]))
    first.command("user", "lock", client.store.user)
    wait_until(lambda: status(second.api, client.access) == 401, "the lock", 2)
    first.command("user", "unlock", client.store.user)
    wait_until(lambda: status(second.api, client.access) == 200, "unlocked", 2)
    assert client.store.wiped == []


def test_many_at_once(behind):
    clients = [new_client(behind[i % 2].api) for i in range(12)]

    def live(client):
        for _ in range(10):
            client.refresh()
            client.use()

    together(*[lambda client=client: live(client) for client in clients])
    for client in clients:
        assert client.store.wiped == []
        assert client.softs == 0


def test_no_setting_stays_with_the_poolers_connections(behind, pooler, own_postgres):
    """Whoever else uses the pooler finds the server's connections as they were made."""
    client = new_client(behind[0].api)
    client.refresh()
    database = behind[0].engine.database
    others = {
        own_postgres.sql_at(pooler.port, database, f"SHOW {setting}").strip()
        for setting in ("statement_timeout", "idle_in_transaction_session_timeout")
        for _ in range(8)
    }
    assert others == {"0"}
    prepared = "SELECT count(*) FROM pg_prepared_statements"
    assert {own_postgres.sql_at(pooler.port, database, prepared).strip() for _ in range(8)} == {"0"}


def test_another_server_behind_the_pooler_is_noticed(behind, pooler, own_postgres):
    """pgBouncer keeps its clients connected while the server changes under them: a standby that
    lagged is promoted, and nobody's connection is lost."""
    first, second = behind
    client = new_client(first.api, patience=60)
    for node in behind:
        node.stop()
    other = own_postgres.copy_as_new()
    try:
        both = f"127.0.0.1:{other.port},127.0.0.1:{own_postgres.port}"
        url = f"postgresql://latchkey@{both}/{first.engine.database}"
        other.stop()  # until then the second host is the one
        for node in behind:
            node.options["cluster"]["listen_url"] = url
            node.start()
        client.refresh()
        client.use()
        lost = assert_good(first.api.login(client.store.user, client.store.password, "LOST"))
        other.start()
        pooler.lead_to(other)
        own_postgres.stop()
        for node in behind:
            wait_until(
                lambda node=node: node.api.request("GET", "/health").status_code == 200,
                "health",
                30,
            )
            token = lost["access_token"]
            assert_soft(patiently(lambda node=node, token=token: node.api.whoami(token), 30))
        assert_soft(patiently(lambda: second.api.refresh(lost["refresh_token"]), 30))
        client.use()
        assert client.store.wiped == []
        assert client.softs == 0
        # And what one node announces there, the other hears.
        ended = client.access
        assert_good(patiently(lambda: first.api.logout(ended)))
        wait_until(lambda: status(second.api, ended) == 401, "the end", 5)
        for node in behind:
            node.stop()
    finally:
        other.destroy()
        own_postgres.start()


def test_a_promoted_standby_behind_it_and_a_node_that_is_killed(binary, tmp_path, tell):
    """Everything at once: three nodes behind HAProxy whose transactions go through it, while people
    are at work."""
    with closing(Cluster(tmp_path, pooled=True)) as cluster:
        with Crowd(cluster) as crowd:
            crowd.steps(100)
            cluster.primary.kill()
            cluster.standby.promote()
            cluster.pooler.lead_to(cluster.standby)
            cluster.wait_for_all()
            crowd.steps(150)
            node = cluster.nodes[1]
            node.server.kill()
            crowd.steps(100)
            node.server.start()
            wait_until(node.serves, "the node to serve again", 60)
            cluster.nodes[2].deafen()
            crowd.for_a_while(BOUND)
            cluster.nodes[2].mend()
            crowd.steps(100)
        tell(crowd.assert_unharmed())
