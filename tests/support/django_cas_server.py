"""A real CAS server (django-cas-server) that sends people back to a server under test."""

import json
from pathlib import Path
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx

from support.browser import forms_of
from support.provider_process import ProviderProcess

PYTHON = Path(__file__).resolve().parents[2] / ".cache/cas/bin/python"
SERVE = Path(__file__).parent / "django_cas/serve.py"
PASSWORD = "everybody's password there"


class DjangoCasServer(ProviderProcess):
    """Comes back as it was. `people` are attributes by name: {"alice": {"email": …}}."""

    def __init__(self, folder: Path, people: dict[str, dict[str, str]]):
        super().__init__(folder / "cas.log")
        self.url = f"{self.origin}/cas"
        self.sign_of_life = f"{self.url}/login"
        file = folder / "cas.json"
        self.command = [str(PYTHON), str(SERVE), str(file)]
        configuration = {
            "port": self.port.number,
            "database": str(folder / "cas.db"),
            "password": PASSWORD,
            "people": people,
        }
        file.write_text(json.dumps(configuration))

    @staticmethod
    def new_browser() -> httpx.Client:
        """Somebody's, who is not signed in there."""
        return httpx.Client(trust_env=False, timeout=30)

    def sign_in(self, browser: httpx.Client, url: str, name: str, back: str) -> dict[str, str]:
        """Follows a browser from the login address to what it brings back to `back`; signs in where
        it is asked to."""
        for _ in range(10):
            if url.split("?")[0] == back:
                return dict(parse_qsl(urlsplit(url).query, strict_parsing=True))
            answer = browser.get(url)
            if answer.status_code == 200:
                [form] = forms_of(answer.text)
                typed = {"username": name, "password": PASSWORD}
                answer = browser.post(urljoin(url, form.action), data=form.hidden | typed)
            assert answer.has_redirect_location, (url, answer.status_code, answer.text)
            url = urljoin(url, answer.headers["Location"])
        raise AssertionError(f"the CAS server does not come to an end: {url}")

    def sign_out(self, browser: httpx.Client) -> None:
        """There: it tells whom it has signed this person in to."""
        assert browser.get(f"{self.url}/logout", follow_redirects=True).status_code == 200
