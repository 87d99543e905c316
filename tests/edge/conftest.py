"""A Latchkey and a homeserver behind each proxy."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from edge.proxies import PROXIES, Proxy
from edge.upstream import Upstream
from support.engines import Sqlite
from support.secrets import password
from support.server import Server

PATH = "/_matrix/client/v3/sync"


@dataclass
class User:
    name: str
    password: str
    device: str
    token: str
    refresh_token: str


def assert_cross_origin(answer: httpx.Response) -> None:
    """A web client may read it, and what it says about waiting and challenges."""
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]
    assert "DELETE" in answer.headers["access-control-allow-methods"]
    assert "authorization" in answer.headers["access-control-allow-headers"].lower()
    exposed = answer.headers["access-control-expose-headers"].split(",")
    assert [name.strip() for name in exposed] == ["X-Request-Id", "Retry-After", "WWW-Authenticate"]


@dataclass
class Edge:
    """What stands behind one address, and a client of it."""

    latchkey: Server
    upstream: Upstream
    proxy: Proxy
    http: httpx.Client

    def ask(self, token: str | None = None, path: str = PATH, **how) -> httpx.Response:
        headers = how.pop("headers", {})
        if path.startswith("/_matrix/"):
            headers = {"Origin": "https://app.example.org"} | headers
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return self.http.request(how.pop("method", "GET"), path, headers=headers, **how)

    def assert_passes(self, token: str | None = None, path: str = PATH, **how) -> None:
        """The request reaches the homeserver, exactly once and unchanged."""
        self.upstream.requests.clear()
        answer = self.ask(token, path, **how)
        assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
        (seen,) = self.upstream.requests
        assert seen["target"] == path
        assert seen["authorization"] == ([] if token is None else [f"Bearer {token}"])

    def assert_refused(
        self, errcode: str, soft_logout: bool, token: str | None = None, path: str = PATH, **how
    ) -> httpx.Response:
        """The homeserver hears nothing; the client gets Latchkey's own 401."""
        self.upstream.requests.clear()
        answer = self.ask(token, path, **how)
        assert not self.upstream.requests
        assert answer.status_code == 401, f"{answer.status_code} {answer.text}"
        assert_cross_origin(answer)
        assert answer.headers["cache-control"] == "no-store"
        if how.get("method") == "HEAD":
            assert not answer.content
            return answer
        assert answer.headers["content-type"] == "application/json"
        body = answer.json()
        assert (body["errcode"], body["soft_logout"]) == (errcode, soft_logout)
        assert body["error"]
        return answer

    def assert_not_asked(self, status: int, errcode: str, answer: httpx.Response) -> None:
        """The proxy's own answer, as Matrix clients in a browser can read it."""
        assert answer.status_code == status, f"{answer.status_code} {answer.text}"
        assert_cross_origin(answer)
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()["errcode"] == errcode
        assert answer.json()["error"]
        assert not self.upstream.requests

    def user(self, device: str = "PHONE") -> User:
        """A new user, signed in."""
        secret = password()
        answer = self.latchkey.api.register(secret=secret, device_id=device).json()
        name = answer["user_id"].split(":")[0][1:]
        return User(name, secret, device, answer["access_token"], answer["refresh_token"])


@pytest.fixture(scope="module", params=sorted(PROXIES))
def edge(binary, request, tmp_path_factory) -> Iterator[Edge]:
    directory: Path = tmp_path_factory.mktemp(f"edge-{request.param}")
    kind = PROXIES[request.param]
    changes = kind.impatience if getattr(request.module, "IMPATIENT", False) else {}
    yield from behind(kind, directory, getattr(request.module, "OPTIONS", {}), changes)


def behind(
    kind: type[Proxy],
    directory: Path,
    options: dict | None = None,
    changes: dict[str, str] | None = None,
) -> Iterator[Edge]:
    """`options` are Latchkey's, `changes` those to the proxy's example."""
    with ExitStack() as stack:
        latchkey = Server(directory, Sqlite(directory), options)
        stack.callback(latchkey.close)
        latchkey.start()
        upstream = stack.enter_context(closing(Upstream()))
        proxy = stack.enter_context(closing(kind(directory, latchkey.port, upstream.port, changes)))
        http = stack.enter_context(httpx.Client(base_url=proxy.url, trust_env=False))
        yield Edge(latchkey, upstream, proxy, http)
