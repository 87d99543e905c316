"""What the bench measures. Each function yields rows; see bench/README.md for what they mean."""

import json
import os
import socket
import sqlite3
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import harness
from harness import LATCHKEY, PROGRAMS, ROUNDS, Load

SECRET = "bench-introspection-secret"
PASSWORD = "a bench of horses"
USERS = 20_000
CHEAP = {"hash_memory": "64KiB", "hash_passes": 1, "hash_queue": 1000}
CHEAP_BYTES = 64 * 1024
ACTIVE = 10_000  # tokens in use at the same time, where all of them are remembered


@dataclass
class Row:
    name: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None
    details: dict = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        if self.at_most is None and self.at_least is None:
            return "-"
        good = self.value <= self.at_most if self.at_most is not None else \
            self.value >= self.at_least
        return "pass" if good else "MISS"

    def as_json(self) -> dict:
        return asdict(self) | {"verdict": self.verdict}


@dataclass
class Scale:
    """How much is measured: the full bench, or the quick one."""

    sessions: int
    requests: int
    rounds: int
    seconds: float


FULL = Scale(sessions=1_000_000, requests=300_000, rounds=ROUNDS, seconds=4)
QUICK = Scale(sessions=100_000, requests=60_000, rounds=3, seconds=1)


class Bench:
    """The seeded database and the servers over it."""

    def __init__(self, folder: Path, scale: Scale):
        self.folder = folder
        self.scale = scale
        self.tokens = folder / "tokens"
        self.database = folder / "latchkey.db"
        self.seeded: dict = {}
        self.against: Path | None = None  # the program of another commit

    def seed(self) -> None:
        """Live sessions, a few for each user, and users whose password is cheap to check."""
        out = subprocess.run(
            [PROGRAMS / "seed", "--directory", self.folder, "--sessions",
             str(self.scale.sessions), "--users", str(USERS), "--password", PASSWORD,
             "--hash-memory", str(CHEAP_BYTES), "--hash-passes", "1"],
            check=True, capture_output=True, text=True)
        self.seeded = json.loads(out.stdout)

    def without_activity(self) -> None:
        """As if every session had just been used: no use of it is written down for a while."""
        with closing(sqlite3.connect(self.database)) as db, db:
            db.execute("UPDATE sessions SET last_active_at = last_active_at + 86400000")

    @contextmanager
    def server(self, cpus: set[int] = harness.SERVER_CPU, more_listen: list[str] | None = None,
               **options) -> Iterator["Served"]:
        port = harness.free_port()
        config = {
            "server_name": "example.com", "public_url": f"http://127.0.0.1:{port}/",
            "listen": [f"127.0.0.1:{port}", *(more_listen or [])],
            "database": f"sqlite://{self.database}",
            "keys_file": str(self.folder / "latchkey.keys"),
            "http": {"threads": 1}, "rate_limits": {"enabled": False},
            "introspection": {"secret": SECRET}, "log": {"level": "warning"},
            "passwords": CHEAP, "sessions": {"maximum_per_user": 1_000_000},
        } | options
        file = self.folder / "latchkey.yaml"
        file.write_text(json.dumps(config))  # JSON is YAML
        with harness.running([LATCHKEY, "serve", "--config", file], port,
                             cpus) as process:
            yield Served(port, process.pid)


@dataclass
class Served:
    port: int
    pid: int

    def memory(self, what: str = "VmRSS") -> int:
        """Resident bytes. RssAnon: without those of files, which the system may drop."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(f"{what}:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError(f"no {what}")


def get(path: str, *headers: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1:8008", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def post(path: str, body: str, length: int, *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1:8008", f"Content-Length: {length}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


BEARER = "Authorization: Bearer {}"
TOKEN_LENGTH = len("lka_") + 43


def token_requests() -> dict[str, bytes]:
    """The token path's three surfaces, as their callers ask them."""
    form = "token={}&token_type_hint=access_token"
    return {
        "edge check": get("/edge/check", BEARER, "X-Original-URI: /_matrix/client/v3/sync?since=s1",
                          "X-Forwarded-For: 203.0.113.7", "User-Agent: Element/1.12"),
        "introspection": post("/oauth2/introspect", form, len(form) - 2 + TOKEN_LENGTH,
                              f"Authorization: Bearer {SECRET}", "Accept: application/json",
                              "X-MAS-Supports-Device-Id: 1",
                              "Content-Type: application/x-www-form-urlencoded"),
        "whoami": get("/_matrix/client/v3/account/whoami", BEARER, "User-Agent: Element/1.12"),
    }


