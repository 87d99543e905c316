"""An OpenID Connect provider (npm oidc-provider) that sends people back to a server under test."""

import json
import pathlib
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx

from support.provider_process import ProviderProcess

FOLDER = pathlib.Path(__file__).parent / "oidc_provider"
# Debian's is too old for it.
NODE = FOLDER.parents[1] / "e2e/js/node_modules/.bin/node"


class OidcProvider(ProviderProcess):
    """Forgets people when it goes away.

    `accounts` are claims by name, which is the subject too: {"alice": {"email": …}}. `clients` are
    as oidc-provider has them. The address of the issuer has no slash at its end.
    """

    def __init__(
        self,
        folder: pathlib.Path,
        clients: list[dict[str, Any]],
        accounts: dict[str, dict[str, Any]],
    ):
        super().__init__(folder / "oidc_provider.log")
        self.issuer = self.origin
        self.sign_of_life = self.issuer + "/.well-known/openid-configuration"
        self._client_id = clients[0]["client_id"]
        file = folder / "oidc_provider.json"
        self.command = [str(NODE), "server.js", str(file)]
        self.options = {"cwd": FOLDER}
        configuration = {
            "issuer": self.issuer,
            "port": self.port.number,
            "clients": clients,
            "accounts": accounts,
        }
        file.write_text(json.dumps(configuration))

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
