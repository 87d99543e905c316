"""A CAS server (protocol 3). Its login page believes every name; without a browser a test hands
its people their tickets."""

import html
import secrets
import threading
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from support.stand_in import StandIn

NAMESPACE = "http://www.yale.edu/tp/cas"


class CasServer(StandIn):
    """Each ticket is good once, for the service that it was made for."""

    def __init__(self):
        super().__init__()
        self._tickets: dict[str, tuple[str, str]] = {}  # service and user
        self.lies = False  # what it answers is not CAS
        self._awake = threading.Event()
        self._awake.set()
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/cas"

    def configured(self, passwords: bool = False, **more) -> dict:
        """`sign_in` with it as the only provider, who lets newcomers in. `more`: of its options."""
        provider = {
            "id": "cas",
            "kind": "cas",
            "name": "University",
            "url": self.url,
            "localpart": "{{ claims.user }}",
            "registration": True,
        }
        return {"passwords": passwords, "providers": [provider | more]}

    def freeze(self) -> None:
        """It takes connections, and answers nothing."""
        self._awake.clear()

    def thaw(self) -> None:
        self._awake.set()

    def sign_in(self, login: str, user: str) -> dict[str, str]:
        """What the browser brings back from that address of the login page."""
        assert login.startswith(f"{self.url}/login?"), login
        [service] = parse_qs(urlsplit(login).query)["service"]
        ticket = f"ST-{secrets.token_hex(16)}"
        self._tickets[ticket] = (service, user)
        return dict(parse_qsl(urlsplit(service).query)) | {"ticket": ticket}

    @staticmethod
    def notice(ticket: str) -> str:
        """The body with which it tells a service that a session is over."""
        request = (
            '<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"'
            ' ID="LR-1" Version="2.0" IssueInstant="2026-01-01T00:00:00Z">'
            f"<samlp:SessionIndex>{ticket}</samlp:SessionIndex></samlp:LogoutRequest>"
        )
        return urlencode({"logoutRequest": request})

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self._awake.wait(60)
        parts = urlsplit(request.path)
        if parts.path == "/cas/login":
            return self._log_in(request, dict(parse_qsl(parts.query))["service"])
        if parts.path == "/cas/logout":
            return self._see_other(request, dict(parse_qsl(parts.query))["service"])
        assert parts.path == "/cas/p3/serviceValidate", request.path
        query = dict(parse_qsl(parts.query))
        service, user = self._tickets.pop(query["ticket"], ("", ""))
        if service == query["service"]:
            said = f"<cas:authenticationSuccess><cas:user>{user}</cas:user>"
            said += "</cas:authenticationSuccess>"
        else:
            said = '<cas:authenticationFailure code="INVALID_TICKET">no</cas:authenticationFailure>'
        if self.lies:
            said = "</cas:nobody>"
        answer = f'<cas:serviceResponse xmlns:cas="{NAMESPACE}">{said}</cas:serviceResponse>'
        self._say(request, "application/xml", answer)

    def _log_in(self, request: BaseHTTPRequestHandler, service: str) -> None:
        """The page that asks for a name, and what its form leads to."""
        if request.command == "POST":
            sent = request.rfile.read(int(request.headers["Content-Length"])).decode()
            told = self.sign_in(
                f"{self.url}/login?{urlencode({'service': service})}", dict(parse_qsl(sent))["name"]
            )
            return self._see_other(request, f"{service.partition('?')[0]}?{urlencode(told)}")
        page = (
            "<!doctype html><title>CAS</title><h1>CAS</h1>"
            f'<form method="post" action="{html.escape(request.path)}">'
            '<label>Name <input name="name"></label><button>Log in</button></form>'
        )
        return self._say(request, "text/html", page)

    @staticmethod
    def _see_other(request: BaseHTTPRequestHandler, address: str) -> None:
        request.send_response(303)
        request.send_header("Location", address)
        request.end_headers()

    @staticmethod
    def _say(request: BaseHTTPRequestHandler, content_type: str, text: str) -> None:
        body = text.encode()
        request.send_response(200)
        request.send_header("Content-Type", content_type)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)
