"""kill -9 at random moments, while twenty clients sign in, refresh, sign out and change things.

Every acknowledged change holds, every ended session stays ended, and no client loses its keys but
by its own person's wish. Random, but from a seed that is printed: LATCHKEY_CRASH_SEED repeats a
run's choices (the moments themselves are the machine's).
"""

import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from support.answers import assert_error, assert_good, assert_hard
from support.api import Api, Silence, new_name
from support.matrix_client import MatrixClient, State, Store, new_client
from support.polling import patiently
from support.secrets import password

CLIENTS = 20
# Short, so that clients also meet expired tokens and grown-old ones in a run of minutes.
SESSIONS = {"access_token_lifetime": "4s", "refresh_grace": "2s"}


@dataclass
class Facts:
    """What the server has acknowledged and must not take back."""

    ended: list[tuple[str, str]] = field(default_factory=list)  # access and refresh token
    accounts: list[tuple[str, str]] = field(default_factory=list)
    old_passwords: list[tuple[str, str]] = field(default_factory=list)
    deactivated: list[tuple[str, str]] = field(default_factory=list)
    refreshed: int = 0
    signed_in: int = 0
    softly_out: int = 0


class Person:
    """One client at work in a thread of its own."""

    def __init__(self, url: str, seed: str):
        self.random = random.Random(seed)
        self.api = Api(url, timeout=5)
        self.facts = Facts()
        self.fault: BaseException | None = None
        self.client: MatrixClient | None = None

    def work(self, until: threading.Event) -> None:
        try:
            self._begin()
            while not until.is_set():
                self._one_thing()
        except BaseException as fault:
            self.fault = fault

    def _begin(self) -> None:
        name, secret = new_name(), password()
        self._register(name, secret)
        self.client = MatrixClient(self.api, Store(name, secret), patience=300)
        self.client.sign_in()

    def _register(self, name: str, secret: str) -> None:
        while True:
            try:
                answer = self.api.register(name, secret, inhibit_login=True)
            except Silence:
                continue
            # Taken: by this very call, whose answer was lost.
            if answer.status_code == 200 or answer.json()["errcode"] == "M_USER_IN_USE":
                self.facts.accounts.append((name, secret))
                return
            assert answer.status_code == 503, answer.text

    def _one_thing(self) -> None:
        choice = self.random.random()
        if choice < 0.45:
            self._use()
        elif choice < 0.75:
            self._refresh()
        elif choice < 0.85:
            self._sign_out_and_in()
        elif choice < 0.90:
            self._sign_in_again()
        elif choice < 0.91:
            self._register(new_name(), password())
        elif choice < 0.925:
            self._change_password()
        elif choice < 0.933:
            self._delete_own_device()
        elif choice < 0.937:
            self._deactivate_another()
        else:
            self._check_an_end()

    def _still_in(self, state: State) -> None:
        assert self.client.store.wiped == [], "logged out by a fault"
        assert state is State.SIGNED_IN, f"softly logged out by a crash alone: {state}"

    def _use(self) -> None:
        self._still_in(self.client.use())

    def _refresh(self) -> None:
        self._still_in(self.client.refresh())
        self.facts.refreshed += 1
        if self.random.random() < 0.5:
            self._use()

    def _sign_out_and_in(self) -> None:
        ended = self.client.access, self.client.refresh_token
        self.client.sign_out()
        self.facts.ended.append(ended)
        self.client.sign_in()
        self.facts.signed_in += 1

    def _sign_in_again(self) -> None:
        device = self.client.store.device
        self.client.sign_in()
        assert self.client.store.device == device
        self.facts.softly_out += 1

    def _another_device(self) -> MatrixClient:
        store = Store(self.client.store.user, self.client.store.password)
        other = MatrixClient(self.api, store, patience=300)
        other.sign_in()
        return other

    def _change_password(self) -> None:
        """With what it does to another device: it is out, or stays and is deleted then."""
        other = self._another_device()
        old = self.client.store.user, self.client.store.password
        logout_devices = self.random.choice([None, True, False])
        assert self.client.change_password(password(), logout_devices), self.client.store.wiped
        new = self.client.store.user, self.client.store.password
        self.facts.accounts[self.facts.accounts.index(old)] = new
        self.facts.old_passwords.append(old)
        if logout_devices is False:
            assert other.use() is State.SIGNED_IN
            device = other.store.device
            delete = self.random.choice([self.client.delete_device, self._delete_in_a_list])
            assert delete(device), self.client.store.wiped
        self.facts.ended.append((other.access, other.refresh_token))
        self._still_in(self.client.use())

    def _delete_in_a_list(self, device: str) -> bool:
        return self.client.delete_devices([device])

    def _delete_own_device(self) -> None:
        ended = self.client.access, self.client.refresh_token
        device = self.client.store.device
        delete = self.random.choice([self.client.delete_device, self._delete_in_a_list])
        assert delete(device)
        self.facts.ended.append(ended)
        self.client.sign_in()
        assert self.client.store.device != device
        self.facts.signed_in += 1

    def _deactivate_another(self) -> None:
        """An account of its own for that."""
        name, secret = new_name(), password()
        self._register(name, secret)
        client = MatrixClient(self.api, Store(name, secret), patience=300)
        client.sign_in()
        ended = client.access, client.refresh_token
        assert client.deactivate(), client.store.wiped
        self.facts.accounts.remove((name, secret))
        self.facts.deactivated.append((name, secret))
        self.facts.ended.append(ended)

    def _check_an_end(self) -> None:
        if self.facts.ended:
            access, refresh = self.random.choice(self.facts.ended)
            try:
                assert_hard_or_away(self.api.whoami(access))
                assert_hard_or_away(self.api.refresh(refresh))
            except Silence:
                pass


