"""Application services: their registration files, and what a bridge does with its token."""

from pathlib import Path
from urllib.parse import quote

import httpx
import yaml

from support.api import PREFIX, new_name
from support.secrets import password


def registration(service: str, **changes) -> dict:
    """Of a service whose user is SERVICE_bot; a change of None leaves the field out."""
    fields = {
        "id": service,
        "url": None,
        "as_token": password(),
        "hs_token": password(),
        "sender_localpart": f"{service}_bot",
        "namespaces": {"users": [{"exclusive": True, "regex": f"@{service}_.*"}]},
        "io.element.msc4190": True,
    } | changes
    return {name: value for name, value in fields.items() if value is not None or name == "url"}


def install(directory: Path) -> dict:
    """The two services of the tests, as files; returns the option that names them.

    irc has @irc_… for itself and shares @both_… with everybody; its user is @irc_bot. mail has
    @mail_… for itself; its user, @postman, is in no namespace.
    """
    namespaces = [
        {"exclusive": True, "regex": "@irc_.*"},
        {"exclusive": False, "regex": "@both_.*"},
    ]
    services = {
        "irc": registration("irc", namespaces={"users": namespaces}),
        "mail": registration("mail", sender_localpart="postman"),
    }
    for name, fields in services.items():
        (directory / f"{name}.yaml").write_text(yaml.safe_dump(fields))
    # Beside the configuration file, from where relative paths are taken.
    return {"application_services": [f"{name}.yaml" for name in services]}


class Bridge:
    """One service of a server. `user` is a localpart or a Matrix ID, absent: not asserted."""

    def __init__(self, server, service: str):
        self.api = server.api
        self.service = service
        self.file = yaml.safe_load((server.directory / f"{service}.yaml").read_text())
        self.token = self.file["as_token"]
        self.sender = f"@{self.file['sender_localpart']}:example.com"

    def ask(
        self,
        method: str,
        path: str,
        user: str | None = None,
        device: str | None = None,
        body: dict | None = None,
        **params,
    ) -> httpx.Response:
        if user is not None:
            params["user_id"] = user if user[:1] in ("@", "") else f"@{user}:example.com"
        if device is not None:
            params["device_id"] = device
        return self.api.request(
            method, f"{PREFIX}{path}", token=self.token, json=body, params=params
        )

    def register(self, name: str | None, **fields) -> httpx.Response:
        body = {"type": "m.login.application_service", "username": name, "inhibit_login": True}
        body = {key: value for key, value in (body | fields).items() if value is not None}
        return self.api.request("POST", f"{PREFIX}/register", token=self.token, json=body)

    def new_user(self) -> str:
        """The localpart of a user that the service has just registered."""
        name = f"{self.service}_{new_name()}"
        answer = self.register(name)
        assert answer.status_code == 200, answer.text
        return name

    def login(self, user: str, device: str | None = None, **fields) -> httpx.Response:
        body = {
            "type": "m.login.application_service",
            "identifier": {"type": "m.id.user", "user": user},
            "refresh_token": True,
            **fields,
        }
        if device is not None:
            body["device_id"] = device
        return self.api.request("POST", f"{PREFIX}/login", token=self.token, json=body)

    def whoami(self, user: str | None = None, device: str | None = None) -> httpx.Response:
        return self.ask("GET", "/account/whoami", user, device)

    # -- devices (MSC4190)

    def put_device(self, user: str, device: str, name: str | None = None) -> httpx.Response:
        body = {} if name is None else {"display_name": name}
        return self.ask("PUT", f"/devices/{quote(device, safe='')}", user, body=body)

    def delete_device(self, user: str, device: str) -> httpx.Response:
        return self.ask("DELETE", f"/devices/{quote(device, safe='')}", user)

    def devices(self, user: str) -> list[dict]:
        answer = self.ask("GET", "/devices", user)
        assert answer.status_code == 200, answer.text
        return answer.json()["devices"]
