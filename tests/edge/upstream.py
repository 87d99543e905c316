"""The homeserver behind the proxy: it notes what reaches it and answers everything."""

import base64
import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

OWN_REFUSAL = "/_matrix/client/v3/refused-by-the-homeserver"
SLOW = "/_matrix/client/v3/sync?full_state=true"


def _accepting(key: str) -> str:
    salted = f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()
    return base64.b64encode(hashlib.sha1(salted).digest()).decode()


class Upstream:
    """Answers 200 with what it was asked, or its own 401 at OWN_REFUSAL, and at SLOW not before
    `be_quick` is set. On a WebSocket it says what it hears. Browsers may read all of it."""

    def __init__(self):
        self.requests: list[dict] = []
        self.be_quick = threading.Event()
        self._listener = ThreadingHTTPServer(("127.0.0.1", 0), self._handler_class())
        self._listener.daemon_threads = True
        self.port: int = self._listener.server_address[1]
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self.be_quick.set()
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join()

    def _handler_class(self) -> type[BaseHTTPRequestHandler]:
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                seen = {
                    "method": self.command,
                    "target": self.path,
                    "length": len(body),
                    "authorization": self.headers.get_all("Authorization", []),
                }
                seen["upgrade"] = self.headers.get("Upgrade")
                seen["headers"] = {name.lower(): value for name, value in self.headers.items()}
                upstream.requests.append(seen)
                if seen["upgrade"]:
                    return self._echo(seen["upgrade"])
                if self.path == SLOW:
                    upstream.be_quick.wait(60)
                refuses = self.path == OWN_REFUSAL
                answer = {"errcode": "M_FORBIDDEN", "error": "mine"} if refuses else seen
                data = json.dumps(answer).encode()
                self.send_response(401 if refuses else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.send_header("Access-Control-Allow-Origin", "*")
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

            def _echo(self, protocol: str) -> None:
                self.send_response(101)
                self.send_header("Connection", "Upgrade")
                self.send_header("Upgrade", protocol)
                # RFC 6455 section 4.2.2: some proxies look at it.
                key = self.headers.get("Sec-WebSocket-Key", "")
                self.send_header("Sec-WebSocket-Accept", _accepting(key))
                self.end_headers()
                self.wfile.write(self.rfile.readline())
                self.close_connection = True

            do_HEAD = do_POST = do_PUT = do_OPTIONS = do_GET

            def log_message(self, *_) -> None:
                pass

        return Handler
