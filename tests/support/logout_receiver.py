"""An application that is told when a session is over (OpenID Connect Back-Channel Logout 1.0)."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from support.polling import wait_until
from support.ports import ReservedPort


class LogoutReceiver:
    """Listens on one port, goes away and comes back; keeps the tokens that it was sent."""

    def __init__(self):
        self._port = ReservedPort()
        self.url = f"http://127.0.0.1:{self._port.number}/logout?app=1"
        self.status = 200
        self.headers: dict[str, str] = {}
        self.tokens: list[str] = []
        self.attempts = 0
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> "LogoutReceiver":
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers["Content-Length"])
                form = parse_qs(self.rfile.read(length).decode(), strict_parsing=True)
                assert self.headers["Content-Type"] == "application/x-www-form-urlencoded"
                assert (self.path, list(form)) == ("/logout?app=1", ["logout_token"])
                outer.attempts += 1
                if outer.status == 200:
                    outer.tokens += form["logout_token"]
                self.send_response(outer.status)
                for name, value in ({"Content-Length": "0"} | outer.headers).items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_):
                pass

        class Reusing(ThreadingHTTPServer):
            allow_reuse_port = True
            daemon_threads = True

        self._server = Reusing(("127.0.0.1", self._port.number), Handler)
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

    def wait_for(self, count: int) -> list[str]:
        wait_until(lambda: len(self.tokens) >= count, f"{count} logout tokens", 60)
        return self.tokens

    def wait_for_attempts(self, count: int) -> None:
        wait_until(lambda: self.attempts >= count, f"{count} attempts", 60)
