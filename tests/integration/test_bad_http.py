"""Bytes that are not HTTP, or that two readers would read differently (RFC 9112 §11.2).

What may come back is an error or a closed connection: never a crash, a hang, a 5xx, or the answer
to a request that was smuggled in behind another.
"""

import pytest

from support.api import PREFIX
from support.raw_http import RawConnection, request_bytes

pytestmark = pytest.mark.usefixtures("witness")

HOST = b"Host: example.com\r\n"
LOGIN = f"{PREFIX}/login".encode()
SMUGGLED = b"GET /health HTTP/1.1\r\nHost: example.com\r\n\r\n"

REFUSED = {
    "no HTTP at all": b"hello\r\n\r\n",
    "binary": bytes(range(256)) + b"\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64 + b"\r\n\r\n",
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET /health\r\n\r\n",
    "HTTP/3.7": b"GET /health HTTP/3.7\r\n" + HOST + b"\r\n",
    "no version": b"GET /health \r\n" + HOST + b"\r\n",
    "space in the target": b"GET /he alth HTTP/1.1\r\n" + HOST + b"\r\n",
    "NUL in the target": b"GET /he\x00alth HTTP/1.1\r\n" + HOST + b"\r\n",
    "NUL in a header": b"GET /health HTTP/1.1\r\n" + HOST + b"X: a\x00b\r\n\r\n",
    "DEL in a header": b"GET /health HTTP/1.1\r\n" + HOST + b"X: a\x7fb\r\n\r\n",
    "no host": b"GET /health HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /health HTTP/1.1\r\n" + HOST + b"Host: other.org\r\n\r\n",
    "header without colon": b"GET /health HTTP/1.1\r\n" + HOST + b"nonsense\r\n\r\n",
    "header without name": b"GET /health HTTP/1.1\r\n" + HOST + b": value\r\n\r\n",
    "space before the colon": b"GET /health HTTP/1.1\r\n" + HOST + b"X : y\r\n\r\n",
    "folded header": b"GET /health HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\n\r\n",
    "two lengths": b"POST "
    + LOGIN
    + b" HTTP/1.1\r\n"
    + HOST
    + b"Content-Length: 2\r\nContent-Length: 52\r\n\r\n{}"
    + SMUGGLED,
    "a list of lengths": b"POST "
    + LOGIN
    + b" HTTP/1.1\r\n"
    + HOST
    + b"Content-Length: 2, 52\r\n\r\n{}"
    + SMUGGLED,
    "length and chunks": b"POST "
    + LOGIN
    + b" HTTP/1.1\r\n"
    + HOST
    + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    + SMUGGLED,
    "chunks and length": b"POST "
    + LOGIN
    + b" HTTP/1.1\r\n"
    + HOST
    + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n"
    + SMUGGLED,
    "negative length": b"POST " + LOGIN + b" HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
    "signed length": b"POST " + LOGIN + b" HTTP/1.1\r\n" + HOST + b"Content-Length: +2\r\n\r\n{}",
    "hexadecimal length": b"POST "
    + LOGIN
    + b" HTTP/1.1\r\n"
    + HOST
    + b"Content-Length: 0x2\r\n\r\n{}",
    "overflowing length": b"POST "
    + LOGIN
    + b" HTTP/1.1\r\n"
    + HOST
    + b"Content-Length: 18446744073709551618\r\n\r\n{}",
    "unknown coding": b"POST "
    + LOGIN
    + b" HTTP/1.1\r\n"
    + HOST
    + b"Transfer-Encoding: gzip\r\n\r\n{}"
    + SMUGGLED,
    "chunked is not last": b"POST "
    + LOGIN
    + b" HTTP/1.1\r\n"
    + HOST
    + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"
    + SMUGGLED,
    "coding with a tab": b"POST "
    + LOGIN
    + b" HTTP/1.1\r\n"
    + HOST
    + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n"
    + SMUGGLED,
    "chunk size that is none": b"POST "
    + LOGIN
    + b" HTTP/1.1\r\n"
    + HOST
    + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "negative chunk size": b"POST "
    + LOGIN
    + b" HTTP/1.1\r\n"
    + HOST
    + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
    "overflowing chunk size": b"POST "
    + LOGIN
    + b" HTTP/1.1\r\n"
    + HOST
    + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n",
    "chunk longer than it says": b"POST "
    + LOGIN
    + b" HTTP/1.1\r\n"
    + HOST
    + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
}

BARE_LINE_FEEDS = {
    "everywhere": b"GET /health HTTP/1.1\nHost: example.com\n\n",
    "at a header's end": b"GET /health HTTP/1.1\r\nHost: example.com\nX: y\r\n\r\n",
    "before the end": b"GET /health HTTP/1.1\r\nHost: example.com\r\nX: y\n\r\n\r\n",
    "in a chunk": b"POST "
    + LOGIN
    + b" HTTP/1.1\r\n"
    + HOST
    + b"Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n"
    + SMUGGLED,
    "a bare CR": b"GET /health HTTP/1.1\rHost: example.com\r\n\r\n",
    "CR in a value": b"GET /health HTTP/1.1\r\nHost: example.com\r\nX: a\rY: b\r\n\r\n",
}


