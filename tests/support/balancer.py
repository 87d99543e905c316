"""HAProxy in front of several nodes, as config/haproxy/cluster.cfg has it."""

import csv
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import httpx

from edge.proxies.proxy import CONFIG, changed, program
from support.api import Api, Silence
from support.polling import wait_until
from support.ports import free_port
from support.server import Server


class BalancerApi(Api):
    """A client at the balancer, whose own answers are not Latchkey's."""

    def check(self, answer: httpx.Response) -> None:
        if answer.status_code in (502, 503, 504) and "x-request-id" not in answer.headers:
            assert int(answer.headers["retry-after"]) > 0
            assert answer.json()["errcode"]
            if answer.status_code != 503:
                raise Silence(f"the balancer answers {answer.status_code}")
        else:
            super().check(answer)


class Balancer:
    def __init__(self, directory: Path, nodes: list[Server]):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        site = (CONFIG / "haproxy/cluster.cfg").read_text()
        addresses = ["192.0.2.11:8008", "192.0.2.12:8008", "192.0.2.13:8008"]
        site = changed(
            site,
            {"bind :8080": f"bind 127.0.0.1:{self.port}"}
            | {
                address: f"127.0.0.1:{node.port}"
                for address, node in zip(addresses, nodes, strict=True)
            },
        )
        file = directory / "cluster.cfg"
        file.write_text(site)
        # Not below `directory`: the path of a socket has little room.
        self._runtime = Path(tempfile.mkdtemp(prefix="latchkey-haproxy-"))
        socket_file = directory / "runtime.cfg"
        socket_file.write_text(f"global\n    stats socket {self._socket} level admin\n")
        self._log_file = directory / "haproxy.log"
        self._log = self._log_file.open("wb")
        self._process = subprocess.Popen(
            [program("haproxy"), "-db", "-f", str(file), "-f", str(socket_file)],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        self.api = BalancerApi(self.url)
        wait_until(self._answers, "HAProxy to answer", 20)

    def _answers(self) -> bool:
        assert self._process.poll() is None, self.log()
        try:
            self.api.whoami(None)  # with an error of its own, if no node is there yet
        except Silence:
            return False
        return True

    def log(self, begin: int = 0) -> str:
        """What it has written past that many characters: nodes that go, requests that failed."""
        return self._log_file.read_text()[begin:]

    @property
    def _socket(self) -> Path:
        return self._runtime / "socket"

    def _say(self, command: str) -> str:
        """To HAProxy's Runtime API."""
        with socket.socket(socket.AF_UNIX) as runtime:
            runtime.settimeout(10)
            runtime.connect(str(self._socket))
            runtime.sendall(command.encode() + b"\n")
            said = b""
            while piece := runtime.recv(65536):
                said += piece
        return said.decode()

    def take_out(self, node: int) -> None:
        """The node, counted from 1, gets no more requests; those that it has are answered when this
        returns."""
        self._say(f"set server latchkey/node{node} state drain")
        wait_until(lambda: self._requests_at(node) == 0, "a node's last answers", 60)

    def take_back(self, node: int) -> None:
        self._say(f"set server latchkey/node{node} state ready")

    def uses(self, node: int) -> bool:
        """Whether it sends requests there."""
        return self._state_of(node)["status"] == "UP"

    def _requests_at(self, node: int) -> int:
        return int(self._state_of(node)["scur"])

    def _state_of(self, node: int) -> dict[str, str]:
        rows = csv.DictReader(self._say("show stat").removeprefix("# ").splitlines())
        return next(row for row in rows if row["svname"] == f"node{node}")

    def close(self) -> None:
        self.api.close()
        self._process.terminate()
        self._process.wait(timeout=20)
        self._log.close()
        shutil.rmtree(self._runtime, ignore_errors=True)
