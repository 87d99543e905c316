"""A site of somebody else on this machine: an app that people are sent back to, or a trap."""

from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

from support.stand_in import StandIn

ANY_PAGE = "<!doctype html><title>Another site</title>"


class LocalSite(StandIn):
    """Redirects, shows `pages` by their path, and for every other path a page that says nothing."""

    def __init__(self):
        super().__init__()
        self.pages: dict[str, str] = {}
        self.redirects: dict[str, str] = {}  # from a path to any address, with the query
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        request.rfile.read(int(request.headers.get("Content-Length", 0)))
        parts = urlsplit(request.path)
        if parts.path in self.redirects:
            request.send_response(302)
            request.send_header("Location", f"{self.redirects[parts.path]}?{parts.query}")
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        body = self.pages.get(parts.path, ANY_PAGE).encode()
        request.send_response(200)
        request.send_header("Content-Type", "text/html; charset=utf-8")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)
