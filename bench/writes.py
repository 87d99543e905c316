"""What a write costs: a refresh, a sign-in to a new device, on both engines, beside another commit.

The CPU time is that of Latchkey and of every process of PostgreSQL together, per request.
"""

import ctypes
import json
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import harness
from harness import LATCHKEY, Load
from measurements import CHEAP, CHEAP_BYTES, PASSWORD, QUICK, Bench, Row, login_load, user_name
from oauth_flows import TAKE_REFRESH_TOKEN, legacy_refresh_load

sys.path.insert(0, str(harness.ROOT / "tests"))
from support.postgres import Postgres  # noqa: E402

CONNECTIONS = 8
USERS = 20_000
SESSIONS = 2_000  # that refresh in turn
# A sign-in is measured of users without devices, and of some who have so many (who, how many).
DEVICES = {"hundreds": (20, 600), "thousands": (4, 3_000)}
TICKS = os.sysconf("SC_CLK_TCK")
# As an operator runs it: what is acknowledged is on the disk.
DURABLE = {"fsync": "on", "synchronous_commit": "on", "shared_buffers": "256MB"}


def cpu_seconds(pid: int) -> float:
    """User and system time of a process with its threads, and of children that it has waited for."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except FileNotFoundError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS


def family(pid: int) -> list[int]:
    return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


def cheap_hash() -> str:
    """A PHC string of the bench's password."""
    argon2 = ctypes.CDLL("libargon2.so.1")
    encoded = ctypes.create_string_buffer(200)
    size = ctypes.c_size_t
    code = argon2.argon2id_hash_encoded(1, CHEAP_BYTES // 1024, 1, PASSWORD.encode(),
                                        size(len(PASSWORD)), b"salt of a bench!", size(16),
                                        size(32), encoded, size(len(encoded)))
    if code != 0:
        raise RuntimeError(f"libargon2: {code}")
    return encoded.value.decode()


def hash_us(times: int = 2_000) -> float:
    """What the hash of a sign-in costs, which is the same whatever is written."""
    began = time.process_time()
    for _ in range(times):
        cheap_hash()
    return (time.process_time() - began) / times * 1e6


@dataclass
class Serving:
    port: int
    pids: list[int]

    def cpu(self) -> float:
        return sum(map(cpu_seconds, self.pids))


