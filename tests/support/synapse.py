"""A homeserver with delegated authentication: Synapse's routes for it, as strict as Synapse is.

Nothing of rooms: users, devices, and what it was asked in which order. It can be stopped, be slow,
fail, and have another secret.
"""

import json
import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, unquote, urlsplit

from support.polling import wait_until
from support.secrets import INTROSPECTION_SECRET
from support.stand_in import StandIn

MAS = "/_synapse/mas/"
SUSPEND = re.compile(r"/_synapse/admin/v1/suspend/@([^:/]+):example\.com")
LONGEST_DEVICE_NAME = 100


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, errcode: str):
        super().__init__(errcode)
        self.answer = (status, {"errcode": errcode, "error": "the fake says so"})


@dataclass
class User:
    display_name: str | None
    emails: set[str] = field(default_factory=set)
    locked: bool = False
    deactivated: bool = False
    erased: bool = False
    suspended: bool = False
    devices: dict[str, str | None] = field(default_factory=dict)
    resets: int = 0  # how often the replacement of the cross-signing keys was allowed


@dataclass
class Call:
    route: str  # "upsert_device"
    body: dict

    def __str__(self) -> str:
        return " ".join([self.route, *(str(v) for v in self.body.values() if isinstance(v, str))])


class Body:
    """The fields of a request, each of the right type or refused."""

    def __init__(self, fields: dict):
        self.fields = fields

    def text(self, name: str) -> str:
        if name not in self.fields:
            raise Refused(400, "M_MISSING_PARAM")
        if not isinstance(self.fields[name], str):
            raise Refused(400, "M_BAD_JSON")
        return self.fields[name]

    def optional(self, name: str, kind: type):
        value = self.fields.get(name)
        if value is not None and type(value) is not kind:
            raise Refused(400, "M_BAD_JSON")
        return value

    def flag(self, name: str) -> bool:
        if name not in self.fields:
            raise Refused(400, "M_MISSING_PARAM")
        if type(self.fields[name]) is not bool:
            raise Refused(400, "M_BAD_JSON")
        return self.fields[name]

    def one_of(self, name: str) -> None:
        if f"set_{name}" in self.fields and f"unset_{name}" in self.fields:
            raise Refused(400, "M_INVALID_PARAM")