def user_name(number: int) -> str:
    """As seed makes them."""
    return f"user{number:016}"


def names_of_users(folder: Path, users: int = USERS) -> Path:
    """A file of the first so many, a line each."""
    names = folder / f"names{users}"
    if not names.exists():
        names.write_text("".join(user_name(number) + "\n" for number in range(users)))
    return names


def login_load(folder: Path, take: list[str] | None = None, users: int = USERS) -> Load:
    """Password logins as new devices, of the first so many users in turn."""
    names = names_of_users(folder, users)
    body = json.dumps({"type": "m.login.password", "password": PASSWORD, "refresh_token": True,
                       "initial_device_display_name": "device 0000000000001",
                       "identifier": {"type": "m.id.user", "user": "{}"}})
    return Load(post("/_matrix/client/v3/login", body, len(body) - 2 + 20,
                     "User-Agent: Element/1.1" + "-" * 69, "Content-Type: application/json"), names,
                take=take)


def http_server(bench: Bench) -> Iterator[Row]:
    """The server alone: a constant."""
    port = harness.free_port()
    with harness.running([PROGRAMS / "http_constant", "--port", port], port) as server:
        found = harness.against_bare(Load(get("/constant", BEARER), bench.tokens, 1000), port,
                                     server.pid, requests=bench.scale.requests, warm_up=20_000,
                                     rounds=bench.scale.rounds)
    yield Row("HTTP server, a constant / bare epoll", found["ratio"], "x", details=found)


def hits(bench: Bench) -> Iterator[Row]:
    """Tokens that are remembered, among all the live sessions."""
    with bench.server() as server:
        for name, request in token_requests().items():
            found = harness.against_bare(
                Load(request, bench.tokens, ACTIVE), server.port, server.pid,
                requests=bench.scale.requests, warm_up=2 * ACTIVE, rounds=bench.scale.rounds)
            yield Row(f"{name}, remembered / bare epoll", found["ratio"], "x", at_most=1.3,
                      details=found)


def hits_of_all(bench: Bench) -> Iterator[Row]:
    """Every session's token remembered: what that costs in time, and in memory for each."""
    sessions = bench.scale.sessions
    with bench.server(sessions={"cache_entries": 2 * sessions}) as server:
        before = server.memory("RssAnon")
        load = Load(token_requests()["edge check"], bench.tokens, shuffle=True)
        found = harness.against_bare(load, server.port, server.pid, requests=bench.scale.requests,
                                     warm_up=sessions, rounds=bench.scale.rounds)
        each = (server.memory("RssAnon") - before) / sessions
    yield Row("edge check, all remembered / bare epoll", found["ratio"], "x", details=found)
    yield Row("memory of a remembered session", each, "bytes", at_most=350)


def misses(bench: Bench) -> Iterator[Row]:
    """Tokens that are not remembered: one row by its key, in the order of chance."""
    with bench.server(sessions={"cache_entries": 1000}) as server:
        for name in ("edge check", "introspection"):
            load = Load(token_requests()[name], bench.tokens, shuffle=True)
            found = harness.against_bare(
                load, server.port, server.pid, requests=bench.scale.requests,
                warm_up=bench.scale.requests, rounds=bench.scale.rounds)
            yield Row(f"{name}, from SQLite / bare epoll", found["ratio"], "x", at_most=2.2,
                      details=found)


