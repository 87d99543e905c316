"""Two nodes over one PostgreSQL: what one of them does, the other knows."""

import time

import pytest

from support.answers import (
    assert_error,
    assert_good,
    assert_hard,
    assert_locked,
    assert_missing,
    assert_soft,
)
from support.api import Silence
from support.matrix_client import State, new_client, new_tab
from support.polling import patiently, wait_until
from support.secrets import password
from support.threads import together


@pytest.fixture
def cluster(make_fragile_server, own_postgres):
    """Two nodes with one database and the same server keys."""
    first = make_fragile_server()
    second = make_fragile_server(start=False)
    for shared in ("database", "keys_file", "public_url"):
        second.options[shared] = first.options[shared]
    return first, second.start()


def status(server, token) -> tuple:
    answer = server.api.whoami(token)
    return answer.status_code, answer.json().get("soft_logout")


# Design §3: within 100 ms, and never later than 2 s. A shared test machine is given all of that.
PROMPTLY = 2.0


def test_one_session_on_two_nodes(cluster):
    first, second = cluster
    client = new_client(first.api)
    for server in (second, first, second, first):
        client.api = server.api
        client.use()
        client.refresh()
        client.use()
    assert client.store.wiped == []
    assert client.softs == 0


def test_what_a_refresh_replaces_is_over_everywhere_with_its_grace(
    make_fragile_server, own_postgres
):
    """A node that remembers the older token hears of the refresh, which its client never used."""
    first = make_fragile_server(sessions={"refresh_grace": "1s"})
    second = make_fragile_server(start=False, sessions={"refresh_grace": "1s"})
    for shared in ("database", "keys_file", "public_url"):
        second.options[shared] = first.options[shared]
    second.start()
    client = new_client(first.api)
    oldest = client.access
    assert_good(second.api.whoami(oldest))
    pair = first.api.refresh(client.refresh_token).json()
    assert_good(second.api.whoami(oldest))  # the client may not have the new one
    assert_good(second.api.whoami(oldest))
    pair = first.api.refresh(pair["refresh_token"]).json()
    wait_until(lambda: status(second, oldest) == (401, True), "the end of the grace", 20)
    assert_good(second.api.whoami(pair["access_token"]))


def test_refreshes_race_on_two_nodes(cluster):
    """Tabs on two nodes show the same token at once, again and again: all get the same pair."""
    first, second = cluster
    client = new_client(first.api)
    token = client.refresh_token
    for _ in range(10):
        pairs = []

        def refresh(api, shown=token, pairs=pairs):
            answer = api.refresh(shown).json()
            pairs.append((answer["access_token"], answer["refresh_token"]))

        together(*(lambda api=api: refresh(api) for api in (first.api, second.api) * 3))
        assert len(pairs) == 6
        assert len(set(pairs)) == 1
        access, token = pairs[0]
        assert_good(first.api.whoami(access))
        assert_good(second.api.whoami(access))


def test_ends_are_seen_everywhere(cluster):
    first, second = cluster
    clients = [new_client(first.api) for _ in range(4)]
    for client in clients:
        assert_good(second.api.whoami(client.access))  # it is in that node's cache now
    out, soft, locked, everywhere = clients
    assert_good(first.api.logout(out.access))
    wait_until(lambda: status(second, out.access) == (401, False), "the logout", PROMPTLY)
    first.command("user", "soft-logout", soft.store.user)
    wait_until(lambda: status(second, soft.access) == (401, True), "the soft logout", PROMPTLY)
    first.command("user", "lock", locked.store.user)
    wait_until(lambda: second.api.whoami(locked.access).status_code == 401, "the lock", PROMPTLY)
    assert_locked(second.api.whoami(locked.access))
    first.command("user", "unlock", locked.store.user)
    wait_until(lambda: second.api.whoami(locked.access).status_code == 200, "unlocked", PROMPTLY)
    assert_good(first.api.logout_all(everywhere.access))
    wait_until(lambda: status(second, everywhere.access) == (401, False), "logout/all", PROMPTLY)
    assert_hard(second.api.refresh(out.refresh_token))
    assert_soft(second.api.refresh(soft.refresh_token))


