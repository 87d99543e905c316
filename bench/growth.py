"""What the cost of an operation grows with: the same operation with 10, 1,000 and 100,000 rows behind it.

On SQLite, where nothing but the rows differs from run to run; the queries are the same on PostgreSQL.
"""

import os
import sqlite3
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from harness import LATCHKEY, Load
from measurements import BEARER, PASSWORD, QUICK, Bench, Row, get, login_load, names_of_users, post, user_name
from oauth_flows import TAKE_ACCESS_TOKEN, legacy_refresh_load, sign_browser_in
from writes import Subject

SIZES = [int(size) for size in os.environ.get("GROWTH_SIZES", "10 1000 100000").split()]
USER = 1_000_000  # the id of the user who does it
MOST_OF_A_USER = 100_000  # more than anybody has
MOST_LISTED = 10_000  # where one answer reads all of them
NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {})"


def add_devices(db: sqlite3.Connection, count: int, *, over: bool, own: bool) -> None:
    """Devices with a session each: all of the one user, or as many of each other one."""
    now = 1_700_000_000_000
    owner = USER if own else f"{USER + 1} + (n - 1) * 19999 / {count}"
    numbers = NUMBERS.format(count)
    db.execute(f"{numbers} INSERT INTO devices (id, user_id, device_id, deleted_at)"
               f" SELECT n, {owner}, 'BEHIND' || n, {f'{now} + n' if over else 'NULL'} FROM numbers")
    db.execute(f"{numbers} INSERT INTO sessions (id, user_id, device, device_id, refreshes, nonce,"
               " created_at, seen, seen_at, issued, previous_issued_at, seen_issued_at, issued_at,"
               " last_active_at, ended, end_reason, ended_at)"
               f" SELECT n + {1 << 40}, {owner}, n, 'BEHIND' || n, 1, 'AAAAAAAAAAAAAAAAAAAAAA', {now},"
               f" 0, {now}, 0, {now}, {now}, {now}, {now},"
               f" {f'2, 1, {now}' if over else '0, NULL, NULL'} FROM numbers")


def own_devices(db: sqlite3.Connection, count: int) -> None:
    add_devices(db, count, over=False, own=True)


def own_devices_over(db: sqlite3.Connection, count: int) -> None:
    add_devices(db, count, over=True, own=True)


def sessions_of_others(db: sqlite3.Connection, count: int) -> None:
    add_devices(db, count, over=False, own=False)


def other_users(db: sqlite3.Connection, count: int) -> None:
    db.execute(f"{NUMBERS.format(count)} INSERT INTO users (id, localpart, admin, created_at)"
               " SELECT 10000000 + n, 'another' || printf('%016d', n), 0, 0 FROM numbers")


def access_token(subject: Subject) -> Path:
    """One of the user's, as the only word."""
    file = subject.folder / "access_token"
    with subject.serving() as serving:
        one_user(subject, [TAKE_ACCESS_TOKEN]).run(serving.port, requests=1, connections=1,
                                                   save_taken=file)
    return file


def one_user(subject: Subject, take: list[str]) -> Load:
    """Sign-ins of the one user to new devices."""
    load = login_load(subject.folder, take=take)
    load.words_limit = 1
    return load


def signing_in(subject: Subject) -> Load:
    return one_user(subject, [])


def signing_in_and_out(subject: Subject) -> Load:
    out = "POST /_matrix/client/v3/logout HTTP/1.1\r\nHost: 127.0.0.1:8008\r\n" \
          "Authorization: Bearer {taken}\r\nContent-Length: 2\r\n\r\n{}"
    login = one_user(subject, []).request_files[0]
    load = Load([Path(login).read_bytes(), out.replace("{}", "[]").encode()],
                names_of_users(subject.folder), 1, take=[TAKE_ACCESS_TOKEN])
    return load


def refreshing(subject: Subject) -> Load:
    return legacy_refresh_load(subject.refresh_tokens())


def with_token(path: str) -> Callable[[Subject], Load]:
    return lambda subject: Load(get(path, BEARER, "User-Agent: Element/1.12"),
                                access_token(subject))


def account_page(subject: Subject) -> Load:
    with subject.serving() as serving:
        cookie = sign_browser_in(serving.port, user_name(0))
    return Load(get("/account/devices", f"Cookie: latchkey={cookie}"))


def registering(subject: Subject) -> Load:
    body = f'{{"username": "new{{number}}", "password": "{PASSWORD}", "auth": ' \
           '{"type": "m.login.dummy"}}'
    names = subject.folder / "new_names"
    names.write_text("".join(f"new{number:010}\n" for number in range(100_000)))
    body = body.replace("new{number}", "{}")
    return Load(post("/_matrix/client/v3/register", body, len(body) - 2 + 13,
                     "Content-Type: application/json"), names)


@dataclass
class Curve:
    name: str
    behind: str
    add: Callable[[sqlite3.Connection, int], None]
    load: Callable[[Subject], Load]
    most: int = 10_000_000  # rows behind it
    listed: bool = False  # each of them is read
    steps: int = 1
    uses_up: bool = False  # each of its words once


CURVES = [
    Curve("refresh", "sessions", sessions_of_others, refreshing),
    Curve("sign-in to a new device", "sessions", sessions_of_others, signing_in),
    Curve("sign-in to a new device", "devices of the user", own_devices, signing_in,
          MOST_OF_A_USER),
    Curve("sign-in and sign-out", "devices of the user that are over", own_devices_over,
          signing_in_and_out, MOST_OF_A_USER, steps=2),
    Curve("registration", "users", other_users, registering, uses_up=True),
    Curve("GET /devices", "devices of the user", own_devices,
          with_token("/_matrix/client/v3/devices"), MOST_LISTED, listed=True),
    Curve("account page, devices", "devices of the user", own_devices, account_page, MOST_LISTED,
          listed=True),
]


def cost(curve: Curve, size: int, requests: int) -> float:
    with tempfile.TemporaryDirectory(prefix="latchkey-bench-") as folder:
        subject = Subject("grown", LATCHKEY, Path(folder), None)
        with closing(sqlite3.connect(subject.folder / "latchkey.db")) as db:
            # Millions of rows are there in a minute so; the server makes it what it was.
            db.execute("PRAGMA journal_mode = DELETE")  # else it stays with its log
            db.execute("PRAGMA journal_mode = OFF")
            db.execute("PRAGMA synchronous = OFF")
            db.execute("PRAGMA cache_size = -1000000")  # KiB
            curve.add(db, size)
            db.commit()
        subject.options = {"registration": {"open": True}}
        load = curve.load(subject)
        # What lists thousands takes long: fewer of it say as much.
        if curve.listed and size > 50:
            requests = max(20, requests // (size // 50))
        return subject.measure(load, requests, warm_up=not curve.uses_up)["cpu_us"] * curve.steps


def growth(bench: Bench) -> Iterator[Row]:
    """A row for each operation: the cost with the most behind it, over that with the least."""
    requests = 500 if bench.scale is QUICK else 2_000
    rounds = 1 if bench.scale is QUICK else bench.scale.rounds
    for curve in CURVES:
        sizes = sorted({min(size, curve.most) for size in SIZES})
        costs = [statistics.median(cost(curve, size, requests) for _ in range(rounds))
                 for size in sizes]
        yield Row(f"{curve.name}, {sizes[-1]:,} {curve.behind} / {sizes[0]:,}", costs[-1] / costs[0],
                  "x", at_most=None if curve.listed else 1.3,
                  details={"sizes": sizes, "growth_cpu_us": costs})


ALL = {"growth": growth}
