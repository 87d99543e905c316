"""A site of somebody else on this machine: an app that people are sent back to, or a trap."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

ANY_PAGE = "<!doctype html><title>Another site</title>"


class LocalSite:
    """Redirects, shows `pages` by their path, and for every other path a page that says nothing."""

    def __init__(self):
        self.pages: dict[str, str] = {}
        self.redirects: dict[str, str] = {}  # from a path to any address, with the query
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                parts = urlsplit(self.path)
                if parts.path in site.redirects:
                    self.send_response(302)
                    self.send_header("Location", f"{site.redirects[parts.path]}?{parts.query}")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                body = site.pages.get(parts.path, ANY_PAGE).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.do_GET()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
