"""How clients and servers connect: TLS, HTTP/2, IPv6, the port of federation, WebSocket; and what
they find under the name in people's Matrix IDs."""

import socket
import ssl

import pytest

from edge.conftest import PATH
from edge.proxies.proxy import has_ipv6


def over_tls(address: str, port: int, *protocols: str) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(list(protocols))
    return context.wrap_socket(
        socket.create_connection((address, port), timeout=10), server_hostname="matrix.example.com"
    )


def status_of(connection: ssl.SSLSocket, path: str) -> int:
    connection.sendall(
        f"GET {path} HTTP/1.1\r\nHost: matrix.example.com\r\nConnection: close\r\n\r\n".encode()
    )
    with connection.makefile("rb") as answer:
        return int(answer.readline().split()[1])


@pytest.mark.parametrize("port", ["tls_port", "federation_port"])
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_clients_and_servers_come_in(edge, address, port):
    if address == "::1" and not has_ipv6():
        pytest.skip("no IPv6 here")
    number = getattr(edge.proxy, port)
    with over_tls(address, number, "h2", "http/1.1") as connection:
        assert connection.selected_alpn_protocol() == "h2"
    with over_tls(address, number, "http/1.1") as connection:
        assert status_of(connection, "/_matrix/key/v2/server") == 200
    with over_tls(address, number, "http/1.1") as connection:
        assert status_of(connection, "/_synapse/admin/v2/users") == 404


def upgrade(edge, *protocols: str, token: str | None = None) -> tuple[int, dict, bytes]:
    edge.upstream.requests.clear()
    lines = [
        f"GET {PATH} HTTP/1.1",
        f"Host: 127.0.0.1:{edge.proxy.port}",
        "Connection: Upgrade",
        *(f"Upgrade: {protocol}" for protocol in protocols),
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    with (
        socket.create_connection(("127.0.0.1", edge.proxy.port), timeout=10) as connection,
        connection.makefile("rb") as answer,
    ):
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        status = int(answer.readline().split()[1])
        headers = dict(
            line.decode().strip().lower().split(": ", 1) for line in iter(answer.readline, b"\r\n")
        )
        if status != 101:
            return status, headers, b""
        connection.sendall(b"hello\n")
        return status, headers, answer.readline()


@pytest.mark.parametrize("protocol", ["websocket", "WebSocket"])
def test_a_websocket_is_opened(edge, protocol):
    status, headers, said = upgrade(edge, protocol, token=edge.user().token)
    assert (status, headers["upgrade"].lower()) == (101, "websocket")
    assert said == b"hello\n"


def test_a_websocket_is_checked(edge):
    status, _, _ = upgrade(edge, "websocket", token="lka_garbage")
    assert status == 401
    assert not edge.upstream.requests


@pytest.mark.parametrize(
    "protocols",
    [
        ["h2c"],
        ["h2c, websocket"],
        ["websocket/13"],
        ["TLS/1.0"],
        ["h2c", "websocket"],
        ["websocket", "h2c"],
        ["websocket, h2c", "websocket"],
        ["websocket", "websocket, h2c"],
    ],
)
def test_no_other_protocol_leads_past_the_proxy(edge, protocols):
    status, _, _ = upgrade(edge, *protocols)
    if edge.proxy.refuses_upgrades and status != 200:
        assert status in (400, 403)
        assert not edge.upstream.requests
        return
    assert status in (200, 101)
    (seen,) = edge.upstream.requests
    # Of two lines nginx and others take one, and say that alone.
    assert seen["upgrade"] in ((None,) if len(protocols) == 1 else (None, "websocket"))
    assert "h2c" not in str(seen["headers"])


@pytest.mark.parametrize(
    "name, content",
    [
        ("client", {"m.homeserver": {"base_url": "https://matrix.example.com"}}),
        ("server", {"m.server": "matrix.example.com:443"}),
    ],
)
def test_the_servers_name_leads_to_its_address(edge, name, content):
    if not edge.proxy.serves_files:
        pytest.skip("it serves no files")
    edge.upstream.requests.clear()
    answer = edge.ask(path=f"/.well-known/matrix/{name}", headers={"Host": "example.com"})
    assert (answer.status_code, answer.json()) == (200, content)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert not edge.upstream.requests
