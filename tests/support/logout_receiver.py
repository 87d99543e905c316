"""An application that is told when a session is over (OpenID Connect Back-Channel Logout 1.0)."""

from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs

from support.polling import wait_until
from support.stand_in import StandIn


class LogoutReceiver(StandIn):
    """Keeps the tokens that it was sent."""

    def __init__(self):
        super().__init__()
        self.url = f"http://127.0.0.1:{self.port}/logout?app=1"
        self.status = 200
        self.headers: dict[str, str] = {}
        self.tokens: list[str] = []
        self.attempts = 0

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        length = int(request.headers["Content-Length"])
        form = parse_qs(request.rfile.read(length).decode(), strict_parsing=True)
        assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
        target = (request.command, request.path, list(form))
        assert target == ("POST", "/logout?app=1", ["logout_token"])
        self.attempts += 1
        if self.status == 200:
            self.tokens += form["logout_token"]
        request.send_response(self.status)
        for name, value in ({"Content-Length": "0"} | self.headers).items():
            request.send_header(name, value)
        request.end_headers()

    def wait_for(self, count: int) -> list[str]:
        wait_until(lambda: len(self.tokens) >= count, f"{count} logout tokens", 60)
        return self.tokens

    def wait_for_attempts(self, count: int) -> None:
        wait_until(lambda: self.attempts >= count, f"{count} attempts", 60)
