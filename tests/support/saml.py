"""A SAML 2.0 identity provider (pysaml2) that sends people back to a server under test."""

import json
import pathlib
from typing import Any
from urllib.parse import urljoin

import httpx

from support.browser import Form, forms_of
from support.provider_process import ProviderProcess

PROGRAM = pathlib.Path(__file__).parent / "saml_idp/idp.py"
PYTHON = PROGRAM.parents[3] / ".cache/saml/bin/python"


class SamlIdp(ProviderProcess):
    """Forgets browsers when it goes away, and keeps people's names."""

    def __init__(self, folder: pathlib.Path, service: str):
        super().__init__(folder / "saml_idp.log")
        self.url = self.origin
        self.metadata = self.sign_of_life = f"{self.url}/metadata"
        file = folder / "saml_idp.json"
        file.write_text(
            json.dumps({"port": self.port.number, "folder": str(folder), "service": service})
        )
        self.command = [str(PYTHON), str(PROGRAM), str(file)]

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
        assert answer.status_code == 200, f"{answer.status_code}: {self.log}"
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
        assert answer.status_code == 200, self.log
        return answer.json()
