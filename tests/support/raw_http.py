"""Bytes on a socket, for what no HTTP library would send."""

import socket
import time
from dataclasses import dataclass


@dataclass
class RawAnswer:
    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes


class RawConnection:
    """One TCP connection. Every wait has a deadline: a server that hangs fails the test."""

    def __init__(self, port: int, seconds: float = 15.0):
        self._deadline = time.monotonic() + seconds
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=seconds)
        self._buffer = b""

    def __enter__(self) -> "RawConnection":
        return self

    def __exit__(self, *_) -> None:
        self._socket.close()

    def send(self, data: bytes) -> bool:
        """Returns False when the server has closed the connection instead of reading on."""
        try:
            self._socket.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def finish_sending(self) -> None:
        self._socket.shutdown(socket.SHUT_WR)

    def _receive(self) -> bool:
        """Reads more into the buffer; False at the end of the connection."""
        self._socket.settimeout(max(0.001, self._deadline - time.monotonic()))
        try:
            data = self._socket.recv(65536)
        except ConnectionResetError:
            return False
        except TimeoutError:
            raise AssertionError(f"the server hangs; so far it said {self._buffer[:500]}") from None
        self._buffer += data
        return bool(data)

    def answer(self) -> RawAnswer | None:
        """The next answer, or None when the connection was closed without one."""
        while b"\r\n\r\n" not in self._buffer:
            if not self._receive():
                assert not self._buffer, f"half an answer: {self._buffer[:500]}"
                return None
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        lines = head.decode("ascii").split("\r\n")
        version, status, *_ = lines[0].split(" ")
        assert version in ("HTTP/1.1", "HTTP/1.0"), lines[0]
        headers = {}
        for line in lines[1:]:
            name, value = line.split(":", 1)
            headers[name.lower()] = value.strip()
        return RawAnswer(int(status), headers, self._body(headers))

    def _body(self, headers: dict[str, str]) -> bytes:
        length = int(headers.get("content-length", 0))
        while len(self._buffer) < length:
            assert self._receive(), "the body ends early"
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return body

    def closed(self) -> bool:
        """Waits for the server to close; True when it said nothing more before."""
        while self._receive():
            pass
        return not self._buffer


def request_bytes(method: str, path: str, body: bytes = b"", *headers: str) -> bytes:
    """A well-formed request with these headers added."""
    lines = [f"{method} {path} HTTP/1.1", "Host: example.com", *headers]
    if method in ("POST", "PUT") and not any(
        h.lower().startswith(("content-length", "transfer-encoding")) for h in headers
    ):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
