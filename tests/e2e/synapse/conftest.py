"""A Synapse, a Latchkey and a proxy: one of each for all tests of a process, people on them, and
what both servers say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from edge.proxies import PROXIES, Proxy
from support.answers import assert_good
from support.api import Api, new_name
from support.clock import Clock
from support.engines import Sqlite
from support.polling import wait_until
from support.ports import free_port
from support.secrets import INTROSPECTION_SECRET, password
from support.server import SERVER_NAME, Server
from support.synapse_server import Synapse

V3 = "/_matrix/client/v3"
SYNC = f"{V3}/sync?timeout=0"
# Sessions end softly with it; the clock is the test's.
MAXIMUM_AGE = 30 * 24 * 3600


@dataclass
class Deployment:
    """What stands behind one address. Only `url` is what people know."""

    latchkey: Server
    synapse: Synapse
    proxy: Proxy
    clock: Clock
    api: Api  # of Latchkey's endpoints, through the edge
    http: httpx.Client

    @property
    def url(self) -> str:
        return self.proxy.url

    def ask(self, token: str, path: str = SYNC, method: str = "GET", **how) -> httpx.Response:
        """A request of a client, through the edge."""
        headers = {"Authorization": f"Bearer {token}"}
        return self.http.request(method, path, headers=headers, **how)

    def at_synapse(self, token: str, path: str = SYNC) -> int:
        """The status with which Synapse itself answers the same, past the edge."""
        return self.synapse.ask("GET", path, token)[0]

    def person(self, device: str = "PHONE", **fields) -> Person:
        """One who has just registered."""
        secret = password()
        name = new_name()
        answer = assert_good(self.api.register(name, secret, device_id=device, **fields))
        person = Person(self, name, secret)
        person.took(answer)
        return person

    def wait(self, condition: Callable, what: str):
        """Not so often that asking takes the servers' time."""
        return wait_until(condition, what, 60, pause=0.05)


class Person:
    """A user of both servers, and the tokens of their devices."""

    def __init__(self, deployment: Deployment, name: str, secret: str):
        self._deployment = deployment
        self.name, self.secret = name, secret
        self.user_id = f"@{name}:{SERVER_NAME}"
        self.tokens: dict[str, str] = {}  # by device

    def took(self, answer: dict) -> str:
        assert answer["user_id"] == self.user_id
        self.tokens[answer["device_id"]] = answer["access_token"]
        return answer["access_token"]

    def sign_in(self, device: str) -> str:
        return self.took(
            assert_good(self._deployment.api.login(self.name, self.secret, device, refresh=False))
        )

    def publish_keys(self, device: str) -> None:
        """As a client with encryption does first. What they are is nothing to the server."""
        keys = {
            "user_id": self.user_id,
            "device_id": device,
            "algorithms": ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"],
            "keys": {f"ed25519:{device}": "A" * 43, f"curve25519:{device}": "B" * 43},
            "signatures": {self.user_id: {f"ed25519:{device}": "C" * 86}},
        }
        answer = self._deployment.ask(
            self.tokens[device], f"{V3}/keys/upload", "POST", json={"device_keys": keys}
        )
        assert_good(answer)

    def set_pusher(self, device: str) -> None:
        answer = self._deployment.ask(
            self.tokens[device],
            f"{V3}/pushers/set",
            "POST",
            json={
                "app_id": "app.example",
                "pushkey": f"{self.name}-{device}",
                "kind": "http",
                "app_display_name": "App",
                "device_display_name": device,
                "lang": "en",
                "data": {"url": "https://push.example.com/_matrix/push/v1/notify"},
            },
        )
        assert_good(answer)

    # -- what Synapse has of them

    def devices(self) -> set[str]:
        return set(self._deployment.synapse.devices(self.user_id))

    def devices_with_keys(self) -> set[str]:
        return self._deployment.synapse.devices_with_keys(self.user_id)

    def devices_with_pushers(self) -> set[str]:
        rows = self._deployment.synapse.rows(
            "SELECT device_id FROM pushers WHERE user_name = ?", self.user_id
        )
        return {device for (device,) in rows}

    def settled(self, devices: set[str]) -> None:
        """Waits until Synapse has these devices, each with its keys and its pusher."""
        self._deployment.wait(lambda: self.devices() == devices, f"the devices {devices}")
        assert self.devices_with_keys() == devices
        self._deployment.wait(lambda: self.devices_with_pushers() == devices, "their pushers")


def deploy(
    directory: Path,
    kind: type[Proxy],
    options: dict | None = None,
    synapse_kind: type[Synapse] = Synapse,
) -> Iterator[Deployment]:
    with ExitStack() as stack:
        clock = Clock(directory)
        synapse_port = free_port()
        latchkey = Server(
            directory,
            Sqlite(directory),
            {
                "http": {"trusted_proxies": ["127.0.0.1"]},
                "sessions": {"maximum_age": f"{MAXIMUM_AGE}s"},
                "introspection": {"secret": INTROSPECTION_SECRET},
                "homeserver": {
                    "kind": "synapse",
                    "endpoint": f"http://127.0.0.1:{synapse_port}/",
                    "secret": INTROSPECTION_SECRET,
                },
                **(options or {}),
            },
            clock,
        )
        stack.callback(latchkey.close)
        public_port = free_port()
        public_url = f"http://127.0.0.1:{public_port}/"
        latchkey.options["public_url"] = public_url
        synapse = synapse_kind(
            directory / "synapse",
            synapse_port,
            latchkey.url + "/",
            INTROSPECTION_SECRET,
            server_name=SERVER_NAME,
            public_url=public_url,
        )
        stack.callback(synapse.stop)
        behind = "; server ".join(f"127.0.0.1:{port}" for port in synapse.ports)
        proxy = stack.enter_context(
            closing(
                kind(
                    directory,
                    latchkey.port,
                    synapse_port,
                    {"127.0.0.1:8000": behind},
                    port=public_port,
                )
            )
        )
        synapse.spawn()
        latchkey.start()
        synapse.wait()
        api = stack.enter_context(closing(Api(proxy.url, timeout=60)))
        http = stack.enter_context(httpx.Client(base_url=proxy.url, trust_env=False, timeout=60))
        yield Deployment(latchkey, synapse, proxy, clock, api, http)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # of those that anyio could run the tests on, the one that nio needs


@pytest.fixture(scope="session")
def shared_deployment(binary, tmp_path_factory, worker_id) -> Iterator[Deployment]:
    # One process of pytest's has nginx, another Caddy.
    kind = PROXIES["caddy" if worker_id == "gw1" else "nginx"]
    yield from deploy(tmp_path_factory.mktemp(f"synapse-{kind.name}"), kind)


@pytest.fixture
def deployment(shared_deployment) -> Iterator[Deployment]:
    """The shared one; after each test all of it still runs, and Latchkey's log is clean."""
    yield shared_deployment
    assert shared_deployment.latchkey.running, shared_deployment.latchkey.log()[-4000:]
    assert shared_deployment.synapse.running, shared_deployment.synapse.log()[-4000:]
    shared_deployment.latchkey.check_log()
