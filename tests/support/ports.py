"""Ports for servers under test."""

import socket


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ReservedPort:
    """A port that no other test gets while this object lives.

    A bound socket that never listens takes no connection, and keeps the kernel from handing its
    port to anybody else; one that is willing to share lets the server under test bind it too.
    """

    def __init__(self):
        self._socket = socket.socket()
        for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
            self._socket.setsockopt(socket.SOL_SOCKET, option, 1)
        self._socket.bind(("127.0.0.1", free_port()))
        self.number: int = self._socket.getsockname()[1]

    def release(self) -> None:
        self._socket.close()
