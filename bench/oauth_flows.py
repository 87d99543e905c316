"""What the bench measures of OAuth 2.0: refreshing, and signing in by the code flow."""

import base64
import hashlib
import html
import json
import re
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import harness
from harness import Load
from measurements import (
    PASSWORD,
    Bench,
    Row,
    alone,
    fsync_rate,
    login_load,
    post,
    refused_none,
    user_name,
)

REDIRECT_URI = "https://app.example/callback"
VERIFIER = "a-verifier-of-the-bench-that-is-long-enough-for-rfc-7636"
SESSIONS = 2_000  # that refresh in turn
BROWSERS = 4_000  # that are signed in: few flows each, as people do it
FORM = "Content-Type: application/x-www-form-urlencoded"
# Lengths of what stands for {taken} or a word.
REFRESH_TOKEN = len("lkr_") + 43
CODE = len("lkc_") + 32
CSRF = 43 + 1 + 13  # an HMAC, a dot, and whose it is

TAKE_ACCESS_TOKEN = '"access_token":"{}"'
TAKE_REFRESH_TOKEN = '"refresh_token":"{}"'


def ask(port: int, method: str, path: str, body: str | None = None, **headers: str):
    """One request by hand: the answer and its body."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


def register_client(port: int) -> str:
    """Its client_id; the same in each run."""
    metadata = {"client_name": "The Bench", "client_uri": "https://app.example/",
                "redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "none",
                "grant_types": ["authorization_code", "refresh_token"]}
    answer, text = ask(port, "POST", "/oauth2/registration", json.dumps(metadata),
                       **{"Content-Type": "application/json"})
    if answer.status != 201:
        raise RuntimeError(f"registration: {answer.status} {text}")
    return json.loads(text)["client_id"]


def sign_browser_in(port: int, user: str) -> str:
    """The value of its cookie."""
    form, page = ask(port, "GET", "/account/sign-in")
    csrf = html.unescape(re.search('name="csrf" value="([^"]*)"', page)[1])
    answer, text = ask(
        port, "POST", "/account/sign-in",
        urlencode({"csrf": csrf, "user": user, "password": PASSWORD}),
        **{"Content-Type": "application/x-www-form-urlencoded",
           "Cookie": form.getheader("Set-Cookie").partition(";")[0]})
    if answer.status != 303:
        raise RuntimeError(f"signing in: {answer.status} {text}")
    for name, value in answer.getheaders():
        if name.lower() == "set-cookie" and value.startswith("latchkey="):
            return value.removeprefix("latchkey=").partition(";")[0]
    raise RuntimeError("signing in gave no cookie")


class Flow:
    """The code flow without a browser: the consent page, the consent, the code for tokens. Each
    pass is of another browser that is signed in, and begins a session on a new device."""

    def __init__(self, bench: Bench):
        self.folder = bench.folder
        self.cookies = bench.folder / "cookies"
        with bench.server() as server:
            self.client = register_client(server.port)
            self.cookies.write_text("".join(
                sign_browser_in(server.port, user_name(number)) + "\n"
                for number in range(BROWSERS)))

    def load(self) -> Load:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest())
        query = urlencode({
            "response_type": "code", "client_id": self.client, "redirect_uri": REDIRECT_URI,
            "scope": "urn:matrix:client:api:* urn:matrix:client:device:BENCH{number}",
            "state": "bench", "code_challenge": challenge.decode().rstrip("="),
            "code_challenge_method": "S256"}, safe="{}")
        path = f"/oauth2/authorize?{query}"
        cookie = "Cookie: latchkey={}; latchkey-form=bench"
        agent = "User-Agent: Mozilla/5.0 (X11; Linux x86_64)"
        page = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:8008\r\n{cookie}\r\n{agent}\r\n\r\n"
        consent = "csrf={taken}&decision=allow"
        exchange = "code={taken}&" + urlencode({
            "grant_type": "authorization_code", "client_id": self.client,
            "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER})
        return Load([page.encode(),
                     post(path, consent, len(consent) - len("{taken}") + CSRF, cookie, agent, FORM),
                     post("/oauth2/token", exchange, len(exchange) - len("{taken}") + CODE,
                          "User-Agent: Element/1.12", FORM)],
                    self.cookies,
                    take=['name="csrf" value="{}"', "?code={}&", TAKE_REFRESH_TOKEN])

    def refresh_load(self, tokens: Path) -> Load:
        body = f"grant_type=refresh_token&client_id={self.client}&refresh_token={{}}"
        return Load(post("/oauth2/token", body, len(body) - 2 + REFRESH_TOKEN,
                         "User-Agent: Element/1.12", FORM),
                    tokens, take=[TAKE_REFRESH_TOKEN], replace_words=True)


def legacy_refresh_load(tokens: Path) -> Load:
    body = '{"refresh_token":"{}"}'
    return Load(post("/_matrix/client/v3/refresh", body, len(body) - 2 + REFRESH_TOKEN,
                     "User-Agent: Element/1.12", "Content-Type: application/json"),
                tokens, take=[TAKE_REFRESH_TOKEN], replace_words=True)


def compare(bench: Bench, what: str, ours: Load, legacy: Load) -> dict:
    """Served, the legacy API's counterpart, and the same statements in-process: interleaved."""
    seconds = bench.scale.seconds
    served, beside, in_process = [], [], []
    for _ in range(bench.scale.rounds):
        with bench.server(harness.ALL_CPUS) as server:
            served.append(ours.run(server.port, server.pid, seconds=seconds, warm_up=100))
            beside.append(legacy.run(server.port, server.pid, seconds=seconds, warm_up=100))
        in_process.append(alone(bench, what))
    refused_none(served + beside)
    return {
        "cpu_ratio": harness.median_ratio(served, beside, "cpu_us"),
        "rate_ratio": harness.median_ratio(served, in_process, "rate"),
        "cpu_us": harness.median(served, "cpu_us"),
        "legacy_cpu_us": harness.median(beside, "cpu_us"),
        "rate": harness.median(served, "rate"), "legacy_rate": harness.median(beside, "rate"),
        "p99_us": harness.median(served, "p99_us"),
        "legacy_p99_us": harness.median(beside, "p99_us"),
        "group_commit_rate": harness.median(in_process, "rate"),
        "group_commit_size": harness.median(in_process, "per_commit"),
        "fsync_rate": fsync_rate(bench.folder, seconds / 4),
    }


