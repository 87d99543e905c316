"""A server's people, with everything of theirs that a request can name.

Requests that come out of nowhere change passwords, end sessions and deactivate accounts: whoever
they have done for is replaced by somebody new.
"""

import itertools
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import yaml

from schema.drafts import Draft, Known
from support.answers import assert_good
from support.api import PREFIX, new_name, password_auth
from support.secrets import password
from support.server import SERVER_NAME, Server

AS_TOKEN = f"as-{password()}"
_SERVICE_TYPE = "m.login.application_service"
_numbers = itertools.count(1)


def options() -> dict:
    """The configuration of a server that has every stage and an application service."""
    return {
        "application_services": ["irc.yaml"],
        "registration": {"token_required": True, "terms_file": "terms.yaml"},
        "passwords": {"hash_memory": "64KiB", "hash_passes": 1},
        # So that nobody is refused for having too many.
        "sessions": {"maximum_per_user": 100_000},
    }


def write_files(server: Server) -> None:
    """What `options()` names."""
    service = {
        "id": "irc",
        "url": None,
        "as_token": AS_TOKEN,
        "hs_token": password(),
        "sender_localpart": "irc_bot",
        "namespaces": {"users": [{"exclusive": True, "regex": "@irc_.*"}]},
    }
    document = {"version": "1", "en": {"name": "Terms", "url": "https://example.com/terms"}}
    (server.directory / "irc.yaml").write_text(yaml.safe_dump(service))
    (server.directory / "terms.yaml").write_text(yaml.safe_dump({"policies": {"terms": document}}))


class Person:
    """A user with a session, a device that was deleted, an address and a number."""

    def __init__(self, server: Server, administrator: bool):
        self._api = server.api
        self.name, self.secret = new_name(), password()
        flags = ["--admin"] if administrator else []
        server.command("user", "create", self.name, "--password-stdin", *flags, stdin=self.secret)
        self.email, self.number = f"{self.name}@example.org", f"650{next(_numbers):07}"
        server.command("user", "add-threepid", self.name, "email", self.email)
        server.command("user", "add-threepid", self.name, "msisdn", f"+43{self.number}")
        self._begin()

    def _begin(self) -> None:
        self.user_id = f"@{self.name}:{SERVER_NAME}"
        assert self.sign_in()
        self.deleted_device = self.device
        self._delete(self.device)
        assert self.sign_in()

    def _delete(self, device: str) -> None:
        assert_good(self._api.delete_device(self.token, device, self.name, self.secret))

    def _login(self) -> httpx.Response:
        return self._api.login(self.name, self.secret)

    def sign_in(self) -> bool:
        answer = self._login()
        if answer.status_code == 200:
            body = answer.json()
            self.device, self.token = body["device_id"], body["access_token"]
            self.refresh_token = body["refresh_token"]
        return answer.status_code == 200

    def well(self) -> bool:
        return self._api.whoami(self.token).status_code == 200 or self.sign_in()


class ServiceUser(Person):
    """One of the application service's, without address, number and password."""

    def __init__(self, server: Server):
        self._api = server.api
        self.name, self.secret = f"irc_{next(_numbers)}", password()
        self.email, self.number = f"{self.name}@example.org", f"650{next(_numbers):07}"
        body = {"type": _SERVICE_TYPE, "username": self.name, "inhibit_login": True}
        assert_good(self._api.request("POST", f"{PREFIX}/register", json=body, token=AS_TOKEN))
        self._begin()

    def _delete(self, device: str) -> None:
        path = f"{PREFIX}/devices/{device}?user_id={quote(self.user_id)}"
        assert_good(self._api.request("DELETE", path, token=AS_TOKEN))

    def _login(self) -> httpx.Response:
        body = {"type": _SERVICE_TYPE, "identifier": _identifier(self.name), "refresh_token": True}
        return self._api.request("POST", f"{PREFIX}/login", json=body, token=AS_TOKEN)


