"""What clients read when a part is away or slow, or they send too much: never the proxy's HTML.

A web client whose answer has no CORS headers, or whose preflight failed, sees a network error."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from edge.conftest import PATH, Edge, assert_cross_origin
from edge.proxies import PROXIES
from edge.upstream import SLOW
from support.polling import wait_until
from support.ports import free_port
from support.raw_http import RawConnection

IMPATIENT = True

OWN_PATH = "/_matrix/client/v3/login"
PREFLIGHT = {"Origin": "https://app.example.org", "Access-Control-Request-Method": "GET"}


def assert_unavailable(answer: httpx.Response, edge: Edge) -> None:
    if not edge.proxy.says_json:
        # A client tries again after any of these, if its browser lets it read them.
        assert answer.status_code in (500, 502, 503, 504)
        assert answer.headers["access-control-allow-origin"] == "*"
        return
    assert answer.status_code == 503, f"{answer.status_code} {answer.text}"
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["errcode"] == "M_UNKNOWN"
    assert answer.json()["error"]
    assert int(answer.headers["retry-after"]) > 0
    assert_cross_origin(answer)


def assert_preflight(answer: httpx.Response, edge: Edge) -> None:
    if edge.proxy.answers_preflights:
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "*"
        return
    assert answer.status_code == 204, f"{answer.status_code} {answer.text}"
    assert_cross_origin(answer)


@contextmanager
def away(edge: Edge) -> Iterator[None]:
    edge.latchkey.stop()
    try:
        yield
    finally:
        edge.latchkey.start()


@contextmanager
def silent(edge: Edge) -> Iterator[None]:
    """Latchkey accepts connections, and that is all."""
    os.kill(edge.latchkey.pid, signal.SIGSTOP)
    tasks = Path(f"/proc/{edge.latchkey.pid}/task")
    wait_until(
        lambda: all(
            (task / "stat").read_text().rpartition(")")[2].split()[0] == "T"
            for task in tasks.iterdir()
        ),
        "every thread to stop",
    )
    try:
        yield
    finally:
        os.kill(edge.latchkey.pid, signal.SIGCONT)


@pytest.fixture(scope="module")
def alone(edge, tmp_path_factory) -> Iterator[httpx.Client]:
    """A client of a proxy whose homeserver is away."""
    kind = PROXIES[edge.proxy.name]
    directory = tmp_path_factory.mktemp(f"alone-{kind.name}")
    with (
        closing(kind(directory, edge.latchkey.port, free_port())) as proxy,
        httpx.Client(base_url=proxy.url, trust_env=False) as http,
    ):
        yield http


def test_nobody_is_logged_out_while_latchkey_is_away(edge):
    """A client tries a 503 again; only a 401 would tell it to give up its session."""
    user = edge.user()
    edge.assert_passes(user.token)
    edge.latchkey.stop()
    edge.upstream.requests.clear()
    try:
        for token in (user.token, None):
            assert_unavailable(edge.ask(token, PATH), edge)
        assert not edge.upstream.requests
    finally:
        edge.latchkey.start()
    edge.assert_passes(user.token)


@pytest.mark.parametrize("without", [away, silent])
def test_signing_in_without_latchkey(edge, without):
    with without(edge):
        for method in ("GET", "POST"):
            assert_unavailable(edge.ask(path=OWN_PATH, method=method), edge)
        assert_preflight(edge.ask(path=OWN_PATH, method="OPTIONS", headers=PREFLIGHT), edge)


@pytest.mark.parametrize("without", [away, silent])
def test_a_request_that_cannot_be_checked(edge, without):
    if without is silent and not edge.proxy.check_can_be_impatient:
        pytest.skip("its check waits for long, and cannot be told otherwise")
    user = edge.user()
    edge.upstream.requests.clear()
    with without(edge):
        assert_unavailable(edge.ask(user.token), edge)
        assert_preflight(edge.ask(method="OPTIONS", headers=PREFLIGHT), edge)
    assert not edge.upstream.requests


def test_an_app_of_oauth_goes_on_when_latchkey_is_back(edge):
    """matrix-js-sdk takes an answer with the member "error" for the end of the session."""
    if not edge.proxy.says_json:
        pytest.skip("its own answers are no JSON")
    with away(edge):
        for path in ("/oauth2/token", "/oauth2/revoke"):
            answer = edge.ask(path=path, method="POST", data={"grant_type": "refresh_token"})
            assert answer.status_code == 503
            assert answer.headers["content-type"] == "application/json"
            assert set(answer.json()) == {"error_description"}
            assert_cross_origin(answer)


@pytest.mark.parametrize("path", ["/account/", "/account/devices", "/link", "/oauth2/authorize?x"])
def test_a_person_reads_a_page(edge, path):
    if not edge.proxy.says_json:
        pytest.skip("its own answers are no pages")
    with away(edge):
        answer = edge.ask(path=path)
    assert answer.status_code == 503
    assert answer.headers["content-type"].startswith("text/html")
    assert "try again soon" in answer.text
    assert "nginx" not in answer.text.lower()
    assert answer.headers["retry-after"]


def test_the_homeserver_is_away(alone, edge):
    user = edge.user()
    for path in (PATH, "/_matrix/client/versions", "/_matrix/federation/v1/version"):
        assert_unavailable(
            alone.get(
                path,
                headers={"Authorization": f"Bearer {user.token}", "Origin": PREFLIGHT["Origin"]},
            ),
            edge,
        )
        assert_preflight(alone.options(path, headers=PREFLIGHT), edge)
    assert alone.get(OWN_PATH).status_code == 200


def test_the_homeserver_is_slow(edge):
    try:
        assert_unavailable(edge.ask(edge.user().token, SLOW), edge)
    finally:
        edge.upstream.be_quick.set()


@pytest.mark.parametrize("path", [PATH, OWN_PATH, "/_matrix/media/v3/upload"])
def test_a_body_is_too_large(edge, path):
    if not edge.proxy.limits_bodies:
        # Latchkey refuses at once what is its own, and hangs up: below, with what is sent by then.
        pytest.skip("the limits of those behind it are the only ones")
    edge.upstream.requests.clear()
    edge.assert_not_asked(
        413, "M_TOO_LARGE", edge.ask(path=path, method="POST", content=bytes(60_000_000))
    )


def test_a_body_of_unknown_length_is_too_large(edge):
    answer = edge.ask(path=OWN_PATH, method="POST", content=iter([bytes(70_000)]))
    assert answer.status_code == 413
    assert answer.json()["errcode"] == "M_TOO_LARGE"
    assert_cross_origin(answer)


@pytest.mark.parametrize("size", [70_000, 1_000_000, 20_000_000])
def test_a_body_is_too_large_for_latchkey_alone(edge, size):
    if not edge.proxy.limits_bodies and size > 1_000_000:
        pytest.skip("Latchkey has answered and hung up before the proxy has sent all of it")
    edge.upstream.requests.clear()
    edge.assert_not_asked(
        413, "M_TOO_LARGE", edge.ask(path=OWN_PATH, method="POST", content=bytes(size))
    )


@pytest.mark.parametrize(
    "target, headers, status, errcode",
    [
        (PATH + "%zz", "", 400, "M_UNKNOWN"),
        (PATH + "%00", "", 400, "M_UNKNOWN"),
        (PATH, "Content-Length: -1\r\n", 400, "M_UNKNOWN"),
        (PATH + "?" + "a" * 20_000, "", 414, "M_TOO_LARGE"),
        (PATH, f"X-A: {'a' * 20_000}\r\n", 431, "M_TOO_LARGE"),
    ],
)
def test_the_proxy_cannot_read_a_request(edge, target, headers, status, errcode):
    """Others take most of these, and refuse the rest before their configuration is asked."""
    if not edge.proxy.explains_what_it_cannot_read:
        pytest.skip("its configuration has no say in it")
    with RawConnection(edge.proxy.port) as connection:
        connection.send(f"GET {target} HTTP/1.1\r\nHost: a\r\n{headers}\r\n".encode())
        answer = connection.answer()
    assert answer.status == status
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert json.loads(answer.body)["errcode"] == errcode


def test_what_latchkey_cannot_read_is_not_to_be_tried_again(edge):
    """More than it takes, and the proxy takes it: a 503 would be sent again and again."""
    if not edge.proxy.takes_more_than_latchkey:
        pytest.skip("it takes less itself")
    edge.upstream.requests.clear()
    long = "a" * 9_000
    answer = edge.ask(edge.user().token, f"{PATH}?{long}", headers={"User-Agent": long})
    assert answer.status_code in (403, 431), f"{answer.status_code} {answer.text}"
    assert answer.json()["errcode"] in ("M_UNKNOWN", "M_TOO_LARGE")
    assert "retry-after" not in answer.headers
    assert_cross_origin(answer)
    assert not edge.upstream.requests


def test_an_upload_of_the_homeservers_size_passes(edge):
    edge.assert_passes(
        edge.user().token,
        "/_matrix/media/v3/upload",
        method="POST",
        content=bytes(50 * 1024 * 1024),
    )
