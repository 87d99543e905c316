"""What each proxy does about the check beyond routing: what it sends to it, what happens while
nobody answers it, and over a reload."""

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import httpx
import pytest

from edge.conftest import PATH, Edge, behind
from edge.proxies import PROXIES, Proxy
from edge.test_unavailable import away
from edge.upstream import SLOW, Upstream
from support.polling import wait_until

# A part of the proxies' own answers.
EXPOSED = "X-Request-Id, Retry-After, WWW-Authenticate"


@dataclass
class Recorded:
    """A proxy whose Latchkey only notes what it is asked, and lets everything pass."""

    latchkey: Upstream
    homeserver: Upstream
    proxy: Proxy
    http: httpx.Client


@pytest.fixture(scope="module", params=sorted(PROXIES))
def recorded(request, tmp_path_factory) -> Iterator[Recorded]:
    directory = tmp_path_factory.mktemp(f"recorded-{request.param}")
    with (
        closing(Upstream()) as latchkey,
        closing(Upstream()) as homeserver,
        closing(PROXIES[request.param](directory, latchkey.port, homeserver.port)) as proxy,
        httpx.Client(base_url=proxy.url, trust_env=False) as http,
    ):
        yield Recorded(latchkey, homeserver, proxy, http)


def test_the_check_gets_the_token_and_nothing_of_the_body(recorded):
    recorded.latchkey.requests.clear()
    recorded.homeserver.requests.clear()
    path = "/_matrix/media/v3/upload?filename=a%20b"
    sent = {
        "Authorization": "Bearer lka_x",
        "Cookie": "a=b",
        "User-Agent": "Element/1",
        "X-Original-URI": "/a?access_token=b",
        "X-Forwarded-Uri": "/a?access_token=b",
        "X-Other": "c",
    }
    answer = recorded.http.post(path, content=bytes(3_000_000), headers=sent)
    assert answer.status_code == 200
    (asked,) = recorded.latchkey.requests
    (served,) = recorded.homeserver.requests
    assert served["target"] == path
    assert served["length"] == 3_000_000
    assert asked["length"] == 0
    assert "transfer-encoding" not in asked["headers"]
    assert asked["authorization"] == ["Bearer lka_x"]
    assert asked["headers"]["user-agent"] == "Element/1"
    # Envoy adds its own address behind it.
    assert "127.0.0.1" in asked["headers"]["x-forwarded-for"].split(",")[-2:]
    assert "cookie" not in asked["headers"]
    assert ("x-other" in asked["headers"]) == recorded.proxy.tells_check_everything
    told = [
        asked["headers"][name]
        for name in ("x-forwarded-uri", "x-original-uri")
        if name in asked["headers"]
    ]
    if asked["target"].startswith("/edge/check/"):
        told.append(asked["target"].removeprefix("/edge/check"))
    assert told == [path]


def test_a_chunked_upload_is_not_sent_to_the_check(recorded):
    recorded.latchkey.requests.clear()
    answer = recorded.http.post(
        "/_matrix/client/v3/x",
        content=iter([b"x" * 1000]),
        headers={"Authorization": "Bearer lka_x"},
    )
    assert answer.status_code in (200, 400)  # the stand-in reads no chunks
    (asked,) = recorded.latchkey.requests
    assert "transfer-encoding" not in asked["headers"]
    assert asked["length"] == 0


@pytest.fixture(scope="module", params=sorted(name for name in PROXIES if PROXIES[name].opening))
def opened(binary, request, tmp_path_factory) -> Iterator[Edge]:
    kind = PROXIES[request.param]
    directory = tmp_path_factory.mktemp(f"open-{request.param}")
    yield from behind(kind, directory, changes=kind.opening)


def test_the_homeserver_decides_alone_where_the_operator_wants_it(opened):
    user = opened.user()
    ended = opened.user()
    assert opened.latchkey.api.logout(ended.token).status_code == 200
    with away(opened):
        for how in ({}, {"method": "OPTIONS"}, {"method": "PUT", "content": b"x" * 100_000}):
            opened.assert_passes(user.token, **how)
        opened.assert_passes(ended.token)
        assert opened.ask(path="/_matrix/client/v3/login").status_code == 503
    opened.assert_passes(user.token)
    opened.assert_refused("M_UNKNOWN_TOKEN", False, ended.token)


def test_a_long_poll_goes_on_over_a_reload_of_the_proxy(edge):
    if not edge.proxy.reloads:
        pytest.skip("it has no reload")
    user = edge.user()
    edge.upstream.requests.clear()
    edge.upstream.be_quick.clear()
    answers = []
    poll = threading.Thread(
        target=lambda: answers.append(
            httpx.get(
                edge.proxy.url + SLOW,
                headers={"Authorization": f"Bearer {user.token}"},
                timeout=60,
                trust_env=False,
            )
        )
    )
    poll.start()
    try:
        wait_until(lambda: edge.upstream.requests, "the request to reach the homeserver")
        edge.proxy.reload({EXPOSED: f"{EXPOSED}, X-Again"})

        def reloaded() -> bool:
            answer = httpx.get(f"{edge.proxy.url}/", trust_env=False)
            return "X-Again" in answer.headers.get("access-control-expose-headers", "")

        wait_until(reloaded, "the proxy to answer as it is told now", 30)
        # New connections, some to what was there before and some to what came of it.
        for _ in range(20):
            with httpx.Client(base_url=edge.proxy.url, trust_env=False) as http:
                for token, status in ((user.token, 200), ("lka_garbage", 401)):
                    headers = {"Authorization": f"Bearer {token}"}
                    assert http.get(PATH, headers=headers).status_code == status
    finally:
        edge.upstream.be_quick.set()
        poll.join()
    assert [answer.status_code for answer in answers] == [200]