def durable_rows(name: str, found: dict, at_least: float) -> Iterator[Row]:
    yield Row(f"{name} / group commit alone", found["rate_ratio"], "x", at_least=at_least,
              details={key: found[key] for key in ("rate", "group_commit_rate")})
    yield Row(f"{name} / the disk's fsyncs", found["rate"] / found["fsync_rate"], "x")


def refreshes(bench: Bench) -> Iterator[Row]:
    """Each with the token that the one before handed out, as clients do it."""
    flow = Flow(bench)
    tokens, legacy_tokens = bench.folder / "refresh_tokens", bench.folder / "legacy_refresh_tokens"
    with bench.server(harness.ALL_CPUS) as server:
        flow.load().run(server.port, requests=SESSIONS, save_taken=tokens)
        login_load(bench.folder, take=[TAKE_REFRESH_TOKEN]).run(
            server.port, requests=SESSIONS, save_taken=legacy_tokens)
    found = compare(bench, "refreshes", flow.refresh_load(tokens),
                    legacy_refresh_load(legacy_tokens))
    yield Row("token endpoint, refresh / legacy refresh", found["cpu_ratio"], "x", at_most=1.3,
              details=found)
    yield from durable_rows("refreshes", found, at_least=0.5)


def code_flows(bench: Bench) -> Iterator[Row]:
    """Signing in by the code flow, without a browser and its person's time."""
    found = compare(bench, "codes", Flow(bench).load(), login_load(bench.folder))
    yield Row("code flow / legacy login", found["cpu_ratio"], "x", details=found)
    yield from durable_rows("code flows", found, at_least=0.3)


# Both add sessions: after what needs those of the seed only.
ALL = {"refreshes": refreshes, "codes": code_flows}
