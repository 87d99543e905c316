"""Ten thousand clients that say nothing and a thousand that are slow: the others are served."""

import resource
import socket
import time
from contextlib import ExitStack
from pathlib import Path

from support.answers import assert_good
from support.matrix_client import assert_kept, new_client
from support.polling import wait_until
from support.raw_http import request_bytes

IDLE, SLOW = 10_000, 1_000


def memory_of(server) -> int:
    text = Path(f"/proc/{server.pid}/status").read_text()
    [line] = [line for line in text.splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1])  # KiB


def allow_files(server, count: int) -> None:
    """For this process and for the server; a machine that allows too few fails the test."""
    for pid in (0, server.pid):
        _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        assert hard == resource.RLIM_INFINITY or hard >= count, f"ulimit -Hn is {hard}"
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (count, hard))


def test_the_token_path_answers_beside_them(make_sqlite_server):
    most = IDLE + SLOW + 500
    server = make_sqlite_server(
        http={
            "limits": {
                "max_connections": most,
                "max_connections_per_address": most,
                "first_byte_timeout": "2m",
                "idle_timeout": "2m",
                "request_timeout": "2m",
            }
        }
    )
    before_limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    allow_files(server, IDLE + SLOW + 1_000)
    client = new_client(server.api)
    before = memory_of(server)
    half = request_bytes("POST", "/_matrix/client/v3/login", b'{"type": "m.login.password"}')
    with ExitStack() as stack:
        connections = []
        for _ in range(IDLE + SLOW):
            connections.append(
                stack.enter_context(socket.create_connection(("127.0.0.1", server.port), 30))
            )
        for number, slow in enumerate(connections[IDLE:]):
            slow.sendall(half[: 20 + number % 60])
        idle = connections[:IDLE]
        # A request on each that is idle from then on.
        for connection in idle[:1000]:
            connection.sendall(request_bytes("GET", "/health"))
        for connection in idle[:1000]:
            assert connection.recv(100).startswith(b"HTTP/1.1 200")
        slowest = 0.0
        end = time.monotonic() + 5
        asked = 0
        while time.monotonic() < end:
            begin = time.monotonic()
            assert_good(server.api.whoami(client.access))
            slowest = max(slowest, time.monotonic() - begin)
            asked += 1
        client.refresh()
        client.use()
        used = memory_of(server) - before
        print(
            f"{IDLE} idle and {SLOW} slow clients: {used} KiB more,"
            f" {used * 1024 / (IDLE + SLOW):.0f} bytes each;"
            f" {asked} requests meanwhile, the slowest {slowest * 1000:.0f} ms"
        )
        assert used * 1024 / (IDLE + SLOW) < 12 * 1024
        assert slowest < 5
    wait_until(lambda: memory_of(server) < before + 24 * 1024, "the memory to come back", 60)
    assert_kept(client)
    resource.setrlimit(resource.RLIMIT_NOFILE, before_limits)
