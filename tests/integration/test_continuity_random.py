"""Random histories of everything the other continuity tests do one by one.

A person with two tabs, a thief, an administrator, crashes, backups and a clock that jumps. Two
rules hold after every step: nobody is wiped whom no person signed out, and whom a person signed out
stays out (except what was ended after a backup that was put back, the documented exception). A
failure prints the history; its seed repeats it: LATCHKEY_SEED. LATCHKEY_HISTORIES asks for more
than the usual few.
"""

import os
import random

import pytest

from support.answers import assert_hard
from support.clock import DAY, HOUR
from support.matrix_client import MatrixClient, State, Store
from support.secrets import password
from support.token_format import token_bytes

STEPS = 60
WAITS = [0.5, 5, 20, 50, 70, 150, 310, HOUR, 2 * DAY, 40 * DAY]
JUMPS = [-400 * DAY, -HOUR, -30, 90, HOUR, 400 * DAY]
WEIGHTS = {
    "wait": 8, "go": 16, "refresh": 3, "lose_reply": 2, "lose_pair": 1, "reopen": 2,
    "send_twice": 1, "deliver": 1, "sign_out": 1, "sign_out_everywhere": 0.5, "soften": 0.7,
    "change_password": 1, "delete_own_device": 0.3, "delete_others": 0.5, "visit": 1,
    "lock": 0.5, "unlock": 1.5, "crash": 1, "restart": 0.7, "backup": 1, "restore": 0.5,
    "jump": 0.5, "rotate": 0.3, "steal": 1, "thief_refreshes": 1, "thief_uses": 1,
}  # fmt: skip


