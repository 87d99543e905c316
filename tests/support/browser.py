"""A person's browser that runs no scripts: it reads a page and submits its form as it stands."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx


@dataclass
class Form:
    method: str = ""
    action: str = ""
    hidden: dict[str, str] = field(default_factory=dict)
    typed: list[str] = field(default_factory=list)  # names of the inputs that wait for text
    boxes: list[tuple[str, str, bool]] = field(default_factory=list)  # name, value, ticked


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.tags: list[tuple[str, dict]] = []
        self.words: list[str] = []
        self.alert: str | None = None
        self._in: list[str] = []
        self._in_alert = False

    def handle_starttag(self, tag, attrs):
        attributes = {name: value or "" for name, value in attrs}
        self.tags.append((tag, attributes))
        self._in.append(tag)
        if attributes.get("role") == "alert":
            self._in_alert, self.alert = True, ""
        if tag == "form":
            self.forms.append(Form(attributes.get("method", "get"), attributes.get("action", "")))
        elif tag == "input" and "name" in attributes and self.forms:
            self._input(self.forms[-1], attributes)

    @staticmethod
    def _input(form: Form, attributes: dict) -> None:
        name, value = attributes["name"], attributes.get("value", "")
        kind = attributes.get("type", "text")
        if kind == "hidden":
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
            self.alert += data


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
        self.alert = reader.alert  # absent: nothing is wrong

    @property
    def form(self) -> Form:
        [form] = self.forms
        return form

    def submit(self, *ticked: str, **typed: str) -> "Page":
        """Sends the form with these boxes ticked (by value) and these fields typed."""
        form = self.form
        assert form.method == "post"
        assert set(typed) <= set(form.typed), f"no such field: {typed.keys()} of {form.typed}"
        sent = list(form.hidden.items()) + list(typed.items())
        sent += [(name, value) for name, value, on in form.boxes if on or value in ticked]
        return self._browser.post(urljoin(self.url, form.action), sent)


class Browser:
    def __init__(self, url: str):
        self._url = url

    def _request(self, method: str, url: str, **how) -> Page:
        with httpx.Client(base_url=self._url, trust_env=False, timeout=10) as http:
            return Page(self, http.request(method, url, **how))

    def open(self, path: str, **query: str) -> Page:
        return self._request("GET", path, params=query)

    def post(self, url: str, fields: list[tuple[str, str]]) -> Page:
        data: dict[str, list[str]] = {}
        for name, value in fields:
            data.setdefault(name, []).append(value)
        return self._request("POST", url, data=data)