def test_what_administrators_and_people_do_is_seen_everywhere(cluster):
    first, second = cluster
    admin, client = new_client(first.api), new_client(first.api)
    first.command("user", "admin", admin.store.user, "on")
    user = f"@{client.store.user}:example.com"
    assert_good(second.api.whoami(client.access))  # it is in that node's cache now
    assert_good(first.api.moderate(admin.access, "lock", user, True))
    wait_until(lambda: second.api.whoami(client.access).status_code == 401, "the lock", PROMPTLY)
    assert_locked(second.api.whoami(client.access))
    assert_good(second.api.moderate(admin.access, "lock", user, False))
    wait_until(lambda: first.api.whoami(client.access).status_code == 200, "unlocked", PROMPTLY)

    def on_the_other_node():
        client.api = second.api

    for end in (
        lambda other: client.delete_device(other["device_id"]),
        lambda other: client.delete_devices([other["device_id"]]),
        lambda _: client.change_password(password()),
    ):
        other = assert_good(first.api.login(client.store.user, client.store.password))
        token = other["access_token"]
        for node in cluster:
            assert_good(node.api.whoami(token))
        # Asked for on one node, confirmed on the other.
        client.api = first.api
        client.while_typing = on_the_other_node
        assert end(other)
        wait_until(lambda token=token: status(first, token) == (401, False), "the end", PROMPTLY)
        assert_hard(second.api.refresh(other["refresh_token"]))
        for node in cluster:
            assert_good(node.api.whoami(client.access))
    assert client.deactivate()
    refused = first.api.login(client.store.user, client.store.password)
    assert_error(refused, 403, "M_USER_DEACTIVATED")
    assert client.store.wiped == []


def test_a_new_password_and_sign_ins_on_two_nodes(cluster):
    """A person who knew the old password is out afterwards, on whichever node they came in."""
    first, second = cluster
    client = new_client(first.api)
    for _ in range(6):
        old, tokens = client.store.password, []

        def sign_in(old=old, tokens=tokens):
            answer = second.api.login(client.store.user, old)
            if answer.status_code == 200:
                tokens.append(answer.json()["access_token"])

        together(lambda: client.change_password(password()), *[sign_in] * 4)
        for token in tokens:
            wait_until(
                lambda token=token: status(second, token) == (401, False), "the end", PROMPTLY
            )
        assert client.use() is State.SIGNED_IN


def test_two_tabs_on_two_nodes(cluster):
    """A refresh on one node, its pair used on the other, the old one still within the grace."""
    first, second = cluster
    client = new_client(first.api)
    tab = new_tab(client)
    tab.api = second.api
    for _ in range(10):
        client.refresh()
        tab.use()
        client.use()
        tab.refresh()
        tab.use()
    assert client.store.wiped == []
    assert client.softs == tab.softs == 0


def test_a_node_that_hears_nothing_does_not_answer_from_memory(cluster, own_postgres):
    """For two seconds at most, and a second for the database to answer: then 503."""
    first, second = cluster
    client = new_client(first.api, patience=60)
    assert_good(second.api.whoami(client.access))
    own_postgres.freeze()
    try:
        frozen = time.monotonic()

        def refuses() -> bool:
            try:
                return second.api.whoami(client.access).status_code == 503
            except Silence:
                return True

        wait_until(refuses, "a node without news to refuse", 10)
        assert time.monotonic() - frozen < 5
        assert_missing(second.api.whoami(None))  # needs no news
    finally:
        own_postgres.thaw()
    client.api = second.api
    assert client.use() is State.SIGNED_IN


class Deafness:
    """No node of the database hears the others: their listeners' connections are cut, and none can
    be made again. Those that are open for all else stay."""

    def __init__(self, postgres, server):
        self._postgres = postgres
        self._database = server.options["database"].rsplit("/", 1)[1]
        self._listeners = (
            f"FROM pg_stat_activity WHERE datname = '{self._database}'"
            " AND query LIKE '%latchkey_echo_%' AND pid <> pg_backend_pid()"
        )

    def _count(self) -> int:
        return int(self._postgres.sql("postgres", f"SELECT count(*) {self._listeners}"))

    def _let_in(self, let: bool) -> None:
        self._postgres.sql(
            "postgres", f"ALTER DATABASE {self._database} ALLOW_CONNECTIONS {str(let).lower()}"
        )

    def __enter__(self):
        self._before = self._count()
        self._let_in(False)
        self._postgres.sql("postgres", f"SELECT pg_terminate_backend(pid) {self._listeners}")
        wait_until(lambda: self._count() == 0, "the listeners to be cut", 60)
        return self

    def __exit__(self, *_):
        self._let_in(True)
        wait_until(lambda: self._count() == self._before, "the listeners to be back", 60)


