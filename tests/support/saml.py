"""A SAML 2.0 identity provider (pysaml2) that sends people back to a server under test."""

import json
import pathlib
import signal
import subprocess
from typing import Any
from urllib.parse import urljoin

import httpx

from support.browser import Form, forms_of
from support.polling import wait_until
from support.ports import ReservedPort

PROGRAM = pathlib.Path(__file__).parent / "saml_idp/idp.py"
PYTHON = PROGRAM.parents[3] / ".cache/saml/bin/python"


class SamlIdp:
    """Listens on one port of 127.0.0.1, goes away and comes back; forgets browsers when it does."""

    def __init__(self, folder: pathlib.Path, service: str):
        self._port = ReservedPort()
        self.url = f"http://127.0.0.1:{self._port.number}"
        self.metadata = f"{self.url}/metadata"
        self._file = folder / "saml_idp.json"
        self._file.write_text(
            json.dumps({"port": self._port.number, "folder": str(folder), "service": service})
        )
        self._log = folder / "saml_idp.log"
        self._process: subprocess.Popen | None = None

    def start(self) -> "SamlIdp":
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                [str(PYTHON), str(PROGRAM), str(self._file)], stdout=log, stderr=log
            )
        wait_until(self._answers, "the identity provider to answer", seconds=60)
        return self

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text()
        try:
            return httpx.get(self.metadata, trust_env=False).status_code == 200
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

    def freeze(self) -> None:
        """It takes connections, and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def sign_in(self, browser: httpx.Client, begun: "str | Form", login: str) -> Form:
        """The form that brings the answer back. `begun`: where the browser was sent."""
        if isinstance(begun, str):
            answer = browser.get(begun)
        else:
            answer = browser.post(begun.action, data=begun.hidden)
        form = self._form_in(answer)
        if "SAMLResponse" not in form.hidden:
            told = {**form.hidden, "user": login}
            form = self._form_in(browser.post(urljoin(self.url, form.action), data=told))
        return form

    def _form_in(self, answer: httpx.Response) -> Form:
        assert answer.status_code == 200, f"{answer.status_code}: {self._log.read_text()[-4000:]}"
        [form] = forms_of(answer.text)
        return form

    def rotate_keys(self) -> None:
        """Signs with a new key from now on; the old one is no longer published."""
        self.order("rotate")

    def sign_out(self, login: str, by: str) -> "str | Form":
        """What a browser brings to the server when the person signs out here."""
        told = self.order("logout", user=login, by=by)
        if by == "post":
            [form] = forms_of(told["page"])
            return form
        return told["url"]

    def order(self, name: str, **told: Any) -> Any:
        answer = httpx.post(f"{self.url}/order", json={"order": name, **told}, trust_env=False)
        assert answer.status_code == 200, self._log.read_text()[-4000:]
        return answer.json()
