"""A latchkey as a cluster: three nodes behind HAProxy, of which one or another stands still or dies
while a test goes on. `./dev test cluster` has the tests of continuity use it (conftest.py)."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
from pathlib import Path

from support.api import Api
from support.balancer import Balancer, BalancerApi
from support.clock import Clock
from support.engines import Engine
from support.polling import wait_until
from support.server import Server

_STILL = (0.2, 1.5)  # seconds for which a node stands still
_BETWEEN = (0.3, 1.5)


class ClusterServer(Server):
    """`url` and `api` are what clients have: the balancer. The first node is the one whose log and
    command line the tests see; the others have the trouble."""

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
        return all(other.api.request("GET", "/health").status_code == 200 for other in self._others)

    def _make_trouble(self) -> None:
        chance = random.Random(str(self.directory))
        while not self._peace.wait(chance.uniform(*_BETWEEN)):
            node = chance.choice(self._others)
            if chance.random() < 0.7:
                os.kill(node.pid, signal.SIGSTOP)
                self._peace.wait(chance.uniform(*_STILL))
                os.kill(node.pid, signal.SIGCONT)
            else:
                node.kill()
                if not self._peace.is_set():
                    node.start()

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
