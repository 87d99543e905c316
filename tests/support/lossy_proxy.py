"""A network that loses requests and replies when a test says so.

Stands between a client and the server and speaks HTTP/1.1, one request per connection, so that it
knows when the server has answered. What it loses is decided before the request is sent, never by
chance: a test says "lose the next reply" and knows that the server did the work.
"""

import enum
import http.client
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Fate(enum.Enum):
    DELIVER = "deliver"
    LOSE_REQUEST = "lose the request"  # the server never hears of it
    LOSE_REPLY = "lose the reply"  # the server has answered; the client sees a closed connection


class LossyProxy:
    """Use as a context manager; `url` stands in for the server's."""

    def __init__(self, server_port: int):
        self._server_port = server_port
        self._fates: deque[tuple[str, Fate]] = deque()
        self._lock = threading.Lock()
        self.lost_answers: list[tuple[int, bytes]] = []  # what the server said into the void
        self._listener = ThreadingHTTPServer(("127.0.0.1", 0), self._handler_class())
        self._listener.daemon_threads = True
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.server_port}"

    def __enter__(self) -> "LossyProxy":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()

    def lead_to(self, server_port: int) -> None:
        self._server_port = server_port

    def lose(self, fate: Fate, path: str, times: int = 1) -> None:
        """The next `times` requests whose path ends with `path` meet this fate."""
        with self._lock:
            self._fates.extend([(path, fate)] * times)

    def pending(self) -> int:
        """How many of the losses have not happened yet."""
        with self._lock:
            return len(self._fates)

    def _fate_of(self, path: str) -> Fate:
        with self._lock:
            if self._fates and path.endswith(self._fates[0][0]):
                return self._fates.popleft()[1]
        return Fate.DELIVER

    def _ask_server(
        self, request: BaseHTTPRequestHandler
    ) -> tuple[http.client.HTTPResponse, bytes]:
        length = int(request.headers.get("Content-Length", 0))
        body = request.rfile.read(length)
        connection = http.client.HTTPConnection("127.0.0.1", self._server_port, timeout=30)
        try:
            headers = {**request.headers, "Connection": "close"}
            connection.request(request.command, request.path, body or None, headers)
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    def _serve(self, request: BaseHTTPRequestHandler) -> None:
        request.close_connection = True
        fate = self._fate_of(request.path)
        if fate is Fate.LOSE_REQUEST:
            return
        try:
            answer, body = self._ask_server(request)
        except (OSError, http.client.HTTPException):
            return  # a server that does not answer is silence here too
        if fate is Fate.LOSE_REPLY:
            with self._lock:
                self.lost_answers.append((answer.status, body))
            return
        request.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding"):
                request.send_header(name, value)
        request.send_header("Connection", "close")
        request.end_headers()
        request.wfile.write(body)

    def _handler_class(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):  # noqa: N802 (the library's name)
                proxy._serve(self)

            do_POST = do_PUT = do_DELETE = do_OPTIONS = do_GET

            def log_message(self, *_):
                pass

        return Handler