def storm(bench: Bench) -> Iterator[Row]:
    """The token path while everybody signs in with passwords of the usual cost."""
    calm, stormy, logins = [], [], []
    tokens = Load(token_requests()["edge check"], bench.tokens, ACTIVE)
    seconds = bench.scale.seconds
    with bench.server(passwords={}) as server:
        tokens.run(server.port, requests=2 * ACTIVE)
        # Once for each user: from the second time on their hashes are of the usual cost.
        login = login_load(bench.folder)
        for _ in range(bench.scale.rounds):
            calm.append(tokens.run(server.port, server.pid, seconds=seconds, warm_up=1000))
            storming = login.start(server.port, connections=32, seconds=seconds + 1)
            time.sleep(0.5)
            stormy.append(tokens.run(server.port, server.pid, seconds=seconds, warm_up=1000))
            logins.append(harness.finish(storming))
    details = {"p99_us": harness.median(calm, "p99_us"),
               "p99_us_in_the_storm": harness.median(stormy, "p99_us"),
               "rate": harness.median(calm, "rate"),
               "rate_in_the_storm": harness.median(stormy, "rate"),
               "logins_rate": harness.median(logins, "rate")}
    yield Row("token p99 in a login storm / without",
              harness.median_ratio(stormy, calm, "p99_us"), "x", at_most=3, details=details)


def logins(bench: Bench) -> Iterator[Row]:
    """Durable logins with cheap hashes, against the same statements without HTTP and hashes.
    Both may use every CPU: a commit waits for the disk meanwhile, and the cheapest argon2id takes
    as long as the statements."""
    served, in_process = [], []
    login = login_load(bench.folder)
    seconds = bench.scale.seconds
    for _ in range(bench.scale.rounds):
        with bench.server(harness.ALL_CPUS) as server:
            served.append(login.run(server.port, server.pid, seconds=seconds, warm_up=100))
        in_process.append(alone(bench, "logins"))
    refused_none(served)
    ratio = harness.median_ratio(served, in_process, "rate")
    details = {"rate": harness.median(served, "rate"), "cpu_us": harness.median(served, "cpu_us"),
               "p99_us": harness.median(served, "p99_us"),
               "group_commit_rate": harness.median(in_process, "rate"),
               "logins_per_commit": harness.median(in_process, "per_commit"),
               "fsync_rate": fsync_rate(bench.folder, seconds / 4)}
    yield Row("durable logins / group commit alone", ratio, "x", at_least=0.7, details=details)
    yield Row("durable logins / the disk's fsyncs", details["rate"] / details["fsync_rate"], "x")


# A homeserver that has done at once whatever it is told.
DONE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