class Synapse(StandIn):
    """What it knows survives a stop."""

    protocol = "HTTP/1.1"

    def __init__(self):
        super().__init__()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.secret = INTROSPECTION_SECRET
        self.users: dict[str, User] = {}
        self.services: dict[str, str] = {}  # as_token to the regular expression of its users
        self.calls: list[Call] = []
        self.failing = False  # 500 to everything
        self.refusing_tokens = False  # 401 to everybody's
        self.racing = False  # another request makes each new user a moment before
        self.delay = 0.0  # seconds before anything is done
        # Routes that fail, that refuse, or that wait until they are let go.
        self.failing_routes: set[str] = set()
        self.refusals: dict[str, tuple[int, str]] = {}
        self.held_routes: dict[str, threading.Event] = {}
        self.held: list[str] = []  # the routes of requests that wait, or have waited
        self.latchkey = None  # a Server: who is asked what an administrator's token is worth
        self._lock = threading.Lock()

    def options(self, **more) -> dict:
        """Of a Latchkey in front of it."""
        return {"homeserver": {"kind": "synapse", "endpoint": self.url} | more}

    def close(self) -> None:
        for event in self.held_routes.values():
            event.set()
        super().close()

    def hold(self, route: str) -> threading.Event:
        """Lets no request to that route go on until the event is set."""
        return self.held_routes.setdefault(route, threading.Event())

    # -- what tests ask

    def devices(self, localpart: str) -> set[str]:
        user = self.users.get(localpart)
        return set(user.devices) if user else set()

    def routes(self, since: int = 0) -> list[str]:
        return [call.route for call in self.calls[since:]]

    def wait_for(self, condition, what: str):
        return wait_until(condition, what, 60)

    # -- answering

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        length = int(request.headers.get("Content-Length") or 0)
        content = request.rfile.read(length)
        if not self.running:  # stopped while the connection was open
            request.close_connection = True
            return
        time.sleep(self.delay)
        status, body = self._reply(request, content)
        text = b"" if status == 204 else json.dumps(body).encode()
        try:
            request.send_response(status)
            request.send_header("Content-Type", "application/json")
            if status != 204:
                request.send_header("Content-Length", str(len(text)))
            request.end_headers()
            request.wfile.write(text)
        except OSError:
            request.close_connection = True  # whoever asked has gone

    def _reply(self, request: BaseHTTPRequestHandler, content: bytes) -> tuple[int, dict]:
        url = urlsplit(request.path)
        try:
            if self.failing:
                raise Refused(500, "M_UNKNOWN")
            fields = {name: values[0] for name, values in parse_qs(url.query).items()}
            if request.command != "GET":
                fields = json.loads(content)
                if not isinstance(fields, dict):
                    raise Refused(400, "M_BAD_JSON")
            suspended = SUSPEND.fullmatch(unquote(url.path))
            if url.path.startswith(MAS):
                route = url.path.removeprefix(MAS)
                self._prove(request, f"Bearer {self.secret}")
            elif suspended and request.command == "PUT":
                route = "suspend"
                self._require_administrator(request)
                fields |= {"localpart": suspended[1]}
            elif url.path == "/_matrix/client/v3/capabilities":
                route = "capabilities"
                fields["token"] = request.headers.get("Authorization", "")
            elif url.path == "/_matrix/client/v3/register" and request.command == "POST":
                route = "register"
                fields |= {"service": request.headers.get("Authorization", "")}
            else:
                raise Refused(404, "M_UNRECOGNIZED")
            handler = getattr(self, f"_{request.command.lower()}_{route}", None)
            if handler is None:
                raise Refused(404, "M_UNRECOGNIZED")
            if route in self.failing_routes:
                raise Refused(500, "M_UNKNOWN")
            if route in self.refusals:
                raise Refused(*self.refusals[route])
            if route in self.held_routes:
                event = self.held_routes[route]
                self.held.append(route)
                event.wait(120)
            with self._lock:
                self.calls.append(Call(route, dict(fields)))
                return handler(Body(fields))
        except Refused as refused:
            return refused.answer

    def _prove(self, request: BaseHTTPRequestHandler, wanted: str) -> None:
        shown = request.headers.get("Authorization")
        if shown is None:
            raise Refused(401, "M_MISSING_TOKEN")
        if shown != wanted:
            raise Refused(403, "M_UNKNOWN")

    def _require_administrator(self, request: BaseHTTPRequestHandler) -> None:
        """As Synapse finds out: by introspection, and the user must be known here."""
        token = (request.headers.get("Authorization") or "").removeprefix("Bearer ")
        told = self.latchkey.api.introspect(token, self.secret).json()
        scope = told.get("scope", "").split()
        if not told["active"] or "urn:matrix:client:api:*" not in scope:
            raise Refused(401, "M_UNKNOWN_TOKEN")
        if told["username"] not in self.users:
            raise Refused(500, "M_UNKNOWN")
        device = told.get("device_id")
        if device is not None and device not in self.users[told["username"]].devices:
            raise Refused(401, "M_UNKNOWN_TOKEN")
        if "urn:synapse:admin:*" not in scope:
            raise Refused(403, "M_FORBIDDEN")

    def _user(self, body: Body) -> User:
        user = self.users.get(body.text("localpart"))
        if user is None:
            raise Refused(404, "M_NOT_FOUND")
        return user

    def _check_new_name(self, localpart: str) -> None:
        if localpart.lower() in {name.lower() for name in self.users}:
            raise Refused(400, "M_USER_IN_USE")
        if not re.fullmatch(r"[a-z0-9._=/+-]+", localpart) or localpart.startswith("_"):
            raise Refused(400, "M_INVALID_USERNAME")
        if localpart.isdigit():
            raise Refused(400, "M_INVALID_USERNAME")
        if any(re.match(users, f"@{localpart}:example.com") for users in self.services.values()):
            raise Refused(400, "M_EXCLUSIVE")

    def _get_capabilities(self, body: Body) -> tuple[int, dict]:
        """Behind delegation Synapse says this whatever who delegates can do."""
        if self.refusing_tokens:
            raise Refused(401, "M_UNKNOWN_TOKEN")
        return 200, {
            "capabilities": {
                "m.room_versions": {"default": "11", "available": {"11": "stable"}},
                "m.change_password": {"enabled": False},
                "m.get_login_token": {"enabled": False},
                "m.3pid_changes": {"enabled": True},
                "m.set_displayname": {"enabled": True},
                "m.account_moderation": {"suspend": True, "lock": True},
                "org.example": body.text("token"),
            }
        }

    def _get_query_user(self, body: Body) -> tuple[int, dict]:
        user = self._user(body)
        return 200, {
            "user_id": f"@{body.text('localpart')}:example.com",
            "display_name": user.display_name,
            "avatar_url": None,
            "is_suspended": user.suspended,
            "is_deactivated": user.deactivated,
        }

    def _get_is_localpart_available(self, body: Body) -> tuple[int, dict]:
        self._check_new_name(body.text("localpart"))
        return 200, {}

    def _post_provision_user(self, body: Body) -> tuple[int, dict]:
        localpart = body.text("localpart")
        for name in ("displayname", "avatar_url", "emails"):
            body.one_of(name)
        display_name = body.optional("set_displayname", str)
        emails = body.optional("set_emails", list)
        locked = body.optional("locked", bool)
        user = self.users.get(localpart)
        new = user is None
        if new:
            self._check_new_name(localpart)
            user = self.users[localpart] = User(display_name or localpart)
            if self.racing:
                raise Refused(400, "M_USER_IN_USE")
        elif display_name is not None:
            user.display_name = display_name
        if body.optional("unset_displayname", bool):
            user.display_name = None
        if emails is not None:
            user.emails = set(emails)
        if body.optional("unset_emails", bool):
            user.emails = set()
        if locked is not None:
            user.locked = locked
        return 201 if new else 200, {}

    def _post_register(self, body: Body) -> tuple[int, dict]:
        users = self.services.get(body.text("service").removeprefix("Bearer "))
        if body.text("type") != "m.login.application_service" or users is None:
            raise Refused(401, "M_UNKNOWN_TOKEN")
        if body.optional("inhibit_login", bool) is not True:
            raise Refused(400, "M_APPSERVICE_LOGIN_UNSUPPORTED")
        localpart = body.text("username")
        if localpart in self.users:
            raise Refused(400, "M_USER_IN_USE")
        if not re.match(users, f"@{localpart}:example.com"):
            raise Refused(400, "M_EXCLUSIVE")
        self.users[localpart] = User(localpart)
        return 200, {"user_id": f"@{localpart}:example.com"}

    def _name_of_device(self, body: Body) -> str | None:
        name = body.optional("display_name", str)
        if name is not None and len(name) > LONGEST_DEVICE_NAME:
            raise Refused(400, "M_TOO_LARGE")
        return name

    def _post_upsert_device(self, body: Body) -> tuple[int, dict]:
        user, device, name = self._user(body), body.text("device_id"), self._name_of_device(body)
        new = device not in user.devices
        if new or name is not None:
            user.devices[device] = name
        return 201 if new else 200, {}

    def _post_update_device_display_name(self, body: Body) -> tuple[int, dict]:
        user, device = self._user(body), body.text("device_id")
        body.text("display_name")
        if device not in user.devices:
            raise Refused(404, "M_NOT_FOUND")
        user.devices[device] = self._name_of_device(body)
        return 200, {}

    def _post_delete_device(self, body: Body) -> tuple[int, dict]:
        self._user(body).devices.pop(body.text("device_id"), None)
        return 204, {}

    def _post_delete_user(self, body: Body) -> tuple[int, dict]:
        user, erase = self._user(body), body.flag("erase")
        user.deactivated, user.erased = True, user.erased or erase
        user.devices.clear()
        return 200, {}

    def _post_reactivate_user(self, body: Body) -> tuple[int, dict]:
        user = self._user(body)
        user.deactivated = user.erased = False
        return 200, {}

    def _post_set_displayname(self, body: Body) -> tuple[int, dict]:
        self._user(body).display_name = body.text("displayname")
        return 200, {}

    def _post_unset_displayname(self, body: Body) -> tuple[int, dict]:
        self._user(body).display_name = None
        return 200, {}

    def _post_allow_cross_signing_reset(self, body: Body) -> tuple[int, dict]:
        self._user(body).resets += 1
        return 200, {}

    def _put_suspend(self, body: Body) -> tuple[int, dict]:
        self._user(body).suspended = body.flag("suspend")
        return 200, {}
