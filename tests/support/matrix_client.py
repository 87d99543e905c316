"""The one client model: it follows the specification to the letter.

Spec "Soft logout" and "Refreshing access tokens":
- a 401 without `soft_logout: true` means that the server has destroyed the session: the keys go;
- a soft one is met with the refresh token, and without one (or when that is refused softly) with a
  new sign-in to the same device;
- a refresh that fails with any 4xx without `soft_logout: true` means logged out: the keys go;
- `M_USER_LOCKED` keeps everything and waits.
A 401 with `flows` refuses no token: it asks the person to confirm with their password (spec
"User-Interactive Authentication API").
What passes (503, silence, and 429 outside of /refresh) is tried again with what the client holds.
"""

import enum
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from support.api import PREFIX, Api, Silence, new_name, password_auth
from support.polling import patiently
from support.secrets import password

_key_numbers = itertools.count(1)


class State(enum.Enum):
    SIGNED_IN = "signed in"
    SOFT = "softly logged out"  # waits for the person to sign in again; has its keys
    LOCKED = "locked"  # waits for the lock to go; has its keys
    OUT = "logged out"  # has wiped its keys


@dataclass
class Store:
    """What a client keeps on disk. Tabs of one browser share it."""

    user: str
    password: str
    device: str | None = None
    access: str | None = None
    refresh: str | None = None
    # The end-to-end keys of the device: what is lost for ever by a hard logout.
    keys: int | None = None
    wiped: list[str] = field(default_factory=list)  # why, each time that they were


class GaveUp(Exception):
    """The client tried for as long as it was told to and got nothing but passing trouble."""