class World:
    """One person, their browser, and all that can happen to them."""

    def __init__(self, server, clock, seed: str):
        self.server, self.clock = server, clock
        self.random = random.Random(seed)
        self.history: list[str] = []
        self.locked = False
        self.copies: list = []
        self.duplicates: list[str] = []  # requests that the network has not delivered yet
        self.stolen: str | None = None
        # Every pair of tokens ever held, by session; and those whose session a person ended.
        self.held: dict[bytes, set[tuple[str, str]]] = {}
        self.device_of: dict[bytes, str] = {}
        self.over: list[tuple[str, str]] = []
        # Sessions without a row since a backup was put back: nobody can end them.
        self.lost: set[bytes] = set()
        name, secret = f"user{seed}", password()
        server.command("user", "create", name, "--password-stdin", stdin=secret)
        self.store = Store(name, secret)
        self.tabs = [MatrixClient(server.api, self.store) for _ in range(2)]
        self._go(self.tabs[0])
        self._reopen(self.tabs[1])

    def step(self) -> None:
        what = self.random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        tab = self.random.choice(self.tabs)
        self.history.append(f"{what} {self.tabs.index(tab)}")
        getattr(self, f"_{what}")(tab)
        self._remember()
        self._check()

    # -- the rules

    def _remember(self) -> None:
        for tab in self.tabs:
            if tab.access and self.store.device:
                session = token_bytes(tab.access)[1:9]
                self.device_of[session] = self.store.device
                if session not in self.lost:
                    self.held.setdefault(session, set()).add((tab.access, tab.refresh_token))

    def _check(self) -> None:
        assert self.store.wiped == [], "wiped, and nobody had signed out"
        for access, refresh in self.random.sample(self.over, min(2, len(self.over))):
            assert_hard(self.server.api.whoami(access))
            assert_hard(self.server.api.refresh(refresh))

    def _over(self, sessions) -> None:
        """A person ended these."""
        for session in list(sessions):
            self.over.extend(self.held.pop(session))

    def _ended(self, sessions) -> None:
        """These too, this client's among them: it may, and shall, wipe itself."""
        self._over(sessions)
        for tab in self.tabs:
            tab.forget()

    # -- what the person and their browser do

    def _go(self, tab) -> None:
        if tab.state is State.OUT:
            if self.store.keys:
                tab.reload()
            elif not self.locked:
                tab.sign_in()
        elif tab.state is State.SOFT or not tab.access:
            if not self.locked:
                tab.sign_in()
        else:
            tab.use()

    def _refresh(self, tab) -> None:
        if tab.refresh_token and tab.state is State.SIGNED_IN:
            tab.refresh()

    def _lose_reply(self, tab) -> None:
        if tab.refresh_token:
            self.server.api.refresh(tab.refresh_token)

    def _lose_pair(self, tab) -> None:
        """The client dies between the answer and the disk."""
        on_disk = self.store.access, self.store.refresh
        self._refresh(tab)
        self._remember()
        self.store.access, self.store.refresh = on_disk
        tab.reload()

    def _reopen(self, tab) -> None:
        tab.reload()

    def _send_twice(self, tab) -> None:
        if tab.refresh_token:
            self.duplicates.append(tab.refresh_token)

    def _deliver(self, _) -> None:
        if self.duplicates:
            self.server.api.refresh(self.duplicates.pop(0))

    def _sign_out(self, tab) -> None:
        if tab.access and self.server.api.logout(tab.access).status_code == 200:
            here = self.store.device
            self._ended([one for one in self.held if self.device_of[one] == here])

    def _sign_out_everywhere(self, tab) -> None:
        if tab.access and self.server.api.logout_all(tab.access).status_code == 200:
            self._ended(self.held)

    def _visit(self, _) -> None:
        """The person signs in on some other device, and goes away again."""
        answer = self.server.api.login(self.store.user, self.store.password)
        if answer.status_code == 200:
            body = answer.json()
            session = token_bytes(body["access_token"])[1:9]
            self.device_of[session] = body["device_id"]
            self.held[session] = {(body["access_token"], body["refresh_token"])}

    def _elsewhere(self) -> list[bytes]:
        return [one for one in self.held if self.device_of[one] != self.store.device]

    def _change_password(self, tab) -> None:
        if not tab.access:
            return
        new, logout = password(), self.random.choice([{}, {"logout_devices": False}])
        answer = self.server.api.change_password(
            tab.access, self.store.user, self.store.password, new, **logout
        )
        if answer.status_code == 200:
            self.store.password = new
            if not logout:
                self._over(self._elsewhere())

    def _delete_own_device(self, tab) -> None:
        if tab.access and self._delete(tab, [self.store.device]):
            here = self.store.device
            self._ended([one for one in self.held if self.device_of[one] == here])

    def _delete_others(self, tab) -> None:
        devices = sorted({self.device_of[one] for one in self._elsewhere()})
        if tab.access and devices and self._delete(tab, devices):
            self._over(self._elsewhere())

    def _delete(self, tab, devices: list[str]) -> bool:
        answer = self.server.api.delete_devices(
            tab.access, devices, self.store.user, self.store.password
        )
        return answer.status_code == 200

    # -- what the operator and the world do

    def _command(self, *command: str) -> None:
        self.server.command(*command)

    def _soften(self, _) -> None:
        self._command("user", "soft-logout", self.store.user)

    def _lock(self, _) -> None:
        self._command("user", "lock", self.store.user)
        self.locked = True

    def _unlock(self, _) -> None:
        if self.locked:
            self._command("user", "unlock", self.store.user)
            self.locked = False

    def _wait(self, _) -> None:
        self.clock.advance(self.random.choice(WAITS))

    def _jump(self, _) -> None:
        self.clock.advance(self.random.choice(JUMPS))

    def _crash(self, _) -> None:
        self.server.kill()
        self.server.start()

    def _restart(self, _) -> None:
        self.server.restart()

    def _rotate(self, _) -> None:
        self._command("keys", "rotate")

    def _backup(self, _) -> None:
        known = self.locked, list(self.over), set(self.device_of), self.store.password
        self.copies.append((self.server.save(), *known))

    def _restore(self, _) -> None:
        if self.copies:
            copy, self.locked, over, known, old_password = self.random.choice(self.copies)
            self.store.password = old_password
            self.server.put_back(copy)
            self.over = list(over)
            self.lost = set(self.device_of) - known
            self.held = {one: pairs for one, pairs in self.held.items() if one in known}

    # -- the thief

    def _steal(self, tab) -> None:
        self.stolen = tab.refresh_token

    def _thief_refreshes(self, _) -> None:
        if self.stolen:
            answer = self.server.api.refresh(self.stolen)
            if answer.status_code == 200:
                self.stolen = answer.json()["refresh_token"]

    def _thief_uses(self, _) -> None:
        if self.stolen:
            answer = self.server.api.refresh(self.stolen)
            if answer.status_code == 200:
                self.server.api.whoami(answer.json()["access_token"])


@pytest.fixture
def seeds() -> list[str]:
    base = os.environ.get("LATCHKEY_SEED")
    if base:
        return [base]
    return [
        str(random.randrange(10**9)) for _ in range(int(os.environ.get("LATCHKEY_HISTORIES", 4)))
    ]


def test_random_histories(make_server, clock, seeds):
    server = make_server(clock)
    for seed in seeds:
        clock.move_to(0)
        server.restart()
        world = World(server, clock, seed)
        try:
            for _ in range(STEPS):
                world.step()
        except AssertionError as broken:
            told = "\n".join(world.history)
            raise AssertionError(f"LATCHKEY_SEED={seed}\n{told}\n{broken}") from broken
        live = [
            session["device_id"]
            for session in server.sessions(world.store.user)
            if session["standing"] == "active"
        ]
        assert len(live) == len(set(live)), f"two live sessions of one device, seed {seed}"