def assert_hard_or_away(answer) -> None:
    if answer.status_code != 503:
        assert_hard(answer)


@pytest.fixture
def seed() -> str:
    chosen = os.environ.get("LATCHKEY_CRASH_SEED", str(random.randrange(10**9)))
    print(f"LATCHKEY_CRASH_SEED={chosen}")
    return chosen


@contextmanager
def people_at_work(server, seed: str, crashes: int, crash) -> Iterator[list[Person]]:
    """Twenty of them, while `crash` is called again and again; then they are handed over."""
    chance = random.Random(seed)
    done = threading.Event()
    people = [Person(server.url, f"{seed}-{i}") for i in range(CLIENTS)]
    threads = [threading.Thread(target=person.work, args=(done,)) for person in people]
    for thread in threads:
        thread.start()
    try:
        for _ in range(crashes):
            time.sleep(chance.uniform(0.02, 1.2))  # the random moment
            crash(chance)
            if any(person.fault for person in people):
                break
    finally:
        done.set()
        for thread in threads:
            thread.join(320)
    try:
        for person in people:
            if person.fault:
                raise person.fault
        yield people
    finally:
        for person in people:
            person.api.close()


def check_facts(server, people: list[Person]) -> None:
    """Everything acknowledged is there, long after."""
    for person in people:
        api = server.api
        for access, refresh in person.facts.ended:
            # 503 for a moment after a crash: one database connection after the other comes back.
            assert_hard(patiently(lambda token=access: api.whoami(token)))
            assert_hard(patiently(lambda token=refresh: api.refresh(token)))
        for name, secret in person.facts.accounts:
            assert_good(patiently(lambda who=(name, secret): api.login(*who)))
        for name, secret in person.facts.old_passwords:
            refused = patiently(lambda who=(name, secret): api.login(*who))
            assert_error(refused, 403, "M_FORBIDDEN")
        for name, secret in person.facts.deactivated:
            refused = patiently(lambda who=(name, secret): api.login(*who))
            assert_error(refused, 403, "M_USER_DEACTIVATED")
        client = person.client
        assert client.store.wiped == []
        assert client.use() is State.SIGNED_IN
        live = [
            session
            for session in server.sessions(client.store.user)
            if session["device_id"] == client.store.device and session["standing"] == "active"
        ]
        assert len(live) == 1


def report(people: list[Person]) -> str:
    total = {
        name: sum(
            len(value) if isinstance(value, list) else value
            for value in (getattr(person.facts, name) for person in people)
        )
        for name in vars(people[0].facts)
    }
    total["retries"] = sum(person.client.retries for person in people)
    return str(total)


def test_a_hundred_crashes(make_sqlite_server, seed):
    server = make_sqlite_server(sessions=SESSIONS)

    def crash(chance: random.Random) -> None:
        server.kill()
        server.start()

    with people_at_work(server, seed, 110, crash) as people:
        print(report(people))
        assert sum(person.facts.refreshed for person in people) > 200, "the clients hardly worked"
        assert sum(len(person.facts.ended) for person in people) > 20
        assert sum(len(person.facts.old_passwords) for person in people) > 10
        check_facts(server, people)
        server.restart()
        check_facts(server, people)
    server.stop()
    assert server.engine.query("PRAGMA integrity_check") == "ok"
    assert server.engine.query("PRAGMA foreign_key_check") == ""


def test_crashes_in_the_middle_of_a_start(make_sqlite_server, seed):
    """Migrations, the key file and the gap are written then."""
    chance = random.Random(seed)
    server = make_sqlite_server(start=False)
    for _ in range(15):
        server.spawn()
        time.sleep(chance.uniform(0, 0.15))  # the random moment
        server.kill()
    server.start()
    client, out = new_client(server.api), new_client(server.api)
    ended = out.access
    out.sign_out()
    for _ in range(15):
        server.kill()
        server.spawn()
        time.sleep(chance.uniform(0, 0.15))
    server.kill()
    server.start()
    assert client.use() is State.SIGNED_IN
    assert_hard(server.api.whoami(ended))


def test_crashes_on_postgresql(make_fragile_server, own_postgres, seed):
    """The server ten times, PostgreSQL itself five times."""
    server = make_fragile_server(sessions=SESSIONS)
    kills = ["server"] * 10 + ["postgres"] * 5

    def crash(chance: random.Random) -> None:
        victim = kills.pop(chance.randrange(len(kills)))
        if victim == "server":
            server.kill()
            server.start()
        else:
            own_postgres.kill()
            own_postgres.start()

    with people_at_work(server, seed, len(kills), crash) as people:
        print(report(people))
        assert sum(person.facts.refreshed for person in people) > 20
        check_facts(server, people)