class Population:
    """`ask_as(caller)`, then what the caller's request can name, then `settle(…)`.

    A caller is nobody, a person, an administrator, or an application service as one of its users.
    """

    def __init__(self, server: Server):
        self._server = server
        self._api = server.api
        self._people: dict[str, Person] = {}
        self._caller = "nobody"
        self.registration_token = server.command("registration-token", "create")["token"]

    def ask_as(self, caller: str) -> None:
        self._caller = caller

    @property
    def token(self) -> str | None:
        tokens = {"nobody": None, "service": AS_TOKEN}
        return tokens[self._caller] if self._caller in tokens else self.own.token

    @property
    def query(self) -> dict[str, str]:
        """What stands in the query beside that token."""
        return {"user_id": self.own.user_id} if self._caller == "service" else {}

    @property
    def own(self) -> Person:
        """Whose values a request names; nobody tries those of the person."""
        return self.somebody("person" if self._caller == "nobody" else self._caller)

    def somebody(self, who: str) -> Person:
        if who not in self._people:
            self._people[who] = (
                ServiceUser(self._server)
                if who == "service"
                else Person(self._server, who == "administrator")
            )
        return self._people[who]

    def settle(self, draft: Draft, answer: httpx.Response) -> None:
        """After a request: a person who can no longer be used is replaced."""
        if not answer.is_success or draft.method == "GET":
            return
        if draft.path.endswith(("/account/password", "/account/deactivate")):
            self._people.pop(self._caller, None)
        self._people = {who: person for who, person in self._people.items() if person.well()}

    def value_of(self, known: Known) -> Any:
        return _VALUES[known.name](self)

    def new_login_token(self) -> str:
        person = self.somebody("person")
        answer = self._api.login_token(person.token, person.name, person.secret)
        return assert_good(answer)["login_token"]

    def pass_stage(self, stage: str) -> dict:
        """What passes it."""
        if stage == "m.login.password":
            return password_auth(self.own.name, self.own.secret)
        token = {"token": self.registration_token}
        return {"type": stage} | (token if stage == "m.login.registration_token" else {})


def _identifier(name: str) -> dict:
    return {"type": "m.id.user", "user": name}


_VALUES: dict[str, Callable[[Population], Any]] = {
    "own_device": lambda people: people.own.device,
    "other_device": lambda people: people.somebody("other").device,
    "deleted_device": lambda people: people.own.deleted_device,
    "new_device": lambda _: f"DEVICE{next(_numbers)}",
    "own_devices": lambda people: [people.own.device, people.own.deleted_device],
    "other_devices": lambda people: [people.somebody("other").device, "NO-DEVICE"],
    "own_user_id": lambda people: people.own.user_id,
    "other_user_id": lambda people: people.somebody("other").user_id,
    "administrator_user_id": lambda people: people.somebody("administrator").user_id,
    "service_user_id": lambda people: people.somebody("service").user_id,
    "new_name": lambda _: new_name(),
    "own_name": lambda people: people.own.name,
    "service_name": lambda people: people.somebody("service").name,
    "new_service_name": lambda _: f"irc_{next(_numbers)}",
    "own_identifier": lambda people: _identifier(people.own.name),
    "service_identifier": lambda people: _identifier(people.somebody("service").name),
    "own_email": lambda people: {
        "type": "m.id.thirdparty",
        "medium": "email",
        "address": people.own.email,
    },
    "own_phone": lambda people: {
        "type": "m.id.phone",
        "country": "AT",
        "phone": people.own.number,
    },
    "own_password": lambda people: people.own.secret,
    "new_password": lambda _: password(),
    "own_token": lambda people: people.own.token,
    "own_refresh_token": lambda people: people.own.refresh_token,
    "login_token": Population.new_login_token,
    "registration_token": lambda people: people.registration_token,
    "by_password": lambda _: "m.login.password",
    "by_token": lambda _: "m.login.token",
    "by_service": lambda _: _SERVICE_TYPE,
}
