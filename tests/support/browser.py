"""A person's browser that runs no scripts: it keeps cookies, reads a page and submits its form."""

import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx

from support.api import silence_told


@dataclass
class Form:
    method: str = ""
    action: str = ""
    hidden: dict[str, str] = field(default_factory=dict)
    hidden_again: list[tuple[str, str]] = field(default_factory=list)  # of a name that is there
    typed: list[str] = field(default_factory=list)  # names of the inputs that wait for text
    boxes: list[tuple[str, str, bool]] = field(default_factory=list)  # name, value, ticked
    buttons: list[tuple[str, str]] = field(default_factory=list)  # name, value

    @property
    def fields(self) -> set[str]:
        return set(self.hidden) | set(self.typed) | {name for name, _, _ in self.boxes}


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.tags: list[tuple[str, dict]] = []
        self.words: list[str] = []
        self.alerts: list[str] = []
        self._in: list[str] = []
        self._in_alert = False

    def handle_starttag(self, tag, attrs):
        attributes = {name: value or "" for name, value in attrs}
        self.tags.append((tag, attributes))
        self._in.append(tag)
        if attributes.get("role") == "alert":
            self._in_alert = True
            self.alerts.append("")
        if tag == "form":
            self.forms.append(Form(attributes.get("method", "get"), attributes.get("action", "")))
        elif tag == "input" and "name" in attributes and self.forms:
            self._input(self.forms[-1], attributes)
        elif tag == "button" and "name" in attributes and self.forms:
            self.forms[-1].buttons.append((attributes["name"], attributes.get("value", "")))

    @staticmethod
    def _input(form: Form, attributes: dict) -> None:
        name, value = attributes["name"], attributes.get("value", "")
        kind = attributes.get("type", "text").lower()
        if kind == "hidden" and name in form.hidden:
            form.hidden_again.append((name, value))
        elif kind == "hidden":
            form.hidden[name] = value
        elif kind == "checkbox":
            form.boxes.append((name, value, "checked" in attributes))
        else:
            form.typed.append(name)

    def handle_endtag(self, tag):
        self._in_alert = False
        while self._in and self._in.pop() != tag:
            pass

    def handle_data(self, data):
        if "style" in self._in or "script" in self._in:
            return
        self.words.append(data)
        if self._in_alert:
            self.alerts[-1] += data


def forms_of(html: str) -> list[Form]:
    """Of a page of somebody else's."""
    reader = _Reader()
    reader.feed(html)
    return reader.forms


class Page:
    """What a browser shows, and what its form would send."""

    def __init__(self, browser: "Browser", answer: httpx.Response):
        self._browser = browser
        self.url = str(answer.url)
        self.status = answer.status_code
        self.headers = answer.headers
        self.html = answer.text
        reader = _Reader()
        reader.feed(self.html)
        self.tags = reader.tags
        self.forms = reader.forms
        self.text = " ".join(" ".join(reader.words).split())
        # All that is wrong; absent: nothing.
        self.alert = " ".join(reader.alerts) if reader.alerts else None
        # Where an answer sends the browser that is not this server; absent: it stays.
        self.away: str | None = self._refresh()

    def _refresh(self) -> str | None:
        """Where the page goes on by itself."""
        for tag, attributes in self.tags:
            if tag == "meta" and attributes.get("http-equiv") == "refresh":
                return attributes["content"].removeprefix("0; url=")
        return None

    def link(self, words: str) -> str:
        """Where the only link leads that has these words on it."""
        [target] = re.findall(rf'<a href="([^"]*)"[^>]*>{re.escape(words)}</a>', self.html)
        return unescape(target)

    @property
    def wrong(self) -> dict[str, str]:
        """What is wrong, by the field that says so (`aria-invalid`) and is described by it; the
        ids of what it is described by must be there."""
        ids = {attributes["id"] for _, attributes in self.tags if "id" in attributes}
        found = {}
        for tag, attributes in self.tags:
            described = attributes.get("aria-describedby", "").split()
            assert set(described) <= ids, (tag, attributes)
            if attributes.get("aria-invalid") == "true":
                assert any(name.endswith("error") for name in described), (tag, attributes)
                found[attributes["name"]] = attributes.get("value", "")
        return found

    @property
    def focus(self) -> str | None:
        """The name of the field that waits for what is typed; there is one at most."""
        names = [a.get("name", "") for _, a in self.tags if "autofocus" in a]
        assert len(names) <= 1, names
        return names[0] if names else None

    def value_of(self, name: str) -> str:
        """What stands in a field already."""
        [value] = [a.get("value", "") for tag, a in self.tags if a.get("name") == name]
        return value

    @property
    def form(self) -> Form:
        [form] = self.forms
        return form

    def form_with(self, field_name: str) -> Form:
        """The form that has this field or button, among others on the page."""
        found = [
            form
            for form in self.forms
            if field_name in form.fields or field_name in dict(form.buttons)
        ]
        assert len(found) == 1, f"{len(found)} forms with {field_name}: {self.text}"
        return found[0]

    def submit(
        self, *ticked: str, form: Form | None = None, press: str | None = None, **typed: str
    ) -> "Page":
        """Sends the form with these boxes ticked (by value), these fields typed, by that button."""
        form = form or self.form
        assert form.method == "post"
        assert set(typed) <= set(form.typed), f"no such field: {typed.keys()} of {form.typed}"
        sent = [*form.hidden.items(), *form.hidden_again, *typed.items()]
        sent += [(name, value) for name, value, on in form.boxes if on or value in ticked]
        if press is not None:
            [button] = [(name, value) for name, value in form.buttons if value == press]
            sent.append(button)
        return self._browser.post(urljoin(self.url, form.action), sent)


class Browser:
    """Follows redirects on its server, and stops where one leads away from it."""

    def __init__(self, url: str, language: str = "en"):
        self._url = url
        self.headers = {"Accept-Language": language}
        self.cookies = httpx.Cookies()

    def _request(self, method: str, url: str, **how) -> Page:
        # verify: reading the machine's certificates takes longer than a request, and none is used.
        with (
            silence_told(f"{method} {url}"),
            httpx.Client(
                base_url=self._url,
                trust_env=False,
                verify=False,
                timeout=10,
                cookies=self.cookies,
                headers=self.headers,
            ) as http,
        ):
            answer = http.request(method, url, **how)
            for _ in range(10):
                if not answer.has_redirect_location:
                    break
                target = urljoin(str(answer.url), answer.headers["Location"])
                if not target.startswith(self._url.rstrip("/") + "/"):
                    break
                assert answer.status_code in (302, 303), answer.status_code
                answer = http.request("GET", target)
            self.cookies = http.cookies
        page = Page(self, answer)
        if answer.has_redirect_location:
            page.away = answer.headers["Location"]
        return page

    def open(self, path: str, **query: str) -> Page:
        return self._request("GET", path, params=query or None)

    def post(self, url: str, fields: list[tuple[str, str]], headers: dict | None = None) -> Page:
        data: dict[str, list[str]] = {}
        for name, value in fields:
            data.setdefault(name, []).append(value)
        return self._request("POST", url, data=data, headers=headers)


class Visitor(Browser):
    """A browser that keeps cookies and follows redirects, as people do who sign in to pages."""

    def __init__(self, url: str, language: str = "en"):
        super().__init__(url, language)
        self.http = httpx.Client(
            base_url=url,
            trust_env=False,
            timeout=10,
            follow_redirects=True,
            headers=self.headers,
        )

    def _request(self, method: str, url: str, **how) -> Page:
        return Page(self, self.http.request(method, url, **how))
