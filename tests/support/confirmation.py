"""User-interactive authentication step by step, for tests that look between the steps."""

from dataclasses import dataclass, replace

import httpx

from support.answers import assert_error
from support.api import PREFIX, Api, password_auth
from support.browser import Browser, Page
from support.matrix_client import MatrixClient

CHALLENGE_FIELDS = {"flows", "params", "completed", "session"}
GET_TOKEN = "/_matrix/client/v1/login/get_token"


@dataclass(frozen=True)
class Wanted:
    """A request that somebody has to confirm."""

    api: Api
    method: str
    path: str  # below PREFIX, or from the root
    body: dict
    token: str | None = None

    def ask(self, auth: object = None) -> httpx.Response:
        body = self.body if auth is None else self.body | {"auth": auth}
        path = self.path if self.path.startswith("/") else f"{PREFIX}/{self.path}"
        return self.api.request(self.method, path, json=body, token=self.token)

    def session(self) -> str:
        """Of a challenge of its own."""
        return assert_challenge(self.ask())["session"]

    def but(self, **changes) -> "Wanted":
        return replace(self, **changes)


def change_password(api: Api, token: str | None, new: str, **fields) -> Wanted:
    return Wanted(api, "POST", "account/password", {"new_password": new, **fields}, token)


def get_token(api: Api, token: str | None) -> Wanted:
    """The least of them: it may be done again and again."""
    return Wanted(api, "POST", GET_TOKEN, {}, token)


def wanted_by(client: MatrixClient, method: str, path: str, body: dict | None = None) -> Wanted:
    return Wanted(client.api, method, path, body or {}, client.access)


def assert_challenge(answer: httpx.Response, errcode: str | None = None) -> dict:
    """A challenge, and after a failed stage why it failed: it refuses no token."""
    assert answer.status_code == 401, f"{answer.status_code} {answer.text}"
    body = answer.json()
    errors = {"errcode", "error"} if errcode else set()
    assert set(body) == CHALLENGE_FIELDS | errors, body
    assert body.get("errcode") == errcode, body
    assert answer.headers["cache-control"] == "no-store"
    return body


def assert_begun_anew(answer: httpx.Response, old: str) -> dict:
    """The session was not good for this request: a new one takes its place."""
    body = assert_challenge(answer, "M_FORBIDDEN")
    assert body["session"] != old
    assert body["completed"] == []
    return body


def assert_forbidden(answer: httpx.Response) -> None:
    """Nothing to go on with: neither a session nor stages."""
    assert_error(answer, 403, "M_FORBIDDEN")
    assert not {"session", "flows"} & set(answer.json())


def fallback_path(stage: str, version: str = "v3") -> str:
    return f"/_matrix/client/{version}/auth/{stage}/fallback/web"


def open_page(url: str, stage: str, session: str) -> Page:
    return Browser(url).open(fallback_path(stage), session=session)


def confirm_in_browser(url: str, session: str, secret: str) -> None:
    """Passes the stage of the password on its page: the session has it completed then."""
    page = open_page(url, "m.login.password", session).submit(password=secret)
    assert page.status == 200, page.html


def own_password(name: str, secret: str, session: str | None = None) -> dict:
    auth = password_auth(name, secret)
    return auth if session is None else auth | {"session": session}


def auth_of(client: MatrixClient, session: str | None = None) -> dict:
    return own_password(client.store.user, client.store.password, session)