def test_nodes_that_hear_nothing_ask_a_database_that_answers(cluster, own_postgres):
    first, second = cluster
    client, out = new_client(first.api), new_client(first.api)
    for one in (client, out):
        one.use()
        assert_good(second.api.whoami(one.access))  # it is in that node's cache now
    with Deafness(own_postgres, first):
        assert_good(first.api.logout(out.access))
        for _ in range(20):
            assert_hard(patiently(lambda: second.api.whoami(out.access)))
            assert_good(patiently(lambda: second.api.whoami(client.access)))
        assert patiently(lambda: second.api.request("GET", "/health")).status_code == 200
        client.api = second.api
        client.refresh()
        client.use()
        new_client(second.api).use()
    assert client.store.wiped == []
    assert client.softs == 0


def test_what_ended_while_a_node_heard_nothing_is_not_in_its_memory_afterwards(
    cluster, own_postgres
):
    first, second = cluster
    out, locked = new_client(first.api), new_client(first.api)
    for one in (out, locked):
        one.use()
        for _ in range(3):
            assert_good(second.api.whoami(one.access))
    with Deafness(own_postgres, first):
        assert_good(patiently(lambda: first.api.logout(out.access)))
        first.command("user", "lock", locked.store.user)
    # The nodes hear again as soon as their first echo has come back: from memory, at most.
    for _ in range(40):
        assert_hard(patiently(lambda: second.api.whoami(out.access)))
        assert_locked(patiently(lambda: second.api.whoami(locked.access)))


def test_a_node_that_dies(cluster):
    first, second = cluster
    client = new_client(first.api)
    client.refresh()
    client.use()
    first.kill()
    client.api = second.api
    client.use()
    client.refresh()
    client.use()
    assert client.store.wiped == []
    assert client.softs == 0
    first.start()
    assert_good(first.api.whoami(client.access))


def test_commands_reach_every_node(cluster):
    first, second = cluster
    client = new_client(second.api)
    assert_good(second.api.whoami(client.access))
    first.command("keys", "rotate")
    assert_good(first.api.whoami(client.access))
    newer = new_client(first.api)
    wait_until(
        lambda: second.api.whoami(newer.access).status_code == 200,
        "the second node to know the new key",
        PROMPTLY,
    )
    first.command("session", "soft-logout-all")
    wait_until(lambda: status(second, newer.access) == (401, True), "everybody's end", PROMPTLY)


def test_commands_without_a_socket(make_fragile_server):
    """With PostgreSQL the command line may act by itself beside running nodes: they hear of it."""
    server = make_fragile_server(start=False)
    del server.options["command_socket"]
    server.start()
    client, other = new_client(server.api), new_client(server.api)
    for one in (client, other):
        assert_good(server.api.whoami(one.access))
    server.command("user", "lock", client.store.user)
    wait_until(lambda: server.api.whoami(client.access).status_code == 401, "the lock", PROMPTLY)
    server.command("user", "unlock", client.store.user)
    wait_until(lambda: server.api.whoami(client.access).status_code == 200, "unlocked", PROMPTLY)
    [session] = server.sessions(other.store.user)
    server.command("session", "end", session["id"])
    wait_until(lambda: status(server, other.access) == (401, False), "the end", PROMPTLY)
    server.command("keys", "rotate")
    client.use()
    newcomer = new_client(server.api)
    newcomer.use()
    keys = len(server.command("keys", "list")["keys"])
    together(lambda: server.command("keys", "rotate"), lambda: server.command("keys", "rotate"))
    assert len(server.command("keys", "list")["keys"]) == keys + 2
    server.restart()
    client.use()
    newcomer.use()
    assert client.store.wiped == newcomer.store.wiped == []
    assert client.softs == newcomer.softs == 0
