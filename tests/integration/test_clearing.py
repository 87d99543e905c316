"""What is over is removed from the database by one node for all."""

import time

import httpx
import pytest

from support.answers import assert_good
from support.matrix_client import new_client
from support.polling import wait_until
from support.ports import ReservedPort

# The lease of a node that is gone stands for 15 seconds; its heir looks every three.
TAKEN_OVER = 40
HANDED_OVER = 12


class Node:
    def __init__(self, make_fragile_server, first: "Node | None" = None):
        self._port = ReservedPort()
        self._metrics = f"127.0.0.1:{self._port.number}"
        self.server = make_fragile_server(
            start=False, clearing={"interval": "1s"}, metrics={"listen": [self._metrics]}
        )
        if first:
            for shared in ("database", "keys_file", "public_url"):
                self.server.options[shared] = first.server.options[shared]
        self.server.start()
        # What both of them have.
        self.database = (first or self).server.engine

    def metric(self, name: str) -> float:
        text = httpx.get(f"http://{self._metrics}/metrics", trust_env=False).text
        [line] = [line for line in text.splitlines() if line.startswith(name + " ")]
        return float(line.split()[1])

    def clears(self) -> bool:
        return self.metric("latchkey_clearing") == 1

    def removed(self) -> float:
        return self.metric("latchkey_cleared_rows_total")

    def release(self):
        self._port.release()


@pytest.fixture
def nodes(make_fragile_server):
    first = Node(make_fragile_server)
    second = Node(make_fragile_server, first)
    yield first, second
    for node in (first, second):
        node.release()


def leave_something(node, count: int) -> None:
    """Login tokens that nobody has used, and whose time is over."""
    node.database.query(
        "INSERT INTO login_tokens (hash, session, expires_at)"
        f" SELECT 'left ' || n, 1, 1 FROM generate_series(1, {count}) n"
    )


def left(node) -> int:
    return int(node.database.query("SELECT count(*) FROM login_tokens"))


def test_one_node_clears_for_all_and_its_heir_when_it_is_gone(nodes):
    first, second = nodes
    client = new_client(first.server.api)
    wait_until(lambda: first.clears() or second.clears(), "a node to clear", 15)
    assert not (first.clears() and second.clears())
    holder, other = (first, second) if first.clears() else (second, first)
    leave_something(holder, 1700)  # several batches
    wait_until(lambda: left(holder) == 0, "the rows to be removed", 15)
    wait_until(lambda: holder.removed() >= 1700, "the holder to have counted them", 15)
    assert other.removed() == 0
    # Dead, and nobody told the other.
    holder.server.kill()
    leave_something(other, 10)
    begin = time.monotonic()
    wait_until(other.clears, "the other node to take over", TAKEN_OVER)
    print(f"taken over {time.monotonic() - begin:.1f} s after the kill")
    wait_until(lambda: left(other) == 0, "the rows to be removed", 15)
    # One that ends in order hands it over at once.
    holder.server.start()
    other.server.stop()
    wait_until(holder.clears, "the node that came back to take over", HANDED_OVER)
    assert_good(holder.server.api.whoami(client.access))


def test_a_node_alone_clears_from_its_start(make_sqlite_server):
    server = make_sqlite_server(clearing={"interval": "1s"})
    client = new_client(server.api)
    tokens = [assert_good(server.api.login(client.store.user, client.store.password))]
    begin = server.log_size
    wait_until(lambda: "cleared away" in server.log(begin), "it to clear", 15)
    for token in tokens:
        assert_good(server.api.whoami(token["access_token"]))