class MatrixClient:
    """One tab. It reads the store when it opens and goes by its own memory from then on."""

    def __init__(self, api: Api, store: Store, *, refreshes: bool = True, patience: float = 30.0):
        self.api = api
        self.store = store
        self.refreshes = refreshes
        self.patience = patience
        self.access: str | None = None
        self.refresh_token: str | None = None
        self.state = State.OUT
        self.softs = 0  # how often it had to ask the person to sign in again
        self.retries = 0  # answers that passed: 503, 429, silence
        # What happens while the person types the password that confirms something.
        self.while_typing: Callable[[], object] = lambda: None
        self.reload()

    def reload(self) -> None:
        """The tab opens (again) from what is on disk."""
        self.access, self.refresh_token = self.store.access, self.store.refresh
        if self.access:
            self.state = State.SIGNED_IN
        else:
            self.state = State.SOFT if self.store.keys else State.OUT

    # -- what a person does

    def sign_in(self) -> None:
        """Signs in, to the device it has keys for, else as a new device with new keys."""

        def attempt() -> httpx.Response:
            return self.api.login(
                self.store.user, self.store.password, self.store.device, refresh=self.refreshes
            )

        answer = self._persist(attempt)
        assert answer.status_code == 200, f"sign-in refused: {answer.status_code} {answer.text}"
        self._arrive(answer.json()["device_id"], answer.json())

    def sign_out(self) -> None:
        """Signs out on purpose: afterwards the keys are gone, as the person wanted."""
        answer = self._persist(lambda: self.api.logout(self.access))
        # 401: a lost reply's first try had done it, or somebody else ended the session.
        assert answer.status_code in (200, 401), answer.text
        self.forget()

    def change_password(self, new: str, logout_devices: bool | None = None) -> bool:
        """False: it did not come to it, as this client is no longer signed in."""
        body = {"new_password": new}
        if logout_devices is not None:
            body["logout_devices"] = logout_devices
        # The new one too: a lost reply's first try may have changed it already.
        done = self._confirmed("POST", "/account/password", body, new)
        if done:
            self.store.password = new
        return done

    def delete_device(self, device: str) -> bool:
        own = device == self.store.device
        done = self._confirmed("DELETE", f"/devices/{device}", {})
        return self._done_to_itself(done) if own else done

    def delete_devices(self, devices: list[str]) -> bool:
        own = self.store.device in devices
        done = self._confirmed("POST", "/delete_devices", {"devices": devices})
        return self._done_to_itself(done) if own else done

    def deactivate(self, erase: bool = False) -> bool:
        return self._done_to_itself(
            self._confirmed("POST", "/account/deactivate", {"erase": erase})
        )

    def _done_to_itself(self, done: bool) -> bool:
        """The person wanted that: keys that go are no loss, after a lost reply neither."""
        if not done and self.state is State.OUT:
            self.store.wiped.pop()
            done = True
        if done:
            self.forget()
        return done

    def _confirmed(self, method: str, path: str, body: dict, *other_passwords: str) -> bool:
        passwords = [self.store.password, *other_passwords]
        auth: dict = {}
        for _ in range(20):
            sent = body | ({"auth": auth} if auth else {})
            answer = self._persist(
                lambda sent=sent: self.api.request(
                    method, f"{PREFIX}{path}", token=self.access, json=sent
                )
            )
            if answer.status_code == 200:
                return True
            assert answer.status_code == 401, answer.text
            told = answer.json()
            if "flows" in told:
                if told["session"] == auth.get("session"):  # that was the wrong one
                    assert len(passwords) > 1, "the right password was refused"
                    passwords.pop(0)
                self.while_typing()
                auth = password_auth(self.store.user, passwords[0]) | {"session": told["session"]}
                continue
            self._refused(answer, f"{method} {path}")
            if self.state is State.SOFT and self.refresh_token:
                self.refresh()
            if self.state is not State.SIGNED_IN:
                return False
        raise GaveUp("asked for the password again and again")

    def forget(self) -> None:
        self.access = self.refresh_token = None
        self.state = State.OUT
        store = self.store
        store.access = store.refresh = store.device = store.keys = None

    # -- what the client does by itself

    def use(self) -> State:
        """Does something that needs the access token; returns the state it is in afterwards."""
        assert self.access, "not signed in"
        answer = self._persist(lambda: self.api.whoami(self.access))
        if answer.status_code == 200:
            assert answer.json()["device_id"] == self.store.device
            self.state = State.SIGNED_IN
            return self.state
        assert answer.status_code == 401, answer.text
        self._refused(answer, "use")
        if self.state is State.SOFT and self.refresh_token:
            self.refresh()
            if self.state is State.SIGNED_IN:
                return self.use()
        return self.state

    def refresh(self) -> State:
        """One refresh, as often as it takes to get an answer."""
        answer = self._persist(lambda: self.api.refresh(self.refresh_token), on_refresh=True)
        if answer.status_code == 200:
            self._take(answer.json())
        else:
            self._refused(answer, "refresh")
        return self.state

    def go_on(self) -> State:
        """Uses the session; where that ends in a soft logout, the person signs in again."""
        if self.access and self.use() is not State.SOFT:
            return self.state
        assert self.store.keys, "a person who has to begin anew is not going on"
        self.softs += 1
        self.sign_in()
        return self.use()

    # -- the rules

    def _arrive(self, device: str, tokens: dict) -> None:
        """A sign-in has ended well."""
        new = not self.store.device
        if new:
            self.store.device = device
            self.store.keys = next(_key_numbers)
        assert device == self.store.device, "signed in to another device"
        self._take(tokens)
        if new:
            self.api.publish_keys(self.store.user, device, self.access, self.store)

    def _take(self, body: dict) -> None:
        self.access = body["access_token"]
        # Spec: without a new one the old refresh token goes on being used.
        self.refresh_token = body.get("refresh_token", self.refresh_token)
        self.store.access, self.store.refresh = self.access, self.refresh_token
        self.state = State.SIGNED_IN

    def _refused(self, answer: httpx.Response, doing: str) -> None:
        body = answer.json()
        if body.get("soft_logout") is not True:
            self.store.wiped.append(f"{doing}: {answer.status_code} {body}")
            self.forget()
        elif body["errcode"] == "M_USER_LOCKED":
            self.state = State.LOCKED
        else:
            self.state = State.SOFT

    def _persist(
        self, attempt: Callable[[], httpx.Response], on_refresh: bool = False
    ) -> httpx.Response:
        """Asks until there is an answer that means something."""
        deadline = time.monotonic() + self.patience
        pause = 0.01
        while True:
            try:
                answer = attempt()
                passes = answer.status_code == 503 or (answer.status_code == 429 and not on_refresh)
                if not passes:
                    return answer
                trouble = f"{answer.status_code} {answer.text}"
            except Silence as silence:
                trouble = str(silence)
            self.retries += 1
            if time.monotonic() > deadline:
                raise GaveUp(trouble)
            time.sleep(pause)  # not the Retry-After of seconds: tests have no time for it
            pause = min(2 * pause, 0.2)


def new_client(api: Api, **how) -> MatrixClient:
    """A client of a new user, registered and signed in."""
    name, secret = new_name(), password()
    answer = patiently(lambda: api.register(name, secret, inhibit_login=True))
    assert answer.status_code == 200, answer.text
    client = MatrixClient(api, Store(name, secret), **how)
    client.sign_in()
    return client


def new_tab(client: MatrixClient) -> MatrixClient:
    """A second tab of the same browser: the same store, a memory of its own."""
    return MatrixClient(
        client.api, client.store, refreshes=client.refreshes, patience=client.patience
    )


def assert_kept(*clients: MatrixClient) -> None:
    """They have their keys, and go on (signing in again where they were asked to)."""
    for client in clients:
        assert client.store.wiped == []
        assert client.go_on() is State.SIGNED_IN
        assert client.store.wiped == []


def assert_never_noticed(*clients: MatrixClient) -> None:
    """The same, and no person had to do anything."""
    assert_kept(*clients)
    assert [client.softs for client in clients] == [0] * len(clients)
