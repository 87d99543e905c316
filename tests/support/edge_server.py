"""A latchkey as it is meant to be: behind nginx with the file of config/, and with a real Synapse
behind that. `./dev test continuity` has the tests of continuity use it (tests/conftest.py)."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx

from edge.proxies.nginx import Nginx
from support.answers import assert_good
from support.api import PREFIX, Api, silence_told
from support.clock import Clock
from support.engines import Copy, Engine
from support.lossy_proxy import LossyProxy
from support.matrix_client import Store
from support.polling import wait_until
from support.ports import free_port
from support.secrets import INTROSPECTION_SECRET
from support.server import SERVER_NAME, Server, merge
from support.synapse_server import Synapse

# Not for clients, and not to be had through the proxy.
INSIDE = ("/health", "/oauth2/introspect")


class Homeserver:
    """One Synapse for the servers of many tests, for it takes seconds to start. It asks the one
    about tokens that a client has asked last."""

    def __init__(self, directory: Path):
        with ExitStack() as stack:
            self._way = stack.enter_context(LossyProxy(0))
            self.synapse = Synapse(
                directory,
                free_port(),
                f"{self._way.url}/",
                INTROSPECTION_SECRET,
                server_name=SERVER_NAME,
            )
            stack.callback(self.synapse.stop)
            self.synapse.start()
            self._until_the_end = stack.pop_all()

    def asks(self, latchkey: int) -> None:
        self._way.lead_to(latchkey)

    def close(self) -> None:
        self._until_the_end.close()

    def server(
        self,
        directory: Path,
        engine: Engine,
        options: dict | None = None,
        clock: Clock | None = None,
    ) -> EdgeServer:
        return EdgeServer(self, directory, engine, options, clock)


@dataclass(frozen=True)
class Published:
    """The end-to-end keys of a device."""

    user: str
    device: str
    store: Store | None  # of the client that has them

    @property
    def at(self) -> tuple[str, str]:
        return self.user, self.device

    @property
    def is_kept(self) -> bool:
        """The client still has them."""
        return self.store is None or (
            self.store.device == self.device and self.store.keys is not None
        )


class EdgeServer(Server):
    """`url` and `api` are what clients have: nginx."""

    def __init__(
        self,
        homeserver: Homeserver,
        directory: Path,
        engine: Engine,
        options: dict | None = None,
        clock: Clock | None = None,
    ):
        behind = {
            "http": {"trusted_proxies": ["127.0.0.1"]},
            "homeserver": {
                "kind": "synapse",
                "endpoint": homeserver.synapse.url + "/",
                "secret": INTROSPECTION_SECRET,
            },
        }
        super().__init__(directory, engine, merge(behind, options or {}), clock)
        self.homeserver = homeserver
        # What clients have published. Of it, what a person had ended before a backup was put back
        # that knows nothing of that, and what nobody ended and such a backup has not heard of.
        self.published: list[Published] = []
        self._ended: set[tuple[str, str]] = set()
        self._unheard_of: set[tuple[str, str]] = set()
        self.api.close()
        self.inside = Api(self.url)
        folder = directory / "nginx"
        folder.mkdir()
        self._proxy = Nginx(folder, self.port, homeserver.synapse.port)
        self.url = self._proxy.url
        self.options["public_url"] = self.url + "/"
        self.api = self.api_at(self.url)

    def api_at(self, url: str, **how) -> EdgeApi:
        return EdgeApi(self, url, **how)

    def put_back(self, copy: Copy) -> None:
        before = self._here()
        super().put_back(copy)
        published = {one.at for one in self.published}
        self._ended |= published - before - self._unheard_of
        self._unheard_of |= published & before - self._here()
        # As docs/operating/homeserver.md has it.
        self.command("homeserver", "sync", "--apply")
        self._settle()

    def close(self) -> None:
        try:
            if self.running:
                self.test_is_over()
        finally:
            try:
                super().close()
            finally:
                self.inside.close()
                self._proxy.close()

    def test_is_over(self) -> None:
        """Synapse has the devices that Latchkey has, with their keys, and none that has ended."""
        self._settle()
        all_here = self._here()
        for one in self.published:
            user_id = f"@{one.user}:{SERVER_NAME}"
            here = one.at in all_here
            there = one.device in self.homeserver.synapse.devices(user_id)
            keys = one.device in self.homeserver.synapse.devices_with_keys(user_id)
            told = f"{one.device} of {user_id}: {here=} {there=} {keys=}"
            if one.at in self._ended:
                # Its keys went with it, even if it lives again.
                assert there or not here, told
            elif here or one.at not in self._unheard_of:
                assert here == there == keys, told
            elif one.is_kept:
                assert there and keys, told
        self.published.clear()

    def _here(self) -> set[tuple[str, str]]:
        """The users and devices that Latchkey has."""
        rows = self.engine.query(
            "SELECT localpart, device_id FROM devices JOIN users ON users.id = devices.user_id"
            " WHERE deleted_at IS NULL"
        )
        return {tuple(row.split("|")) for row in rows.splitlines()}

    def _settle(self) -> None:
        """Waits until Synapse has been told everything."""
        waiting = "SELECT COUNT(*) FROM outbox WHERE consumer = 'homeserver'"
        wait_until(lambda: self.engine.query(waiting) == "0", "the deliveries", 60, pause=0.05)


class EdgeApi(Api):
    """A client at the edge: whether a token is good it learns from /sync."""

    def __init__(self, server: EdgeServer, url: str, **how):
        super().__init__(url, **how)
        self._server = server

    def request(self, method: str, path: str, **how) -> httpx.Response:
        self._server.homeserver.asks(self._server.port)
        if path in INSIDE:
            return self._server.inside.request(method, path, **how)
        return super().request(method, path, **how)

    def check(self, answer: httpx.Response) -> None:
        # nginx's own, while Latchkey is away, has no ID.
        if answer.status_code != 503 or "x-request-id" in answer.headers:
            super().check(answer)
        else:
            assert int(answer.headers["retry-after"]) > 0

    def whoami(self, token: str | None) -> httpx.Response:
        """What /sync says, or where that is good who one is."""
        answer = self._at_synapse("GET", "sync?timeout=0", token)
        return super().whoami(token) if answer.status_code == 200 else answer

    def publish_keys(self, user: str, device: str, token: str, store: Store | None = None) -> None:
        """As a client with encryption does first. What they are is nothing to the server."""
        user_id = f"@{user}:{SERVER_NAME}"
        keys = {
            "user_id": user_id,
            "device_id": device,
            "algorithms": ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"],
            "keys": {f"ed25519:{device}": "A" * 43, f"curve25519:{device}": "B" * 43},
            "signatures": {user_id: {f"ed25519:{device}": "C" * 86}},
        }
        answer = self._at_synapse("POST", "keys/upload", token, json={"device_keys": keys})
        assert_good(answer)
        self._server.published.append(Published(user, device, store))

    def _at_synapse(self, method: str, path: str, token: str | None, **how) -> httpx.Response:
        self._server.homeserver.asks(self._server.port)
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        with silence_told(f"{method} {path}"):
            answer = self._http.request(
                method, f"{PREFIX}/{path}", headers=headers, timeout=60, **how
            )
        assert answer.status_code in (200, 401, 503), f"{path}: {answer.status_code} {answer.text}"
        return answer
