"""An OpenID Connect provider (npm oidc-provider) that sends people back to a server under test."""

import json
import pathlib
import signal
import subprocess
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx

from support.polling import wait_until
from support.ports import ReservedPort

FOLDER = pathlib.Path(__file__).parent / "oidc_provider"
# Debian's is too old for it.
NODE = FOLDER.parents[1] / "e2e/js/node_modules/.bin/node"


class OidcProvider:
    """Listens on one port of 127.0.0.1, goes away and comes back; forgets people when it does.

    `accounts` are claims by name, which is the subject too: {"alice": {"email": …}}. `clients` are
    as oidc-provider has them. The address of the issuer has no slash at its end.
    """

    def __init__(
        self,
        folder: pathlib.Path,
        clients: list[dict[str, Any]],
        accounts: dict[str, dict[str, Any]],
    ):
        self._port = ReservedPort()
        self.issuer = f"http://127.0.0.1:{self._port.number}"
        self._client_id = clients[0]["client_id"]
        self._file = folder / "oidc_provider.json"
        configuration = {
            "issuer": self.issuer,
            "port": self._port.number,
            "clients": clients,
            "accounts": accounts,
        }
        self._file.write_text(json.dumps(configuration))
        self._log = folder / "oidc_provider.log"
        self._process: subprocess.Popen | None = None

    def start(self) -> "OidcProvider":
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                [str(NODE), "server.js", str(self._file)], cwd=FOLDER, stdout=log, stderr=log
            )
        wait_until(self._answers, "the provider to answer", seconds=60)
        return self

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text()
        try:
            url = self.issuer + "/.well-known/openid-configuration"
            return httpx.get(url, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._process = None

    def close(self) -> None:
        self.stop()
        self._port.release()

    def rotate_keys(self) -> None:
        """Signs with new keys from now on; the old ones are no longer published."""
        self._order("rotate")

    def end_sessions(self, login: str) -> None:
        """Its first client is told, by a logout token (Back-Channel Logout)."""
        told = self._order("logout", client_id=self._client_id, sub=login)
        assert told["status"] == 200, told

    def notice_of_logout(self, login: str) -> str:
        """Tells it too, whether that is heard or not; the form that was sent."""
        return self._order("logout", client_id=self._client_id, sub=login)["sent"]

    def lie(self, lies: bool) -> None:
        """Speaks of somebody else at its userinfo endpoint."""
        self._order("lie", lies=lies)

    def freeze(self) -> None:
        """It takes connections, and answers nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def subject_of(self, login: str) -> str:
        return login

    @staticmethod
    def new_browser() -> httpx.Client:
        """Somebody's, who is not signed in here."""
        return httpx.Client(trust_env=False, timeout=10)

    def _order(self, name: str, **told: Any) -> Any:
        answer = httpx.post(f"{self.issuer}/control/{name}", json=told, timeout=30, trust_env=False)
        return answer.raise_for_status().json()

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
        the answer. Signs in where the provider asks; who does not agree cancels."""
        for _ in range(20):
            if url.split("?")[0] == redirect_uri:
                return dict(parse_qsl(urlsplit(url).query, strict_parsing=True))
            answer = browser.get(url, follow_redirects=False)
            if answer.status_code == 200:
                form = {"login": login} if agrees else {"cancel": "1"}
                answer = browser.post(url, data=form, follow_redirects=False)
            assert answer.status_code in (302, 303), (url, answer.status_code, answer.text)
            url = urljoin(url, answer.headers["Location"])
        raise AssertionError(f"the provider does not come to an end: {url}")
