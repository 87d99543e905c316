"""Requests that Schemathesis makes up from the OpenAPI files, some with what the server knows.

What is made up alone is refused early: there is no such session, user or password. So a part of the
examples has values replaced by a `Known`, which names a value of the running server. It is looked
up only when the request is sent: what Hypothesis draws must not depend on the server.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import schemathesis
from hypothesis import strategies as st
from requests import PreparedRequest, Request
from schemathesis import GenerationMode

from support.contract import FOLDER

# 404 or 405 by decision: nothing is sent by mail or text message, and the operator adds addresses.
_NOT_SERVED = re.compile(r"\w+ .*requestToken|\w+ .*/3pid/|post /account/3pid")


@dataclass(frozen=True)
class Known:
    name: str  # a method of schema/population.py


# What a field or a parameter may be replaced by; what leads furthest is the first.
_KNOWN = {
    "deviceId": ["own_device", "other_device", "deleted_device"],
    "userId": ["other_user_id", "own_user_id", "administrator_user_id", "service_user_id"],
    "username": ["new_name", "new_service_name", "own_name"],
    "identifier": ["own_identifier", "own_email", "own_phone", "service_identifier"],
    "user": ["own_name", "service_name"],
    "password": ["own_password", "new_password"],
    "new_password": ["new_password", "own_password"],
    "device_id": ["own_device", "other_device", "new_device", "deleted_device"],
    "devices": ["own_devices", "other_devices"],
}
_KNOWN_AT = {
    "/login": {
        "type": ["by_password", "by_token", "by_service"],
        "token": ["login_token", "own_token"],
    },
    "/register": {"type": ["by_service"]},
    "/refresh": {"refresh_token": ["own_refresh_token", "own_token"]},
    "/register/m.login.registration_token/validity": {
        "token": ["registration_token", "login_token"]
    },
}

# How the client answers a challenge of user-interactive authentication.
_AUTHS = ["complete", "complete", "wrong", "sessionless", "stolen", "unfinished", "made up"]


@dataclass
class Draft:
    """A request before it is sent. Its headers hold no token that anybody has."""

    method: str
    path: str  # with its parameters in braces
    parameters: dict[str, Any]
    query: str | dict[str, Known]
    headers: dict[str, bytes]
    body: Any  # bytes, or what JSON can hold with `Known` in it; None: there is none
    auth: str  # one of _AUTHS

    def url(self, value_of: Callable[[Known], Any], more: dict[str, str]) -> str:
        """With `more` added to the query."""

        def text(value: Any) -> str:
            return str(value_of(value) if isinstance(value, Known) else value)

        path = self.path
        for name, value in self.parameters.items():
            path = path.replace(f"{{{name}}}", quote(text(value), safe=""))
        query = self.query
        if isinstance(query, dict):
            query = urlencode({name: text(value) for name, value in query.items()})
        query = "&".join(part for part in (query, urlencode(more)) if part)
        return f"{path}?{query}" if query else path

    def content(self, value_of: Callable[[Known], Any]) -> Any:
        if not isinstance(self.body, dict):
            return self.body
        return {
            name: value_of(value) if isinstance(value, Known) else value
            for name, value in self.body.items()
        }


class Operation:
    """One operation of the files."""

    def __init__(self, base: str, operation: Any):
        self._operation = operation
        self._base = base
        self._path = operation.path
        self.label = operation.label
        raw = operation.definition.raw
        content = raw.get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        self._fields = list(schema.get("properties", {}))
        self._query = [one["name"] for one in raw.get("parameters", []) if one["in"] == "query"]
        self.takes_token = "security" in raw
        self.for_administrators = "/admin/" in self._path
        # Whether it asks for user-interactive authentication.
        self.confirmed = "auth" in self._fields

    def drafts(self) -> st.SearchStrategy[Draft]:
        """Valid ones and invalid ones, as they are or with known values."""
        cases = [self._operation.as_strategy(generation_mode=mode) for mode in GenerationMode]
        return st.builds(
            self._draft,
            st.one_of(cases),
            share=st.sampled_from(["all", "some", "none"]),
            picks=st.lists(st.integers(0, 11), min_size=6, max_size=6),
            auth=st.sampled_from(_AUTHS) if self.confirmed else st.just("made up"),
        )

    def _draft(self, case: Any, share: str, picks: list[int], auth: str) -> Draft:
        prepared = _prepared(case)
        known = partial(self._known, share, cycle(picks))
        body = _parsed(prepared.body)
        if self._fields and (share == "all" or isinstance(body, dict)):
            body = body if isinstance(body, dict) else {}
            body |= known(self._fields)
        parameters = dict(case.path_parameters or {})
        return Draft(
            method=case.method,
            path=self._base + self._path,
            parameters=parameters | known(list(parameters)),
            query=known(self._query) or urlsplit(prepared.url).query,
            headers=_headers(prepared),
            body=body,
            auth=auth if isinstance(body, dict) else "made up",
        )

    def _known(self, share: str, picks: Iterator[int], names: list[str]) -> dict[str, Known]:
        """What takes the place of values of these names: of all, of every second, or of none."""
        chosen = {}
        for name in names:
            values = _KNOWN_AT.get(self._path, {}).get(name) or _KNOWN.get(name)
            pick = next(picks)
            if values and (share == "all" or (share == "some" and pick % 2)):
                chosen[name] = Known(values[pick // 2 % len(values)])
        return chosen


def _prepared(case: Any) -> PreparedRequest:
    transport = case.as_transport_kwargs("http://localhost")
    wanted = ("method", "url", "params", "headers", "cookies", "json", "data", "files")
    return Request(**{name: transport[name] for name in wanted if name in transport}).prepare()


def _parsed(body: Any) -> Any:
    """An object as an object, so that its fields can be replaced; the rest as bytes."""
    content = body.encode() if isinstance(body, str) else body
    try:
        parsed = json.loads(content or b"")
    except ValueError:
        return content or None
    return parsed if isinstance(parsed, dict) else content


def _headers(prepared: PreparedRequest) -> dict[str, bytes]:
    sent_anyway = ("content-length", "x-schemathesis-testcaseid")
    return {
        # Without spaces around it, which HTTP does not allow to be sent.
        name: (value if isinstance(value, bytes) else value.encode("latin-1")).strip()
        for name, value in prepared.headers.items()
        if name.lower() not in sent_anyway
    }


def operations() -> Iterator[Operation]:
    """Those that Latchkey serves."""
    for file in sorted(FOLDER.glob("*.yaml")):
        schema = schemathesis.openapi.from_path(file)
        base = schema.raw_schema["servers"][0]["variables"]["basePath"]["default"]
        for path in schema.raw_schema["paths"]:
            for method in schema[path]:
                if not _NOT_SERVED.fullmatch(f"{method} {path}"):
                    yield Operation(base, schema[path][method])
