"""Three nodes on a primary with a synchronous standby, behind HAProxy, with the wires between them
in the test's hands."""

import itertools
import os
import random
import signal
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from support.api import Api, Silence
from support.balancer import Balancer
from support.matrix_client import MatrixClient, State, new_client
from support.pgbouncer import PgBouncer
from support.polling import patiently, wait_until
from support.postgres import Postgres
from support.server import Server
from support.wire import Wire, Wires

_numbers = itertools.count()
# How long a node may answer from memory without news (docs/decisions/0006), and what a busy machine
# adds to that.
BOUND = 2.0 + 1.0


@dataclass
class Database:
    """What Server needs to know of its database."""

    url: str
    name: str = "postgresql"

    def drop(self) -> None:
        """It goes with its server."""


@dataclass
class Node:
    server: Server
    data: list[Wire]  # to each database server, or to the pooler
    news: list[Wire]  # the same for LISTEN

    @property
    def api(self) -> Api:
        return self.server.api

    def partition(self) -> None:
        """It reaches no database any more, and is told nothing: packets vanish."""
        for wire in (*self.data, *self.news):
            wire.fall_silent()

    def deafen(self) -> None:
        for wire in self.news:
            wire.cut()

    def mend(self) -> None:
        for wire in (*self.data, *self.news):
            wire.mend()

    def stand_still(self) -> None:
        os.kill(self.server.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self.server.pid, signal.SIGCONT)

    def serves(self) -> bool:
        try:
            return self.api.request("GET", "/health").status_code == 200
        except Silence:
            return False


class Cluster:
    """`pooled`: transactions go through pgBouncer, which leads to the primary of the beginning."""

    def __init__(
        self,
        directory: Path,
        options: dict | None = None,
        nodes: int = 3,
        pooled: bool = False,
    ):
        self._stack = ExitStack()
        self.pooler: PgBouncer | None = None
        try:
            self._build(directory, options or {}, nodes, pooled)
        except BaseException:
            self._stack.close()
            raise

    def _build(self, directory: Path, options: dict, nodes: int, pooled: bool) -> None:
        self.primary = Postgres()
        self._stack.callback(self.primary.destroy)
        self.standby = self.primary.new_standby()
        self._stack.callback(self.standby.destroy)
        self.primary.wait_for_standbys("standby")
        self.database = f"latchkey_{os.getpid()}_{next(_numbers)}"
        self.primary.sql("postgres", f"CREATE DATABASE {self.database}")
        if pooled:
            self.pooler = PgBouncer(directory, self.primary)
            self._stack.callback(self.pooler.close)
        servers = [self.primary.port, self.standby.port]
        wires = Wires()
        self._stack.callback(wires.close)
        self.nodes: list[Node] = []
        for i in range(nodes):
            folder = directory / f"node{i}"
            folder.mkdir()
            data = [wires.to(port) for port in ([self.pooler.port] if self.pooler else servers)]
            news = [wires.to(port) for port in servers]
            server = Server(folder, Database(self._url(data)), options)
            server.options["database_pool"] = {
                # Impatient, for tests have no time.
                "connect_timeout": "2s",
                "statement_timeout": "4s",
            } | options.get("database_pool", {})
            server.options["cluster"] = {"listen_url": self._url(news)} | options.get("cluster", {})
            if self.nodes:
                for shared in ("keys_file", "public_url"):
                    server.options[shared] = self.nodes[0].server.options[shared]
            self._stack.callback(server.close)
            self.nodes.append(Node(server, data, news))
            server.start()
        self.balancer = Balancer(directory, [node.server for node in self.nodes])
        self._stack.callback(self.balancer.close)
        self.api = self.balancer.api

    def _url(self, wires: list[Wire]) -> str:
        hosts = ",".join(f"127.0.0.1:{wire.port}" for wire in wires)
        return f"postgresql://latchkey@{hosts}/{self.database}"

    def wait_for_all(self, seconds: float = 60) -> None:
        wait_until(lambda: all(node.serves() for node in self.nodes), "all nodes", seconds)

    def close(self) -> None:
        for node in self.nodes:
            if node.server.running:
                node.go_on()
            node.mend()
        self._stack.close()


def status(api: Api, token: str) -> int:
    """0: no answer."""
    try:
        return api.whoami(token).status_code
    except Silence:
        return 0


