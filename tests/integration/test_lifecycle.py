"""Starting, draining, stopping; metrics; who may share what."""

import signal
import socket
import threading

import httpx
import pytest

from support.answers import assert_good
from support.api import PREFIX, Silence
from support.clock import MINUTE
from support.matrix_client import new_client
from support.polling import wait_until
from support.ports import ReservedPort
from support.raw_http import RawConnection, request_bytes
from support.secrets import password
from support.server import CommandFailed

WHOAMI = f"{PREFIX}/account/whoami"


def test_ends_with_zero_when_told_to(make_server):
    server = make_server()
    server.stop()  # asserts it
    with pytest.raises(Silence):
        server.api.request("GET", "/health")


def test_sigint_is_sigterm(make_sqlite_server):
    server = make_sqlite_server()
    server._process.send_signal(signal.SIGINT)
    server.ended()


def test_a_slow_request_in_flight_is_answered(make_sqlite_server):
    server = make_sqlite_server()
    client = new_client(server.api)
    body = b'{"refresh_token": "' + client.refresh_token.encode() + b'"}'
    whole = request_bytes("POST", f"{PREFIX}/refresh", body)
    with RawConnection(server.port) as connection:
        connection.send(whole[:-10])
        server.terminate()
        wait_until(lambda: _refuses(server), "the listener to close")
        connection.send(whole[-10:])
        answer = connection.answer()
        assert answer is not None, "the request in flight was dropped"
        assert answer.status == 200
        assert answer.headers["connection"].lower() == "close"
        assert connection.closed()
    server.ended()


def test_a_login_in_flight_is_answered(make_sqlite_server):
    """The password is being hashed when the signal comes."""
    server = make_sqlite_server(passwords={"hash_memory": "32MiB", "hash_passes": 4})
    secret = password()
    server.command("user", "create", "slow", "--password-stdin", stdin=secret + "\n")
    answers: list[httpx.Response] = []
    login = threading.Thread(target=lambda: answers.append(server.api.login("slow", secret)))
    before = _hashing_time(server)
    login.start()
    wait_until(lambda: _hashing_time(server) > before, "the hash to begin")
    server.terminate()
    login.join()
    token = assert_good(answers[0])["access_token"]
    server.ended()
    server.start()
    assert_good(server.api.whoami(token))


def _hashing_time(server) -> int:
    """Clock ticks of processor time that the process has used."""
    with open(f"/proc/{server.pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def _refuses(server) -> bool:
    try:
        with RawConnection(server.port, 1) as probe:
            return probe.closed()
    except OSError:
        return True


def test_idle_connections_do_not_hold_up_the_end(make_sqlite_server):
    server = make_sqlite_server()
    connections = [RawConnection(server.port) for _ in range(20)]
    for connection in connections:
        connection.send(request_bytes("GET", "/health"))
        assert connection.answer().status == 200
    server.stop()
    for connection in connections:
        assert connection.closed()


def test_a_second_server_on_one_sqlite_file_is_refused(make_sqlite_server):
    server = make_sqlite_server()
    second = make_sqlite_server(start=False)
    second.options["database"] = server.options["database"]
    second.options["keys_file"] = server.options["keys_file"]
    said = second.start_refused()
    assert server.engine.file.name in said
    assert server.api.request("GET", "/health").status_code == 200
    client = new_client(server.api)
    server.command("user", "lock", client.store.user)  # its socket was not taken away
    server.stop()
    second.start()


def test_another_server_name_is_refused_and_nobody_becomes_somebody_else(make_server):
    server = make_server()
    client = new_client(server.api)
    server.stop()
    server.options["server_name"] = "example.org"
    said = server.start_refused()
    assert "server_name: example.com" in said
    assert "example.org" in said
    with pytest.raises(CommandFailed, match="server_name: example.com"):
        server.command("user", "lock", client.store.user)
    server.options["server_name"] = "example.com"
    server.start()
    client.use()
    assert client.store.wiped == []


def test_a_further_node_with_another_server_name_is_refused(make_fragile_server):
    first = make_fragile_server()
    second = make_fragile_server(start=False)
    for shared in ("database", "keys_file", "public_url"):
        second.options[shared] = first.options[shared]
    second.options["server_name"] = "example.org"
    assert "server_name: example.com" in second.start_refused()
    assert first.api.request("GET", "/health").status_code == 200


def test_a_port_in_use_is_said(make_sqlite_server):
    with RawListener() as taken:
        server = make_sqlite_server(start=False)
        server.options["listen"] = [f"127.0.0.1:{taken.port}"]
        assert str(taken.port) in server.start_refused()


class RawListener:
    """A listener without SO_REUSEPORT: nobody can share its port."""

    def __enter__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        return self

    def __exit__(self, *_):
        self._socket.close()


def test_a_unix_socket(make_sqlite_server, tmp_path):
    path = tmp_path / "http.sock"
    server = make_sqlite_server(start=False)
    server.options["listen"].append(f"unix:{path}")
    server.start()
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path))) as http:
        assert http.get("http://localhost/health").status_code == 200
    server.restart()
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path))) as http:
        assert http.get("http://localhost/health").status_code == 200


def test_metrics_are_off_until_configured(server):
    answer = server.api.request("GET", "/metrics")
    assert answer.status_code == 404


def test_metrics(make_sqlite_server):
    port = ReservedPort()
    server = make_sqlite_server(metrics={"listen": [f"127.0.0.1:{port.number}"]})
    client = new_client(server.api)
    for _ in range(3):
        server.api.whoami(client.access)
    answer = httpx.get(f"http://127.0.0.1:{port.number}/metrics", trust_env=False)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert "latchkey_" in answer.text
    assert client.access not in answer.text
    assert client.store.user not in answer.text
    assert server.api.request("GET", "/metrics").status_code == 404
    port.release()


def test_everything_acknowledged_is_there_after_a_restart(make_server):
    server = make_server()
    clients = [new_client(server.api) for _ in range(5)]
    for client in clients:
        client.refresh()
        client.use()
    server.restart()
    for client in clients:
        assert_good(server.api.whoami(client.access))
        assert_good(server.api.refresh(client.refresh_token))


def test_forwarded_addresses_are_believed_from_configured_proxies_only(make_sqlite_server, clock):
    server = make_sqlite_server(clock)
    client = new_client(server.api, refreshes=False)

    def address_after(forwarded: str) -> str:
        clock.advance(10 * MINUTE)  # an address is noted every few minutes
        headers = {"X-Forwarded-For": forwarded}
        assert_good(server.api.request("GET", WHOAMI, token=client.access, headers=headers))
        server.stop()  # written in batches, and at the end
        [session] = server.sessions(client.store.user)
        return session["address"]

    assert address_after("203.0.113.7") == "127.0.0.1"
    server.options["http"] = {"trusted_proxies": ["127.0.0.1"]}
    server.start()
    assert address_after("198.51.100.1, 203.0.113.7") == "203.0.113.7"
