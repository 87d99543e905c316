"""People who use a server while it is killed again and again, and what it must not take back."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from support.answers import assert_error, assert_good, assert_hard
from support.api import Api, Silence
from support.matrix_client import MatrixClient, State
from support.polling import patiently, wait_until
from support.server import Server

# Short, so that clients also meet expired tokens and grown-old ones in a run of minutes.
SESSIONS = {"access_token_lifetime": "4s", "refresh_grace": "2s"}
# How long, in seconds, somebody tries for an answer: no crash lasts that long.
PATIENCE = 300


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


class Worker:
    """Somebody with a client, at work in a thread of their own."""

    def __init__(self, url: str, seed: str):
        self.random = random.Random(seed)
        self.api = Api(url, timeout=5)
        self.facts = Facts()
        self.fault: BaseException | None = None
        self.client: MatrixClient | None = None
        self.things_done = 0

    def work(self, until: threading.Event) -> None:
        try:
            self._begin()
            self.things_done += 1
            while not until.is_set():
                self._one_thing()
                self.things_done += 1
        except BaseException as fault:
            self.fault = fault

    def close(self) -> None:
        self.api.close()

    # -- what each kind of worker has of its own

    def _begin(self) -> None:
        """An account, and the client signed in to it."""
        raise NotImplementedError

    def _one_thing(self) -> None:
        raise NotImplementedError

    def _refresh_ended(self, api: Api, token: str) -> httpx.Response:
        """Shows the refresh token of a session that has ended."""
        raise NotImplementedError

    def _assert_ended(self, answer: httpx.Response) -> None:
        """What a refresh is answered then."""
        raise NotImplementedError

    # -- what they share

    def _register(self, name: str, secret: str) -> None:
        def registered() -> bool:
            try:
                answer = self.api.register(name, secret, inhibit_login=True)
            except Silence:
                return False
            # Taken: by this very call, whose answer was lost.
            if answer.status_code == 200 or answer.json()["errcode"] == "M_USER_IN_USE":
                return True
            assert answer.status_code == 503, answer.text
            return False

        wait_until(registered, f"{name} is registered", PATIENCE)
        self.facts.accounts.append((name, secret))

    def _password_changed(self, name: str, old: str, new: str) -> None:
        self.facts.accounts[self.facts.accounts.index((name, old))] = (name, new)
        self.facts.old_passwords.append((name, old))

    def _still_in(self, state: State) -> None:
        assert self.client.store.wiped == [], f"logged out by a fault: {self.client.store.wiped}"
        assert state is State.SIGNED_IN, f"softly logged out by a crash alone: {state}"

    def _use(self) -> None:
        self._still_in(self.client.use())

    def _check_an_end(self) -> None:
        if not self.facts.ended:
            return
        access, refresh = self.random.choice(self.facts.ended)
        try:
            if (answer := self.api.whoami(access)).status_code != 503:
                assert_hard(answer)
            if (answer := self._refresh_ended(self.api, refresh)).status_code != 503:
                self._assert_ended(answer)
        except Silence:
            pass

    def check(self, server: Server) -> None:
        """Everything acknowledged is there, long after."""
        api = server.api
        for access, refresh in self.facts.ended:
            # 503 for a moment after a crash: one database connection after the other comes back.
            assert_hard(patiently(lambda token=access: api.whoami(token)))
            self._assert_ended(patiently(lambda token=refresh: self._refresh_ended(api, token)))
        for name, secret in self.facts.accounts:
            assert_good(patiently(lambda who=(name, secret): api.login(*who)))
        for name, secret in self.facts.old_passwords:
            refused = patiently(lambda who=(name, secret): api.login(*who))
            assert_error(refused, 403, "M_FORBIDDEN")
        for name, secret in self.facts.deactivated:
            refused = patiently(lambda who=(name, secret): api.login(*who))
            assert_error(refused, 403, "M_USER_DEACTIVATED")
        client = self.client
        assert client.store.wiped == []
        assert client.use() is State.SIGNED_IN
        live = [
            session
            for session in server.sessions(client.store.user)
            if session["device_id"] == client.store.device and session["standing"] == "active"
        ]
        assert len(live) == 1


def crash_of(victims: list, chance: random.Random) -> Callable[[], None]:
    """Kills one of them with each call, and starts it again: each once, in an order of chance."""
    left = list(victims)
    chance.shuffle(left)

    def crash() -> None:
        victim = left.pop()
        victim.kill()
        victim.start()

    return crash


@contextmanager
def people_at_work(
    people: list[Worker],
    chance: random.Random,
    crashes: int,
    crash: Callable[[], None],
    longest: float = 1.2,
) -> Iterator[None]:
    """All of them, while `crash` is called again and again; the body runs when they are done.

    On however slow a machine, there is a thing done by each of them for every crash, on average.
    """
    done = threading.Event()
    threads = [threading.Thread(target=person.work, args=(done,)) for person in people]
    for thread in threads:
        thread.start()
    try:
        for crashed in range(crashes):
            enough = (crashed + 1) * len(people)
            wait_until(
                lambda least=enough: _things_done(people) >= least or _fault_of(people),
                "the people get something done",
                PATIENCE,
            )
            time.sleep(chance.uniform(0.02, longest))  # the random moment
            crash()
            if _fault_of(people):
                break
    finally:
        done.set()
        for thread in threads:
            thread.join(PATIENCE + 20)
    try:
        if fault := _fault_of(people):
            raise fault
        print(_report(people))
        yield
    finally:
        for person in people:
            person.close()


def check_for_good(server: Server, people: list[Worker]) -> None:
    """Now, once more after a restart, and the SQLite file itself."""
    check_facts(server, people)
    server.restart()
    check_facts(server, people)
    server.stop()
    assert server.engine.query("PRAGMA integrity_check") == "ok"
    assert server.engine.query("PRAGMA foreign_key_check") == ""


def check_facts(server: Server, people: list[Worker]) -> None:
    for person in people:
        person.check(server)


def total(people: list[Worker], fact: str) -> int:
    values = (getattr(person.facts, fact) for person in people)
    return sum(len(value) if isinstance(value, list) else value for value in values)


def _things_done(people: list[Worker]) -> int:
    return sum(person.things_done for person in people)


def _fault_of(people: list[Worker]) -> BaseException | None:
    return next((person.fault for person in people if person.fault), None)


def _report(people: list[Worker]) -> str:
    told = {name: total(people, name) for name in vars(people[0].facts)}
    told["retries"] = sum(person.client.retries for person in people)
    return str(told)
