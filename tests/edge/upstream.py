"""The homeserver behind the proxy: it notes what reaches it and answers everything."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

OWN_REFUSAL = "/_matrix/client/v3/refused-by-the-homeserver"


class Upstream:
    """Answers 200 with what it was asked, or its own 401 at OWN_REFUSAL."""

    def __init__(self):
        self.requests: list[dict] = []
        self._listener = ThreadingHTTPServer(("127.0.0.1", 0), self._handler_class())
        self._listener.daemon_threads = True
        self.port: int = self._listener.server_address[1]
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join()

    def _handler_class(self) -> type[BaseHTTPRequestHandler]:
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                seen = {"method": self.command, "target": self.path, "length": len(body),
                        "authorization": self.headers.get_all("Authorization", [])}
                upstream.requests.append(seen)
                refuses = self.path == OWN_REFUSAL
                answer = {"errcode": "M_FORBIDDEN", "error": "mine"} if refuses else seen
                data = json.dumps(answer).encode()
                self.send_response(401 if refuses else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_POST = do_PUT = do_OPTIONS = do_GET

            def log_message(self, *_) -> None:
                pass

        return Handler