def provisioning(bench: Bench) -> Iterator[Row]:
    """What a sign-in costs Latchkey more when a homeserver has to know of the device first."""
    answer = bench.folder / "done"
    answer.write_bytes(DONE)
    port = harness.free_port()
    behind = {"homeserver": {"kind": "synapse", "secret": SECRET,
                             "endpoint": f"http://127.0.0.1:{port}/"}}
    login = login_load(bench.folder)
    with harness.running([PROGRAMS / "bare_epoll", "--port", port, "--answer", answer], port,
                         harness.LOAD_CPU):
        for name, passwords, requests, mark in (("cheap", CHEAP, 2000, None),
                                                ("of the usual cost", {}, 100, 1.2)):
            told, alone_ = [], []
            for _ in range(bench.scale.rounds):
                for options, runs in ((behind, told), ({}, alone_)):
                    with bench.server(passwords=passwords, **options) as server:
                        runs.append(login.run(server.port, server.pid, requests=requests,
                                              warm_up=requests // 5))
            refused_none(told + alone_)
            details = {"cpu_us": harness.median(told, "cpu_us"),
                       "cpu_us_without": harness.median(alone_, "cpu_us"),
                       "p50_us": harness.median(told, "p50_us"),
                       "p50_us_without": harness.median(alone_, "p50_us")}
            yield Row(f"sign-in with provisioning / without, passwords {name}",
                      harness.median_ratio(told, alone_, "cpu_us"), "x", at_most=mark,
                      details=details)


def alone(bench: Bench, what: str) -> dict:
    """The same statements by 64 callers in one process: see group_commit.cc."""
    out = harness.spawn(harness.ALL_CPUS,
                        [PROGRAMS / "group_commit", "--directory", bench.folder, "--of", what,
                         "--users", USERS, "--seconds", bench.scale.seconds],
                        stdout=subprocess.PIPE).communicate()[0]
    found = json.loads(out)
    return found | {"per_commit": found["done"] / max(1, found["commits"])}


def refused_none(runs: list[dict]) -> None:
    refused = sum(run["not_ok"] for run in runs)
    if refused:
        raise RuntimeError(f"{refused} requests were refused")


def fsync_rate(folder: Path, seconds: float) -> float:
    """How often this disk makes 4 KiB durable, one after another."""
    file = os.open(folder / "fsync", os.O_CREAT | os.O_WRONLY)
    count, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        os.pwrite(file, b"x" * 4096, 4096 * (count % 256))
        os.fdatasync(file)
        count += 1
    os.close(file)
    return count / seconds


def footprint(bench: Bench) -> Iterator[Row]:
    """Disk, memory and the time to the first answer."""
    yield Row("disk of a session with its device", bench.seeded["bytes_per_session"], "bytes",
              at_most=300)
    starts = []
    for _ in range(bench.scale.rounds):
        begin = time.monotonic()
        with bench.server() as server:
            harness.until(lambda: first_line(server.port).startswith(b"HTTP/1.1 200"), "200",
                          pause=0.001)
            starts.append((time.monotonic() - begin) * 1000)
    yield Row("first answer after the start", statistics.median(starts), "ms", at_most=300)
    with tempfile.TemporaryDirectory(prefix="latchkey-bench-") as folder, \
            Bench(Path(folder), bench.scale).server(
                http={"limits": {"max_connections_per_address": 100_000}}) as server:
        harness.until(lambda: first_line(server.port).startswith(b"HTTP/1.1 200"), "200")
        time.sleep(1)  # what a start leaves behind is freed or it stays
        idle = server.memory()
        yield Row("memory when idle", idle / (1 << 20), "MiB", at_most=40)
        count = 2000
        connections = [connect_idle(server.port) for _ in range(count)]
        yield Row("memory of an idle connection", (server.memory() - idle) / count, "bytes")
        for connection in connections:
            connection.close()
    yield from memory_after_hashes(bench)


def memory_after_hashes(bench: Bench) -> Iterator[Row]:
    """What passwords of the usual cost leave behind."""
    login = login_load(bench.folder)
    with bench.server(passwords={}, http={}) as server:
        login.run(server.port, requests=1)
        idle = server.memory("RssAnon")
        login.run(server.port, requests=20, connections=4)
        time.sleep(1 if bench.scale is QUICK else 60)
        yield Row("memory after 20 passwords / before", server.memory("RssAnon") / idle, "x",
                  at_most=1.3, details={"idle_bytes": idle})


def connect_idle(port: int) -> socket.socket:
    """A kept connection that has been answered once."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(get("/health"))
    connection.recv(4096)
    return connection


def first_line(port: int) -> bytes:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(get("/health"))
            return connection.recv(4096)
    except OSError:
        return b""


def same_device(bench: Bench) -> Iterator[Row]:
    """A program that signs in to its device at each start: the last batch over the first."""
    ratios = []
    for _ in range(bench.scale.rounds):
        with tempfile.TemporaryDirectory(prefix="latchkey-bench-") as folder:
            out = subprocess.run([PROGRAMS / "same_device", "--directory", folder],
                                 check=True, capture_output=True, text=True)
        found = json.loads(out.stdout)
        ratios.append(found["cpu_us"][-1] / found["cpu_us"][0])
    yield Row("the 8000th sign-in to a device over the first ones", statistics.median(ratios), "x",
              at_most=1.3, details={"curve_cpu_us": found["cpu_us"]})
    yield Row("disk of each such sign-in", found["bytes_each"], "bytes", at_most=1)


# In this order: logins add sessions, and what comes before needs those of the seed only.
ALL = {"http": http_server, "hits": hits, "misses": misses, "all": hits_of_all,
       "footprint": footprint, "same_device": same_device, "storm": storm,
       "provisioning": provisioning, "logins": logins}
