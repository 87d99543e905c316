"""Ports for servers under test."""

import socket


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ReservedPort:
    """A port that no other test gets while this object lives.

    Latchkey listens with SO_REUSEPORT, so two servers could share a port and take each other's
    requests without an error. A bound socket that never listens takes no connection, and keeps
    the kernel from handing its port to anybody else.
    """

    def __init__(self):
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._socket.bind(("127.0.0.1", free_port()))
        self.number: int = self._socket.getsockname()[1]

    def release(self) -> None:
        self._socket.close()