def assert_refused_and_closed(server, data: bytes) -> None:
    with RawConnection(server.port) as connection:
        connection.send(data)
        connection.finish_sending()
        answer = connection.answer()
        if answer is not None:
            assert 400 <= answer.status < 500, answer
            assert connection.answer() is None, "something behind it was answered"


@pytest.mark.parametrize("name", REFUSED)
def test_refused(server, name):
    assert_refused_and_closed(server, REFUSED[name])


@pytest.mark.parametrize("name", BARE_LINE_FEEDS)
def test_bare_line_feeds(server, name):
    assert_refused_and_closed(server, BARE_LINE_FEEDS[name])


def test_http_1_0_is_served_and_closed(server):
    with RawConnection(server.port) as connection:
        connection.send(b"GET /health HTTP/1.0\r\n\r\n")
        answer = connection.answer()
        assert answer.status in (200, 400, 426, 505)
        assert connection.closed()


def test_chunked_bodies_are_read(server, witness):
    body = b'{"refresh_token": "' + witness.refresh_token.encode() + b'"}'
    chunks = (
        b"".join(
            b"%x;x=y\r\n%s\r\n" % (len(body[i : i + 7]), body[i : i + 7])
            for i in range(0, len(body), 7)
        )
        + b"0\r\n\r\n"
    )
    with RawConnection(server.port) as connection:
        connection.send(
            request_bytes("POST", f"{PREFIX}/refresh", chunks, "Transfer-Encoding: chunked")
        )
        assert connection.answer().status == 200


def test_a_chunked_body_without_end_is_too_large(server):
    with RawConnection(server.port) as connection:
        connection.send(request_bytes("POST", f"{PREFIX}/login", b"", "Transfer-Encoding: chunked"))
        chunk = b"1000\r\n" + b" " * 4096 + b"\r\n"
        for _ in range(2_000):
            if not connection.send(chunk):
                break
        else:
            raise AssertionError("eight million bytes and no end")
        answer = connection.answer()
        assert answer is None or answer.status == 413


def test_pipelined_requests_are_answered_in_order(server, witness):
    whoami = request_bytes(
        "GET", f"{PREFIX}/account/whoami", b"", f"Authorization: Bearer {witness.access}"
    )
    missing = request_bytes("GET", f"{PREFIX}/account/whoami")
    login = request_bytes("POST", f"{PREFIX}/login", b"{}")
    with RawConnection(server.port) as connection:
        connection.send((whoami + missing + login) * 5)
        statuses = [connection.answer().status for _ in range(15)]
    assert statuses == [200, 401, 400] * 5


def test_pipelined_garbage(server, witness):
    whoami = request_bytes(
        "GET", f"{PREFIX}/account/whoami", b"", f"Authorization: Bearer {witness.access}"
    )
    with RawConnection(server.port) as connection:
        connection.send(whoami + b"\x00\x01\x02garbage\r\n\r\n" + whoami)
        assert connection.answer().status == 200
        second = connection.answer()
        assert second is None or second.status == 400
        assert connection.answer() is None


def test_much_pipelined_behind_a_slow_request(server, witness):
    """What is read ahead has a limit; the connection may be closed, the server goes on."""
    login = request_bytes("POST", f"{PREFIX}/login", b"{}")
    with RawConnection(server.port, 30) as connection:
        connection.send(login * 5_000)
        connection.finish_sending()
        answered = 0
        while (answer := connection.answer()) is not None:
            assert answer.status == 400
            answered += 1
    assert answered > 0


def test_huge_headers(server):
    for header in (
        b"X: " + b"y" * 1_000_000,
        b"Cookie: " + b"a=b; " * 100_000,
        b"\r\n".join(b"X-%d: y" % i for i in range(2_000)),
    ):
        with RawConnection(server.port) as connection:
            connection.send(b"GET /health HTTP/1.1\r\n" + HOST + header + b"\r\n\r\n")
            answer = connection.answer()
            assert answer is None or answer.status == 431


def test_a_huge_target(server):
    with RawConnection(server.port) as connection:
        connection.send(b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n")
        answer = connection.answer()
        assert answer is None or answer.status in (414, 431)


def test_a_length_of_terabytes_waits_for_nothing(server):
    with RawConnection(server.port) as connection:
        connection.send(
            b"POST " + LOGIN + b" HTTP/1.1\r\n" + HOST + b"Content-Length: 9000000000000\r\n\r\n"
        )
        assert connection.answer().status == 413


def test_expect_continue(server):
    """RFC 9110 §10.1.1: 100 for a body that is wanted, the final answer for one that is not."""
    with RawConnection(server.port) as connection:
        connection.send(
            b"POST "
            + LOGIN
            + b" HTTP/1.1\r\n"
            + HOST
            + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        )
        answer = connection.answer()
        assert answer.status in (100, 417)
        if answer.status == 100:
            connection.send(b"{}")
            assert connection.answer().status == 400


def test_half_closed_clients_get_their_answer(server):
    with RawConnection(server.port) as connection:
        connection.send(request_bytes("GET", "/health"))
        connection.finish_sending()
        assert connection.answer().status == 200


def test_many_connections_that_vanish(server):
    for _ in range(300):
        with RawConnection(server.port) as connection:
            connection.send(request_bytes("GET", "/_matrix/client/versions")[:-2])
