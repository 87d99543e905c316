"""What the bench measures of identity providers: a sign-in by OpenID Connect."""

import html
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import harness
from measurements import PASSWORD, SECRET, Bench, Row, user_name

NODE = harness.ROOT / "tests/e2e/js/node_modules/.bin/node"
PEOPLE = 200  # in turn
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, its threads and those that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Browser:
    """On one connection, with the cookies that a test gives it."""

    def __init__(self, port: int):
        self._connection = HTTPConnection("127.0.0.1", port, timeout=30)
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, fields: dict | None = None) -> tuple[HTTPResponse, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        body = urlencode(fields) if fields is not None else None
        self._connection.request(method, path, body, headers | (FORM if body else {}))
        answer = self._connection.getresponse()
        text = answer.read().decode()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                cookie, _, kept = value.partition(";")[0].partition("=")
                self.cookies[cookie] = kept
        if answer.status not in (200, 303):
            raise RuntimeError(f"{method} {path}: {answer.status} {text}")
        return answer, text


class ByProvider:
    """Away to the provider and back."""

    def __init__(self, port: int):
        self._browser = Browser(port)

    def sign_in(self, number: int) -> None:
        browser = self._browser
        browser.cookies.pop("latchkey", None)
        away, _ = browser.ask("GET", "/account/providers/corp?next=/account/")
        query = parse_qs(urlsplit(away.getheader("Location")).query)
        told = {"code": query["nonce"][0], "state": query["state"][0]}
        browser.ask("GET", f"/account/providers/corp/callback?{urlencode(told)}")
        if "latchkey" not in browser.cookies:
            raise RuntimeError("nobody is signed in")


class ByPassword:
    """The page, and its form."""

    def __init__(self, port: int):
        self._browser = Browser(port)

    def sign_in(self, number: int) -> None:
        browser = self._browser
        browser.cookies.pop("latchkey", None)
        _, page = browser.ask("GET", "/account/sign-in")
        csrf = html.unescape(re.search('name="csrf" value="([^"]*)"', page)[1])
        browser.ask("POST", "/account/sign-in",
                    {"csrf": csrf, "user": user_name(number % PEOPLE), "password": PASSWORD})
        if "latchkey" not in browser.cookies:
            raise RuntimeError("nobody is signed in")


def measure(port: int, pid: int, way, count: int) -> float:
    """Microseconds of a sign-in."""
    way = way(port)
    for number in range(PEOPLE):
        way.sign_in(number)
    before = cpu_seconds(pid)
    for number in range(count):
        way.sign_in(number)
    return (cpu_seconds(pid) - before) / count * 1e6


@contextmanager
def provider() -> Iterator[int]:
    port = harness.free_port()
    script = harness.ROOT / "bench/provider.js"
    with harness.running([NODE, script, port, PEOPLE], port, harness.LOAD_CPU):
        yield port


def link_people(bench: Bench) -> None:
    """As if each had come before."""
    with closing(sqlite3.connect(bench.database)) as db, db:
        for number in range(PEOPLE):
            db.execute(
                "INSERT OR IGNORE INTO provider_links (provider, subject, user_id, created_at)"
                " SELECT 'corp', ?, id, 0 FROM users WHERE localpart = ?",
                (f"subject{number}", user_name(number)))


def provider_sign_in(bench: Bench) -> Iterator[Row]:
    """Beside the provider, whose work is not ours."""
    count = 2000 if bench.scale.rounds > 3 else 500
    ours, theirs = [], []
    with provider() as port:
        corp = {"id": "corp", "kind": "oidc", "name": "Corp", "issuer": f"http://127.0.0.1:{port}",
                "client_id": "latchkey", "client_secret": SECRET}
        link_people(bench)
        for _ in range(bench.scale.rounds):
            for way, runs in ((ByProvider, ours), (ByPassword, theirs)):
                with bench.server(sign_in={"providers": [corp]}) as server:
                    runs.append({"cpu_us": measure(server.port, server.pid, way, count)})
    yield Row("sign-in by OpenID Connect / by password", harness.median_ratio(ours, theirs, "cpu_us"),
              "x", at_most=2.5,
              details={"cpu_us": harness.median(ours, "cpu_us"),
                       "cpu_us_without": harness.median(theirs, "cpu_us")})


ALL = {"provider_sign_in": provider_sign_in}
