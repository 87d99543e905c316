"""What nodes of one database have to agree in, and what a node does that does not."""

import time

import pytest

from support.answers import assert_good
from support.clock import Clock
from support.matrix_client import new_client
from support.polling import wait_until


@pytest.fixture
def nodes(make_fragile_server):
    """Two that are not started yet, with one database and the same keys."""
    first = make_fragile_server(start=False)
    second = make_fragile_server(start=False)
    for shared in ("database", "keys_file", "public_url"):
        second.options[shared] = first.options[shared]
    return first, second


def test_another_configuration_is_refused_and_its_options_are_named(nodes):
    first, second = nodes
    first.start()
    second.options["sessions"] = {"access_token_lifetime": "1h"}
    said = second.start_refused()
    assert "sessions.access_token_lifetime" in said
    assert "cluster.revision" in said
    assert "public_url" not in said
    second.options["public_url"] = second.url + "/"
    assert "public_url" in second.start_refused()
    # What does not have to be the same.
    del second.options["sessions"]
    second.options["public_url"] = first.options["public_url"]
    second.options["sessions"] = {"cache_entries": 10}
    second.options["registration"] = {"open": False}
    second.start()


def test_a_configuration_is_changed_node_by_node(nodes):
    first, second = nodes
    first.start()
    second.start()
    changed = {"sessions": {"access_token_lifetime": "1h"}, "cluster": {"revision": 2}}
    second.restart(changed)
    client = new_client(second.api)
    assert_good(first.api.whoami(client.access))
    # Whoever is late is told.
    first.stop()
    assert "newer configuration" in first.start_refused()
    first.options |= changed
    first.start()
    client.api = first.api
    client.use()


def test_a_node_alone_may_change_as_it_likes(nodes):
    """Also when it was killed: its own row, from before, is nobody else."""
    node, _ = nodes
    node.start()
    node.restart({"sessions": {"access_token_lifetime": "1h"}})
    node.kill()
    node.options["sessions"] = {"access_token_lifetime": "2h"}
    node.start()


def test_a_node_without_the_keys_is_refused(nodes, tmp_path):
    first, second = nodes
    first.start()
    second.options["keys_file"] = str(tmp_path / "none")
    assert "keys" in second.start_refused()
    assert not (tmp_path / "none").exists()


def test_a_node_whose_clock_is_wrong_is_refused(nodes, tmp_path):
    first, second = nodes
    first.start()
    clock = Clock(tmp_path)
    second.clock = clock
    clock.move_to(45)
    said = second.start_refused()
    assert "ahead of the database's" in said
    assert "cluster.clock_skew_refused" in said
    clock.move_to(-45)
    assert "behind the database's" in second.start_refused()
    # A little is only told.
    clock.move_to(5)
    before = second.log_size
    second.start()
    assert "ahead of the database's" in second.log(before)
    second.stop()
    clock.move_to(45)
    second.options["cluster"] = {"clock_skew_refused": "1h"}
    second.start()


def remembered_client(node):
    """One whose token the node remembers."""
    client = new_client(node.api, patience=60)
    # Until the first use of its token is written down, which is told to all that remember it.
    used = time.monotonic()
    while time.monotonic() < used + 2:
        client.use()
    return client


def lose_database(node, postgres):
    """Until the node has found out. What it hears of others may end a second earlier: then it can
    not tell yet whether the database is away or this node alone has lost touch, and refuses."""
    before = node.log_size
    postgres.kill()
    wait_until(lambda: "the database is away" in node.log(before), "the node to find out", 30)


def test_tokens_are_answered_from_memory_for_as_long_as_the_operator_says(nodes, own_postgres):
    node, _ = nodes
    # Longer than this test takes.
    node.options["cluster"] = {"answer_from_memory": "10m"}
    node.options["database_pool"] = {"connect_timeout": "5s", "statement_timeout": "5s"}
    node.start()
    client = remembered_client(node)
    # A token that was never shown is in no memory.
    fresh = assert_good(node.api.login(client.store.user, client.store.password))
    lose_database(node, own_postgres)
    found = time.monotonic()
    while time.monotonic() < found + 5:
        assert_good(node.api.whoami(client.access))
    # Nobody waits for the rest: not for the five seconds that a connection is given.
    refused = (
        lambda: node.api.whoami(fresh["access_token"]),
        lambda: node.api.refresh(client.refresh_token),
        lambda: node.api.login(client.store.user, client.store.password),
        lambda: node.api.request("GET", "/health"),
    )
    for ask in refused:
        asked = time.monotonic()
        answer = ask()
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert time.monotonic() - asked < 3
    own_postgres.start()
    wait_until(lambda: node.api.request("GET", "/health").status_code == 200, "health", 30)
    client.refresh()
    client.use()
    assert client.store.wiped == []
    assert client.softs == 0


def test_no_token_is_answered_from_memory_for_longer_than_the_operator_says(nodes, own_postgres):
    node, _ = nodes
    node.options["cluster"] = {"answer_from_memory": "5s"}
    node.start()
    client = remembered_client(node)
    lose_database(node, own_postgres)
    status = lambda: node.api.whoami(client.access).status_code  # noqa: E731
    wait_until(lambda: status() == 503, "the end of the answers from memory", 30)
    for _ in range(20):
        assert status() == 503
    own_postgres.start()
    client.use()
    client.refresh()
    assert client.store.wiped == []
    assert client.softs == 0


NEWER = "INSERT INTO schema_migrations (version, name, checksum, applied_at)"


def test_a_database_of_a_newer_version(nodes):
    """One that only added something leaves the older nodes as they are, running and starting."""
    node, _ = nodes
    node.start()
    client = new_client(node.api)
    database = node.options["database"].rsplit("/", 1)[1]
    sql = lambda statement: node.engine.server.sql(database, statement)  # noqa: E731
    sql(f"{NEWER} VALUES (1000, 'more', 'x', 0)")
    sql("INSERT INTO schema_additive (version) VALUES (1000)")
    client.use()
    node.restart()
    client.refresh()
    sql("DELETE FROM schema_additive WHERE version = 1000")
    client.use()
    node.stop()
    said = node.start_refused()
    assert "migration 1000 (more)" in said
    assert "newer than this program" in said
    sql("DELETE FROM schema_migrations WHERE version = 1000")
    node.start()
    client.use()


def test_a_node_that_is_told_to_stop_hands_over(nodes):
    """It says so where the balancer looks, and serves whoever comes nevertheless; what is kept
    alive is closed with an answer, and not under a request. Who is told twice ends at once."""
    first, second = nodes
    for node in nodes:
        node.options["cluster"] = {"hand_over": "5m"}
        node.start()
    client = new_client(first.api)
    assert_good(second.api.whoami(client.access))
    second.terminate()

    def health():
        answer = second.api.request("GET", "/health")
        return answer if answer.status_code == 503 else None

    said = wait_until(health, "the node to say that it goes")
    assert "stop" in said.json()["error"]
    assert int(said.headers["Retry-After"]) > 0

    def last_of_its_connection():
        answer = second.api.whoami(client.access)
        assert_good(answer)
        return answer.headers.get("Connection") == "close"

    # Each of its threads hears of it by itself.
    wait_until(last_of_its_connection, "answers that close their connection")
    client.refresh()
    assert_good(second.api.whoami(client.access))
    assert first.api.request("GET", "/health").status_code == 200
    second.terminate()
    second.ended()
    client.use()
    # Nobody is left to take over.
    first.stop()
