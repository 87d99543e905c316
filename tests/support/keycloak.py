"""Keycloak: a real identity provider that people sign in at, and that other tests share."""

import os
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx

from support.browser import forms_of
from support.provider_process import ProviderProcess

INSTALLED = Path(__file__).resolve().parents[2] / ".cache/keycloak"
# Whom tools/setup.sh has let in to its database.
ADMINISTRATOR = {"client_id": "tests", "client_secret": "latchkey-tests"}
PASSWORD = "everybody's password there"


class Keycloak(ProviderProcess):
    """With a copy of the database that tools/setup.sh has made; comes back as it was. It takes a
    quarter of a minute to start, and a whole one where others are at work, so tests share it, and
    have a realm each."""

    patience = 240.0

    def __init__(self, folder: Path):
        super().__init__(folder / "keycloak.log")
        self.url = self.origin
        self.sign_of_life = f"{self.url}/realms/master"
        database = folder / "keycloak"
        shutil.copytree(INSTALLED / "data/h2", database)
        options = {
            "http-enabled": "true",
            "http-host": "127.0.0.1",
            "http-port": str(self.port.number),
            "hostname-strict": "false",
            "cache": "local",
            "db-url": f"jdbc:h2:file:{database}/keycloakdb;NON_KEYWORDS=VALUE",
        }
        java = {
            # It lives for minutes: what the better compiler costs does not come back.
            "JAVA_OPTS_APPEND": "-XX:TieredStopAtLevel=1",
            "JAVA_OPTS_KC_HEAP": "-Xms64m -Xmx512m",
        }
        self.command = [str(INSTALLED / "bin/kc.sh"), "start", "--optimized"]
        self.command += [f"--{name}={value}" for name, value in options.items()]
        self.options = {"env": {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"} | java}
        self._http = httpx.Client(base_url=self.url, trust_env=False, timeout=180)

    def close(self) -> None:
        super().close()
        self._http.close()

    def ask(self, method: str, path: str, **how: Any) -> Any:
        """Of its Admin REST API; what it answers, if that is JSON."""
        # Its tokens live for a minute.
        form = ADMINISTRATOR | {"grant_type": "client_credentials"}
        tokens = self._http.post("/realms/master/protocol/openid-connect/token", data=form)
        headers = how.pop("headers", {})
        headers["Authorization"] = f"Bearer {tokens.raise_for_status().json()['access_token']}"
        answer = self._http.request(method, f"/admin/realms{path}", headers=headers, **how)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


class Realm:
    """A provider of its own in a Keycloak, with people and clients. `accounts` are as
    support/oidc.py has them; `clients` as Keycloak has them (ClientRepresentation)."""

    def __init__(
        self,
        keycloak: Keycloak,
        name: str,
        clients: list[dict[str, Any]],
        accounts: dict[str, dict[str, Any]],
    ):
        self._keycloak = keycloak
        self._name = name
        self._client_id = clients[0]["clientId"]
        self.issuer = f"{keycloak.url}/realms/{name}"
        realm = {
            "realm": name,
            "enabled": True,
            "sslRequired": "none",
            # Nobody is guarded by these passwords, and a realm is made with all of them.
            "passwordPolicy": "hashAlgorithm(pbkdf2-sha512) and hashIterations(1)",
            "clients": clients,
            "users": [_user(name, claims) for name, claims in accounts.items()],
        }
        keycloak.ask("POST", "", json=realm)
        users = keycloak.ask("GET", f"/{name}/users", params={"max": len(accounts)})
        self._ids = {user["username"]: user["id"] for user in users}

    def start(self) -> "Realm":
        self._keycloak.start()
        return self

    def stop(self) -> None:
        self._keycloak.stop()

    def close(self) -> None:
        self._ask("DELETE", "")

    def _ask(self, method: str, path: str, **how: Any) -> Any:
        return self._keycloak.ask(method, f"/{self._name}{path}", **how)

    def subject_of(self, login: str) -> str:
        return self._ids[login]

    def rotate_keys(self) -> None:
        """Signs with new keys from now on; the old ones are no longer published."""
        kind = "org.keycloak.keys.KeyProvider"
        old = self._ask("GET", "/components", params={"type": kind})
        made = {
            "name": "rotated",
            "providerId": "rsa-generated",
            "providerType": kind,
            "config": {"priority": ["200"]},
        }
        self._ask("POST", "/components", json=made)
        for key in old:
            if key["providerId"] == "rsa-generated":
                self._ask("DELETE", f"/components/{key['id']}")

    def end_sessions(self, login: str) -> None:
        """As an administrator there does: its clients are told (Back-Channel Logout)."""
        self._ask("POST", f"/users/{self._ids[login]}/logout")

    def sign_out(self, browser: httpx.Client) -> None:
        """As the person does there, who is asked whether that is meant."""
        page = browser.get(f"{self.issuer}/protocol/openid-connect/logout")
        [form] = [form for form in forms_of(page.text) if form.method.lower() == "post"]
        sent = form.hidden | {"confirmLogout": "Logout"}
        answer = browser.post(urljoin(str(page.url), form.action), data=sent)
        assert answer.status_code in (200, 302), answer.text

    @staticmethod
    def new_browser() -> httpx.Client:
        browser = httpx.Client(trust_env=False, timeout=120)

        def keep(_: httpx.Response) -> None:
            # It marks its cookies as Secure, and browsers send them to 127.0.0.1 all the same (W3C
            # Secure Contexts section 3.1).
            for cookie in browser.cookies.jar:
                cookie.secure = False

        browser.event_hooks["response"] = [keep]
        return browser

    def sign_in(
        self,
        browser: httpx.Client,
        url: str,
        login: str,
        redirect_uri: str,
        *,
        agrees: bool = True,
    ) -> dict[str, str]:
        """Follows a browser from the authorization request to what it brings back: the fields of
        the answer. Signs in where it is asked to; who does not agree says so on the page that asks
        whether the client may know who they are."""
        if not agrees:
            self._ask_for_consent(True)
        try:
            return self._follow(browser, url, login, redirect_uri)
        finally:
            if not agrees:
                self._ask_for_consent(False)

    def _follow(
        self, browser: httpx.Client, url: str, login: str, redirect_uri: str
    ) -> dict[str, str]:
        typed = {"username": login, "password": PASSWORD}
        answer = None
        for _ in range(20):
            if url.split("?")[0] == redirect_uri:
                return dict(parse_qsl(urlsplit(url).query, strict_parsing=True))
            if answer is None or answer.has_redirect_location:
                answer = browser.get(url)
            else:
                forms = [form for form in forms_of(answer.text) if form.method.lower() == "post"]
                assert len(forms) == 1, (url, answer.status_code, answer.text)
                [form] = forms
                if form.action == redirect_uri:  # response_mode=form_post
                    return form.hidden
                asked = {"cancel": "No"} if "cancel" in dict(form.buttons) else typed
                answer = browser.post(urljoin(url, form.action), data=form.hidden | asked)
            if answer.has_redirect_location:
                url = urljoin(url, answer.headers["Location"])
        raise AssertionError(f"Keycloak does not come to an end: {url}")

    def _ask_for_consent(self, asked: bool) -> None:
        [client] = self._ask("GET", "/clients", params={"clientId": self._client_id})
        changed = client | {"consentRequired": asked}
        self._ask("PUT", f"/clients/{client['id']}", json=changed)


def _user(name: str, claims: dict[str, Any]) -> dict[str, Any]:
    first, _, last = claims["name"].partition(" ")
    return {
        "username": name,
        "enabled": True,
        "firstName": first,
        "lastName": last,
        "email": claims["email"],
        "emailVerified": claims["email_verified"],
        "credentials": [{"type": "password", "value": PASSWORD, "temporary": False}],
    }