@dataclass
class Figures:
    requests: int = 0
    failed: int = 0  # answered with 503 or not at all, and asked again
    signed_out: int = 0
    accepted_after: list[str] = field(default_factory=list)  # ended sessions, past the bound
    accepted_within: float = 0.0  # the longest after its end that one was still accepted

    def __str__(self) -> str:
        return (
            f"{self.requests} requests, {self.failed} of them in vain at first;"
            f" {self.signed_out} sessions ended, accepted for {self.accepted_within * 1000:.0f} ms"
            f" at the longest"
        )


class Crowd:
    """People at the balancer, or at `api`, who use, refresh, sign out and sign in again, and a
    watch at each node for what they have ended. Each step of theirs is checked: who is signed in
    stays so."""

    def __init__(self, cluster: Cluster, people: int = 6, api: Api | None = None):
        self._cluster = cluster
        self.figures = Figures()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._faults: list[BaseException] = []
        self._ended: list[tuple[float, str]] = []
        self.clients = [new_client(api or cluster.api, patience=90) for _ in range(people)]
        self._watches = [Api(node.server.url, timeout=3) for node in cluster.nodes]

    def __enter__(self) -> "Crowd":
        work = [(self._live, (client,)) for client in self.clients]
        work += [(self._watch, (api,)) for api in self._watches]
        self._threads = [threading.Thread(target=self._run, args=one) for one in work]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(120)
        for api in self._watches:
            api.close()
        for client in self.clients:
            self.figures.failed += client.retries

    def _run(self, what, arguments) -> None:
        try:
            what(*arguments)
        except BaseException as fault:
            self._faults.append(fault)

    def restart_each(self) -> None:
        """Stops each node in order and starts it again, one after another, with people at work
        before, meanwhile and afterwards."""
        for node in self._cluster.nodes:
            self.steps(50)
            node.server.stop()
            self.steps(50)
            node.server.start()
            wait_until(node.serves, "the node to serve again", 60)
        self.steps(50)

    def steps(self, number: int, seconds: float = 90) -> None:
        """Waits until that many more requests have been answered."""
        until = self.figures.requests + number
        wait_until(
            lambda: self._faults or self.figures.requests >= until, "the crowd's requests", seconds
        )

    def for_a_while(self, seconds: float) -> None:
        """Lets them go on for so long."""
        deadline = time.monotonic() + seconds
        wait_until(lambda: self._faults or time.monotonic() > deadline, "time", seconds + 60)

    def _count(self) -> None:
        with self._lock:
            self.figures.requests += 1

    def _live(self, client: MatrixClient) -> None:
        chance = random.Random(client.store.user)
        while not self._stop.is_set():
            assert client.use() is State.SIGNED_IN
            self._count()
            if chance.random() < 0.3:
                assert client.refresh() is State.SIGNED_IN
                self._count()
            if chance.random() < 0.1:
                self._sign_out_and_in(client)

    def _sign_out_and_in(self, client: MatrixClient) -> None:
        ended = client.access
        client.sign_out()
        with self._lock:
            self._ended.append((time.monotonic(), ended))
            self.figures.signed_out += 1
        client.sign_in()
        self._count()
        self._count()

    def _watch(self, api: Api) -> None:
        while not self._stop.is_set():
            with self._lock:
                recent = self._ended[-20:]
            for at, token in recent:
                asked = time.monotonic()
                if status(api, token) != 200:
                    continue
                with self._lock:
                    self.figures.accepted_within = max(self.figures.accepted_within, asked - at)
                    if asked - at > BOUND:
                        self.figures.accepted_after.append(f"{asked - at:.2f} s, {api!r}")
            self._stop.wait(0.02)

    def assert_unharmed(self) -> Figures:
        """Nobody lost a session, nobody had to sign in again, and what ended has ended."""
        if self._faults:
            raise self._faults[0]
        assert self.figures.accepted_after == []
        for client in self.clients:
            assert client.store.wiped == []
            assert client.softs == 0
            assert client.use() is State.SIGNED_IN
        for _, token in self._ended:
            for node in self._cluster.nodes:
                if node.server.running:
                    answer: httpx.Response = patiently(lambda n=node, t=token: n.api.whoami(t), 30)
                    assert answer.status_code == 401
        return self.figures
