"""A latchkey as a cluster: three nodes behind HAProxy, of which one or another stands still or dies
while a test goes on. `./dev test cluster` has the tests of continuity use it (conftest.py).

Each row holds every answer to what it has to be, so none may get lost with a node: the balancer
takes it out before, and long enough before that the first uses of tokens are written that it knew
of. What a node still does right that comes back with old memories, or none, is left to see. Nodes
that die with requests in their hands are in tests/cluster."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
import time
from pathlib import Path

from support.api import Api
from support.balancer import Balancer, BalancerApi
from support.clock import Clock
from support.engines import Engine
from support.polling import wait_until
from support.server import Server

_STILL = (0.2, 1.5)  # seconds for which a node stands still
_BETWEEN = (0.1, 0.6)
_WRITTEN = 1.5  # seconds in which housekeeping has written down what a node knew
_HEARD = 2.0  # seconds after which no node goes by what it has not heard of (docs/decisions/0006)


class ClusterServer(Server):
    """`url` and `api` are what clients have: the balancer. The first node is the one whose log and
    command line the tests see; the others have the trouble."""

    troubled = True

    def __init__(
        self,
        directory: Path,
        engine: Engine,
        options: dict | None = None,
        clock: Clock | None = None,
    ):
        super().__init__(directory, engine, options, clock)
        self._others: list[Server] = []
        for name in ("second", "third"):
            folder = directory / name
            folder.mkdir()
            self._others.append(Server(folder, engine, {}, clock))
        self.api.close()
        self._balancer = Balancer(directory, [self, *self._others])
        self.url = self._balancer.url
        self.options["public_url"] = self.url + "/"
        self.api = self._balancer.api
        self._trouble: threading.Thread | None = None
        self._peace = threading.Event()

    def api_at(self, url: str, **how) -> Api:
        return BalancerApi(url, **how)

    @property
    def node_urls(self) -> list[str]:
        return [f"http://127.0.0.1:{node.port}" for node in (self, *self._others)]

    def start(self) -> ClusterServer:
        super().start()
        for other in self._others:
            own = ("listen", "command_socket")
            other.options = self.options | {name: other.options[name] for name in own}
            other.start()
        wait_until(self._all_serve, "all nodes to serve", 60)
        self._peace.clear()
        self._trouble = threading.Thread(target=self._make_trouble, daemon=True)
        self._trouble.start()
        return self

    def _all_serve(self) -> bool:
        return all(self._balancer.uses(node) for node in (1, 2, 3))

    def _make_trouble(self) -> None:
        chance = random.Random(str(self.directory))
        while not self._peace.wait(chance.uniform(*_BETWEEN)):
            which = chance.randrange(len(self._others))
            node = self._others[which]
            self._balancer.take_out(which + 2)  # this server is the first
            if self._peace.wait(_WRITTEN):
                pass
            elif chance.random() < 0.7:
                os.kill(node.pid, signal.SIGSTOP)
                self._peace.wait(chance.uniform(*_STILL))
                os.kill(node.pid, signal.SIGCONT)
                self._peace.wait(_HEARD)
            else:
                node.kill()
                self._bring_back(node)
            self._balancer.take_back(which + 2)
            # One at a time. While the database is away the balancer uses none.
            while not (self._peace.wait(0.05) or self._balancer.uses(which + 2)):
                pass

    def _bring_back(self, node: Server) -> None:
        """As whoever supervises it does: again and again, while the database is away."""
        while not self._peace.is_set():
            try:
                node.start()
                return
            except AssertionError:  # it ended at its start
                self._peace.wait(0.2)

    def settle(self) -> None:
        deadline = time.monotonic() + _HEARD
        wait_until(lambda: time.monotonic() > deadline, "every node to have heard", _HEARD + 60)

    def _pacify(self) -> None:
        self._peace.set()
        if self._trouble is not None:
            self._trouble.join(120)
            self._trouble = None

    def spawn(self) -> subprocess.Popen:
        self._pacify()
        return super().spawn()

    def terminate(self) -> None:
        self._pacify()
        for other in self._others:
            if other.running:
                other.stop()
        super().terminate()

    def kill(self) -> None:
        self._pacify()
        for other in self._others:
            if other.running:
                other.kill()
        super().kill()

    def check_log(self) -> None:
        super().check_log()
        for other in self._others:
            other.check_log()

    def close(self) -> None:
        try:
            self._pacify()
            for other in self._others:
                other.close()
        finally:
            try:
                super().close()
            finally:
                self._balancer.close()
