"""The endpoints as functions. Every answer is held against the specification (contract.py)."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import httpx

from support import contract
from support.secrets import INTROSPECTION_SECRET, password

_names = itertools.count()
PREFIX = "/_matrix/client/v3"


class Silence(Exception):
    """No answer: the connection was refused, lost, or took too long."""


@contextmanager
def silence_told(what: str) -> Iterator[None]:
    """A request that is not answered ends as a Silence."""
    try:
        yield
    except (httpx.NetworkError, httpx.TimeoutException, httpx.RemoteProtocolError) as error:
        raise Silence(f"{what}: {error!r}") from error


class Api:
    """One caller of a server. Thread-safe. Sends nothing twice by itself."""

    def __init__(self, url: str, timeout: float = 10.0, keep_alive: bool = True):
        limits = httpx.Limits(
            max_connections=None, max_keepalive_connections=None if keep_alive else 0
        )
        self._http = httpx.Client(base_url=url, timeout=timeout, limits=limits, trust_env=False)

    def close(self) -> None:
        self._http.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        headers: dict | None = None,
        **how,
    ) -> httpx.Response:
        """One request. `how` is what httpx takes: json, content, data, params, timeout."""
        headers = dict(headers or {})
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        with silence_told(f"{method} {path}"):
            answer = self._http.request(method, path, headers=headers, **how)
        self.check(answer)
        return answer

    def check(self, answer: httpx.Response) -> None:
        contract.check(answer)

    # -- the Client-Server API

    def register(
        self, name: str | None = None, secret: str | None = None, *, refresh: bool = True, **fields
    ) -> httpx.Response:
        """Registers through m.login.dummy, both steps of it."""
        body = {
            "username": name or new_name(),
            "password": secret or password(),
            "refresh_token": refresh,
            **fields,
        }
        challenge = self.request("POST", f"{PREFIX}/register", json=body)
        if challenge.status_code != 401:
            return challenge
        auth = {"type": "m.login.dummy", "session": challenge.json()["session"]}
        return self.request("POST", f"{PREFIX}/register", json=body | {"auth": auth})

    def login(
        self,
        name: str,
        secret: str,
        device: str | None = None,
        *,
        refresh: bool = True,
        token: str | None = None,
        **fields,
    ) -> httpx.Response:
        body = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": name},
            "password": secret,
            "refresh_token": refresh,
            **fields,
        }
        if device is not None:
            body["device_id"] = device
        return self.request("POST", f"{PREFIX}/login", json=body, token=token)

    def login_flows(self, token: str | None = None) -> httpx.Response:
        return self.request("GET", f"{PREFIX}/login", token=token)

    def refresh(self, refresh_token: str) -> httpx.Response:
        return self.request("POST", f"{PREFIX}/refresh", json={"refresh_token": refresh_token})

    # -- user-interactive authentication

    def confirmed(
        self,
        method: str,
        path: str,
        body: dict,
        auth: dict,
        token: str | None = None,
    ) -> httpx.Response:
        """A request with both steps of a one-stage authentication."""
        challenge = self.request(method, path, json=body, token=token)
        if challenge.status_code != 401 or "flows" not in challenge.json():
            return challenge
        auth = {"session": challenge.json()["session"], **auth}
        return self.request(method, path, json=body | {"auth": auth}, token=token)

    def change_password(
        self, token: str | None, name: str, secret: str, new: str, **fields
    ) -> httpx.Response:
        return self.confirmed(
            "POST",
            f"{PREFIX}/account/password",
            {"new_password": new, **fields},
            password_auth(name, secret),
            token,
        )

    def deactivate(self, token: str | None, name: str, secret: str, **fields) -> httpx.Response:
        return self.confirmed(
            "POST", f"{PREFIX}/account/deactivate", fields, password_auth(name, secret), token
        )

    def login_token(self, token: str | None, name: str, secret: str) -> httpx.Response:
        return self.confirmed(
            "POST",
            "/_matrix/client/v1/login/get_token",
            {},
            password_auth(name, secret),
            token,
        )

    # -- devices

    def devices(self, token: str | None) -> httpx.Response:
        return self.request("GET", f"{PREFIX}/devices", token=token)

    def device(self, token: str | None, device: str) -> httpx.Response:
        return self.request("GET", f"{PREFIX}/devices/{quote(device, safe='')}", token=token)

    def rename_device(self, token: str | None, device: str, name: str) -> httpx.Response:
        path = f"{PREFIX}/devices/{quote(device, safe='')}"
        return self.request("PUT", path, token=token, json={"display_name": name})

    def delete_device(
        self, token: str | None, device: str, name: str, secret: str
    ) -> httpx.Response:
        path = f"{PREFIX}/devices/{quote(device, safe='')}"
        return self.confirmed("DELETE", path, {}, password_auth(name, secret), token)

    def delete_devices(
        self, token: str | None, devices: list[str], name: str, secret: str
    ) -> httpx.Response:
        return self.confirmed(
            "POST",
            f"{PREFIX}/delete_devices",
            {"devices": devices},
            password_auth(name, secret),
            token,
        )

    # -- administration

    def moderate(self, token: str | None, measure: str, user_id: str, on: bool) -> httpx.Response:
        """`measure` is lock or suspend."""
        path = f"/_matrix/client/v1/admin/{measure}/{quote(user_id, safe='')}"
        return self.request("PUT", path, token=token, json={f"{measure.rstrip('e')}ed": on})

    def moderated(self, token: str | None, measure: str, user_id: str) -> httpx.Response:
        path = f"/_matrix/client/v1/admin/{measure}/{quote(user_id, safe='')}"
        return self.request("GET", path, token=token)

    # -- tokens

    def whoami(self, token: str | None) -> httpx.Response:
        return self.request("GET", f"{PREFIX}/account/whoami", token=token)

    def logout(self, token: str | None) -> httpx.Response:
        return self.request("POST", f"{PREFIX}/logout", token=token, json={})

    def logout_all(self, token: str | None) -> httpx.Response:
        return self.request("POST", f"{PREFIX}/logout/all", token=token, json={})

    # -- the homeserver's and the proxy's side

    def publish_keys(self, user: str, device: str, token: str, store: object = None) -> None:
        """The end-to-end keys of a new device. Nothing: no homeserver is there to have them."""

    def introspect(self, token: str, secret: str = INTROSPECTION_SECRET) -> httpx.Response:
        return self.request(
            "POST",
            "/oauth2/introspect",
            token=secret,
            data={"token": token, "token_type_hint": "access_token"},
        )

    def edge(self, token: str | None = None, **headers) -> httpx.Response:
        return self.request("GET", "/edge/check", token=token, headers=headers)


def password_auth(name: str, secret: str) -> dict:
    return {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": name},
        "password": secret,
    }


def new_name() -> str:
    """A user name no other test has on this server."""
    return f"user{next(_names)}"
