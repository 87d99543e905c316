"""A real CAS server (django-cas-server) that sends people back to a server under test."""

import json
import subprocess
from pathlib import Path
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx

from support.browser import forms_of
from support.polling import wait_until
from support.ports import ReservedPort

PYTHON = Path(__file__).resolve().parents[2] / ".cache/cas/bin/python"
SERVE = Path(__file__).parent / "django_cas/serve.py"
PASSWORD = "everybody's password there"


class DjangoCasServer:
    """Listens on one port of 127.0.0.1, goes away and comes back as it was. `people` are attributes
    by name: {"alice": {"email": …}}."""

    def __init__(self, folder: Path, people: dict[str, dict[str, str]]):
        self._port = ReservedPort()
        self.url = f"http://127.0.0.1:{self._port.number}/cas"
        self._file = folder / "cas.json"
        configuration = {
            "port": self._port.number,
            "database": str(folder / "cas.db"),
            "password": PASSWORD,
            "people": people,
        }
        self._file.write_text(json.dumps(configuration))
        self._log = folder / "cas.log"
        self._process: subprocess.Popen | None = None

    def start(self) -> "DjangoCasServer":
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                [str(PYTHON), str(SERVE), str(self._file)], stdout=log, stderr=log
            )
        wait_until(self._answers, "the CAS server to answer", seconds=60, pause=0.05)
        return self

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text()
        try:
            return httpx.get(f"{self.url}/login", trust_env=False).status_code == 200
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
