"""Clients that are slow on purpose, or dead: each is let go in its time, and the server goes on."""

import socket
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from support.api import PREFIX
from support.polling import wait_until
from support.raw_http import RawConnection, request_bytes


def test_slow_clients_are_let_go(make_sqlite_server):
    """One that says nothing, one in mid-header, one in mid-body: each is closed in its time."""
    server = make_sqlite_server(
        http={"limits": {"first_byte_timeout": "1s", "request_timeout": "1s", "idle_timeout": "1s"}}
    )
    half = request_bytes("POST", f"{PREFIX}/login", b'{"type": "x"}')
    for begin in (b"", b"GET /hea", half[:60], half[:-3]):
        with RawConnection(server.port, 10) as connection:
            connection.send(begin)
            answer = connection.answer()
            assert answer is None or answer.status == 408, answer
    with RawConnection(server.port, 10) as connection:
        connection.send(request_bytes("GET", "/health"))
        assert connection.answer().status == 200
        assert connection.closed()


@pytest.mark.parametrize("path", [f"{PREFIX}/refresh", "/oauth2/token"])
def test_a_refresh_that_is_slow_to_arrive_is_not_refused(make_sqlite_server, path):
    """A client may take any 4xx there for the end of its session."""
    server = make_sqlite_server(http={"limits": {"request_timeout": "200ms"}})
    with RawConnection(server.port, 10) as connection:
        connection.send(request_bytes("POST", path, b'{"refresh_token": "x"}')[:-3])
        answer = connection.answer()
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0


def test_a_drip_of_bytes_does_not_prolong_a_request(make_sqlite_server):
    server = make_sqlite_server(http={"limits": {"request_timeout": "1s"}})
    whole = request_bytes("POST", f"{PREFIX}/login", b'{"type": "x"}' + b" " * 10_000)
    with RawConnection(server.port, 10) as connection:
        sent = iter(whole)

        def dripped() -> bool:
            return not connection.send(bytes([next(sent)]))

        wait_until(dripped, "the connection of a dripping client to be closed", 8)


def test_clients_that_stop_reading_are_let_go(make_sqlite_server):
    server = make_sqlite_server(http={"limits": {"write_timeout": "1s"}})
    get = request_bytes("GET", "/_matrix/client/versions")
    with RawConnection(server.port, 20) as connection:

        def stuck_or_closed() -> bool:
            return not connection.send(get * 100)

        wait_until(stuck_or_closed, "the connection of a client that never reads to be closed", 15)
    assert server.api.request("GET", "/health").status_code == 200


def test_the_memory_of_half_sent_heads_comes_back(make_sqlite_server):
    server = make_sqlite_server(http={"limits": {"max_connections_per_address": 2000}})
    status = Path(f"/proc/{server.pid}/status")

    def resident() -> int:
        (line,) = [text for text in status.read_text().splitlines() if text.startswith("VmRSS")]
        return int(line.split()[1])  # KiB

    def is_socket(file: Path) -> bool:
        try:
            return str(file.readlink()).startswith("socket:")
        except FileNotFoundError:  # closed since it was listed
            return False

    def sockets() -> int:
        return sum(map(is_socket, Path(f"/proc/{server.pid}/fd").iterdir()))

    half = b"GET /health HTTP/1.1\r\nHost: a\r\nX-A: " + b"a" * 15_000
    before, listening = resident(), sockets()
    with ExitStack() as stack:
        for _ in range(700):
            stack.enter_context(RawConnection(server.port, 60)).send(half)
        wait_until(lambda: resident() > before + 8_000, "the heads to arrive", 60)
    wait_until(lambda: sockets() <= listening, "the connections to be closed", 60)
    wait_until(lambda: resident() < before + 4_000, "the memory to come back", 60)


def test_one_address_does_not_take_all_connections(make_sqlite_server):
    limits = {"max_connections": 100, "max_connections_per_address": 20}
    server = make_sqlite_server(http={"limits": limits, "trusted_proxies": ["127.0.0.2"]})
    with ExitStack() as stack:
        taken = [stack.enter_context(RawConnection(server.port, 30)) for _ in range(20)]
        for connection in taken:
            connection.send(request_bytes("GET", "/health"))
            assert connection.answer().status == 200
        with RawConnection(server.port, 30) as connection:
            assert connection.closed()
        # Its proxy goes on serving everybody.
        for _ in range(30):
            proxy = stack.enter_context(
                closing(socket.create_connection(("127.0.0.1", server.port), 30, ("127.0.0.2", 0)))
            )
            proxy.sendall(request_bytes("GET", "/health"))
            assert proxy.recv(100).startswith(b"HTTP/1.1 200")
