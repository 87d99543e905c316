"""POST /register stage by stage, for tests that look between them, and what is asked before it."""

import httpx

from support.api import new_name
from support.confirmation import Wanted
from support.secrets import password

TOKEN, TERMS, DUMMY = "m.login.registration_token", "m.login.terms", "m.login.dummy"
INVITED = {"registration": {"token_required": True}}


def invite(server, *options: str) -> dict:
    """{"id", "token"} of a new registration token."""
    return server.command("registration-token", "create", *options)


def registration(server, name: str | None = None, version: str = "v3", **fields) -> Wanted:
    body = {"username": name or new_name(), "password": password(), **fields}
    return Wanted(server.api, "POST", f"/_matrix/client/{version}/register", body)


def by_token(token: object, session: str | None = None) -> dict:
    auth = {"type": TOKEN, "token": token}
    return auth if session is None else auth | {"session": session}


def stage(kind: str, session: str) -> dict:
    return {"type": kind, "session": session}


def available(server, name: str, version: str = "v3") -> httpx.Response:
    path = f"/_matrix/client/{version}/register/available"
    return server.api.request("GET", path, params={"username": name})