class Subject:
    """One binary with a database of its own."""

    def __init__(self, name: str, binary: Path, folder: Path, postgres: Postgres | None):
        self.binary = binary
        self.folder = folder / name
        self.folder.mkdir()
        self.postgres = postgres
        self.options: dict = {}  # of the configuration
        self.given_devices: set[str] = set()  # of DEVICES
        self.database = name.replace("-", "_")
        if postgres:
            postgres.sql("postgres", f"CREATE DATABASE {self.database}")
        with self.serving():
            pass  # makes the schema
        self._add_users()

    def _add_users(self) -> None:
        hashed = cheap_hash()
        if self.postgres:
            self.postgres.sql(
                self.database,
                "INSERT INTO users (id, localpart, password_hash, admin, created_at) SELECT"
                f" 1000000 + n, 'user' || lpad(n::text, 16, '0'), '{hashed}', 0, 0"
                f" FROM generate_series(0, {USERS - 1}) n")
            self.postgres.sql(self.database, "VACUUM ANALYZE")
            return
        with closing(sqlite3.connect(self.folder / "latchkey.db")) as db, db:
            db.executemany(
                "INSERT INTO users (id, localpart, password_hash, admin, created_at)"
                " VALUES (?, ?, ?, 0, 0)",
                ((1_000_000 + n, user_name(n), hashed) for n in range(USERS)))

    @contextmanager
    def serving(self, cpus: set[int] = harness.ALL_CPUS, **options) -> Iterator[Serving]:
        port = harness.free_port()
        url = (self.postgres.url(self.database) if self.postgres
               else f"sqlite://{self.folder}/latchkey.db")
        config = {
            "server_name": "example.com", "public_url": f"http://127.0.0.1:{port}/",
            "listen": [f"127.0.0.1:{port}"], "database": url,
            "keys_file": str(self.folder / "latchkey.keys"), "http": {"threads": 1},
            "rate_limits": {"enabled": False}, "log": {"level": "warning"}, "passwords": CHEAP,
            "sessions": {"maximum_per_user": 1_000_000},
        } | self.options | options
        file = self.folder / "latchkey.yaml"
        file.write_text(json.dumps(config))
        with harness.running([self.binary, "serve", "--config", file], port, cpus) as process:
            pids = [process.pid] + (family(self.postgres.pid) if self.postgres else [])
            yield Serving(port, pids)

    def measure(self, load: Load, requests: int, warm_up: bool = True) -> dict:
        """One run. A load that uses each of its words up has no warm-up."""
        with self.serving() as serving:
            if warm_up:
                load.run(serving.port, requests=requests // 5, connections=CONNECTIONS)
            before = serving.cpu()
            latchkey_before = cpu_seconds(serving.pids[0])
            run = load.run(serving.port, requests=requests, connections=CONNECTIONS)
            if run["not_ok"]:
                raise RuntimeError(f"{run['not_ok']} requests were refused")
            return {"cpu_us": (serving.cpu() - before) / requests * 1e6,
                    "latchkey_us": (cpu_seconds(serving.pids[0]) - latchkey_before)
                    / requests * 1e6,
                    "rate": run["rate"], "p50_us": run["p50_us"], "p99_us": run["p99_us"]}

    def with_devices(self, wanted: str) -> Load:
        """Sign-ins of users who have so many devices, and get them at the first call."""
        users, each = DEVICES[wanted]
        load = login_load(self.folder, users=users)
        if wanted not in self.given_devices:
            self.given_devices.add(wanted)
            with self.serving() as serving:
                load.run(serving.port, requests=users * each, connections=CONNECTIONS)
            if self.postgres:
                self.postgres.sql(self.database, "ANALYZE")
        return load

    def refresh_tokens(self) -> Path:
        file = self.folder / "refresh_tokens"
        if not file.exists():
            with self.serving() as serving:
                login_load(self.folder, take=[TAKE_REFRESH_TOKEN]).run(
                    serving.port, requests=SESSIONS, connections=CONNECTIONS, save_taken=file)
        return file


def median(runs: list[dict], key: str) -> float:
    return statistics.median(run[key] for run in runs)


def rows_of(what: str, ours: list[dict], theirs: list[dict], apart: float,
            marks: dict) -> Iterator[Row]:
    """`apart`: microseconds that are no part of it. Beside another commit the ratio of pairs."""
    cost = median(ours, "cpu_us") - apart
    details = {"write_cpu_us": cost, "latchkey_us": median(ours, "latchkey_us") - apart,
               "rate": median(ours, "rate"), "p99_us": median(ours, "p99_us")}
    if not theirs:
        yield Row(what, cost, "us", details=details)
        return
    details |= {"their_cpu_us": median(theirs, "cpu_us") - apart,
                "their_latchkey_us": median(theirs, "latchkey_us") - apart,
                "their_rate": median(theirs, "rate"), "their_p99_us": median(theirs, "p99_us")}
    pairs = list(zip(ours, theirs, strict=True))
    yield Row(f"{what} / there", statistics.median(
        (a["cpu_us"] - apart) / (b["cpu_us"] - apart) for a, b in pairs), "x",
        at_most=marks.get("cpu"), details=details)
    yield Row(f"{what}, rate / there", statistics.median(a["rate"] / b["rate"] for a, b in pairs),
              "x", at_least=marks.get("rate"))


MARKS = {"PostgreSQL": {"refresh": {"cpu": 0.35, "rate": 3}, "sign-in": {"cpu": 0.4}},
         "SQLite": {"refresh": {"cpu": 0.7}, "sign-in": {"cpu": 0.5}}}
SIGN_IN = "sign-in to a new device"
WORK = {"refresh": "refresh", "few": SIGN_IN, "hundreds": f"{SIGN_IN} beside hundreds",
        "thousands": f"{SIGN_IN} beside thousands"}


def load_of(what: str, subject: Subject) -> Load:
    if what == "refresh":
        return legacy_refresh_load(subject.refresh_tokens())
    return login_load(subject.folder) if what == "few" else subject.with_devices(what)


def writes(bench: Bench) -> Iterator[Row]:
    """Both kinds of writes, on both engines; interleaved with those of another commit."""
    requests = 2_000 if bench.scale is QUICK else 5_000
    apart = hash_us()
    binaries = {"ours": LATCHKEY} | ({"there": bench.against} if bench.against else {})
    with tempfile.TemporaryDirectory(prefix="latchkey-bench-") as folder:
        for engine in ("PostgreSQL", "SQLite"):
            postgres = Postgres(settings=DURABLE) if engine == "PostgreSQL" else None
            try:
                subjects = {name: Subject(f"{name}-{engine.lower()}", binary, Path(folder), postgres)
                            for name, binary in binaries.items()}
                for what, shown in WORK.items():
                    runs = {name: [] for name in ("ours", "there")}
                    for _ in range(bench.scale.rounds):
                        for name, subject in subjects.items():
                            runs[name].append(subject.measure(load_of(what, subject), requests))
                    # Sign-ins had grown with the devices of a user, and their marks are of some.
                    marks = MARKS[engine].get("sign-in" if what in DEVICES else what, {})
                    yield from rows_of(f"{engine}, {shown}", runs["ours"], runs["there"],
                                       0.0 if what == "refresh" else apart, marks)
            finally:
                if postgres:
                    postgres.destroy()


ALL = {"writes": writes}
