"""An HTTP server of somebody else, whose answers are the test's."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from support.ports import ReservedPort


class StandIn:
    """Listens on a port of its own; goes away and comes back there."""

    protocol = "HTTP/1.0"  # a request a connection

    def __init__(self):
        self._port = ReservedPort()
        self._server: ThreadingHTTPServer | None = None

    @property
    def port(self) -> int:
        return self._port.number

    @property
    def running(self) -> bool:
        return self._server is not None

    def start(self) -> Self:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = outer.protocol

            def do_GET(self):
                outer.answer(self)

            do_POST = do_PUT = do_GET

            def log_message(self, *_):
                pass

        class Reusing(ThreadingHTTPServer):
            allow_reuse_port = True
            daemon_threads = True

        self._server = Reusing(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def close(self) -> None:
        self.stop()
        self._port.release()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """In a thread of the connection; may be called after a stop."""
        raise NotImplementedError
