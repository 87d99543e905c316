"""Identity providers of each kind as a client of the legacy API needs them: a way to sign in, and
everything that may go wrong on it. A new kind is one more class, and its line in UPSTREAMS."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from support.api import PREFIX, Silence, new_name
from support.browser import Browser, Page
from support.cas_server import CasServer
from support.directory import Directory, Entry
from support.oidc import OidcProvider
from support.polling import wait_until
from support.saml import SamlIdp
from support.secrets import password
from support.server import Server

TARGET = "https://client.example/back"
SECRET = "a secret of the provider and this server alone"


class Upstream:
    """A provider, and the people that it knows. `server` need not run yet."""

    id = "corp"
    name = "Corp"
    # What somebody is answered who gets there while it is down: most are asked then.
    while_down = 503
    # And while it lies.
    while_lying = 400
    # Who tells us of a sign-out sends it there; absent: it never does.
    logout_path: str | None = "/account/providers/corp/logout"

    def __init__(self, server: Server):
        self.server = server

    def configured(self) -> dict:
        """Its entry of `sign_in.providers`."""
        return {"id": self.id, "name": self.name, "registration": True}

    # What a client that was softly logged out is offered to get back: flows, with their providers.
    way_back: dict[str, list | None]

    def login(self, name: str, device: str | None, refreshes: bool) -> httpx.Response:
        """Signs in, as a newcomer if it has to be: what POST /login answers."""
        raise NotImplementedError

    def set_out(self, name: str) -> Callable[[], int]:
        """Somebody is about to sign in: what gets them there, and what they are answered."""
        raise NotImplementedError

    def new_person(self) -> str:
        raise NotImplementedError

    def notice(self, name: str) -> dict[str, str]:
        """What it would tell us of their sign-out; it tells nobody."""
        raise NotImplementedError

    def stop(self) -> None:
        raise NotImplementedError

    def start(self) -> object:
        raise NotImplementedError

    def freeze(self) -> None:
        raise NotImplementedError

    def thaw(self) -> None:
        raise NotImplementedError

    def lie(self, lies: bool) -> None:
        raise NotImplementedError

    def renew(self) -> None:
        """New keys, where it has any."""

    def close(self) -> None:
        raise NotImplementedError


class BrowserUpstream(Upstream):
    """One to which people are sent with their browsers."""

    way_back = {
        "m.login.sso": [{"id": Upstream.id, "name": Upstream.name}],
        "m.login.token": None,
    }

    def there(self, away: str, name: str) -> dict[str, str]:
        """Signs in there: what the browser brings back."""
        raise NotImplementedError

    @property
    def callback(self) -> str:
        return f"{self.server.url}/account/providers/{self.id}/callback"

    def leave(self, browser: Browser) -> str:
        page = browser.open(f"{PREFIX}/login/sso/redirect/{self.id}", redirectUrl=TARGET)
        assert page.away is not None, f"{page.status} {page.text}"
        return page.away

    def come_back(self, browser: Browser, told: dict[str, str]) -> Page:
        return browser.open(f"{self.callback}?{urlencode(told)}")

    def set_out(self, name: str) -> Callable[[], int]:
        browser = Browser(self.server.url)
        told = self.there(self.leave(browser), name)
        return lambda: self.come_back(browser, told).status

    def let_in(self, name: str, page: Page) -> str:
        """The login token of the page that follows; a newcomer chooses a name first."""
        if any("user" in form.typed for form in page.forms):
            page = page.submit(user=name)
        answer = page.submit(form=page.form_with("redirect_url"))
        assert answer.away is not None, f"{answer.status} {answer.text}"
        return dict(parse_qsl(urlsplit(answer.away).query))["loginToken"]

    def login(self, name: str, device: str | None, refreshes: bool) -> httpx.Response:
        browser = Browser(self.server.url)
        told = self.there(self.leave(browser), name)
        token = self.let_in(name, self.come_back(browser, told))
        return self.redeem(token, device, refreshes)

    def redeem(self, token: str, device: str | None, refreshes: bool) -> httpx.Response:
        body = {"type": "m.login.token", "token": token, "refresh_token": refreshes}
        if device is not None:
            body["device_id"] = device
        return self.server.api.request("POST", f"{PREFIX}/login", json=body)


class Oidc(BrowserUpstream):
    """npm oidc-provider."""

    def __init__(self, server: Server, folder: Path):
        super().__init__(server)
        self._names = [new_name() for _ in range(40)]
        accounts = {name: {"preferred_username": name} for name in self._names}
        client = {
            "client_id": "latchkey",
            "client_secret": SECRET,
            "redirect_uris": [self.callback],
            "application_type": "native",
            "backchannel_logout_uri": f"{server.url}/nowhere",
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
        }
        self._provider = OidcProvider(folder, [client], accounts).start()
        self.stop = self._provider.stop
        self.freeze, self.thaw = self._provider.freeze, self._provider.thaw
        self.lie = self._provider.lie
        self.close = self._provider.close

    def start(self) -> None:
        """With new keys, for it keeps none."""
        self._provider.start()
        self._until_its_keys_are_known()

    def renew(self) -> None:
        self._provider.rotate_keys()
        self._until_its_keys_are_known()

    def _until_its_keys_are_known(self) -> None:
        """They are fetched as soon as somebody comes, but not twice within half a minute, and by
        each node for itself."""
        somebody = self.new_person()
        for url in self.server.node_urls:
            wait_until(
                lambda url=url: self._arrives(somebody, url),
                f"the new keys to be known at {url}",
                60,
                pause=0.2,
            )

    def _arrives(self, name: str, url: str) -> bool:
        browser = Browser(url)
        try:
            told = self.there(self.leave(browser), name)
            path = urlsplit(self.callback).path
            return browser.open(f"{path}?{urlencode(told)}").status == 200
        except Silence:
            return False  # a node that is just being restarted

    def configured(self) -> dict:
        return super().configured() | {
            "kind": "oidc",
            "issuer": self._provider.issuer,
            "client_id": "latchkey",
            "client_secret": SECRET,
            "localpart": "{{ claims.preferred_username }}",
        }

    def new_person(self) -> str:
        return self._names.pop()

    def there(self, away: str, name: str) -> dict[str, str]:
        with self._provider.new_browser() as browser:
            return self._provider.sign_in(browser, away, name, self.callback)

    def notice(self, name: str) -> dict[str, str]:
        return dict(parse_qsl(self._provider.notice_of_logout(name)))


class Cas(BrowserUpstream):
    """A scripted one."""

    logout_path = "/account/providers/corp/callback"

    def __init__(self, server: Server, folder: Path):
        super().__init__(server)
        self._provider = CasServer()
        self._tickets: dict[str, str] = {}  # the last of each person's
        self.stop, self.start = self._provider.stop, self._provider.start
        self.freeze, self.thaw = self._provider.freeze, self._provider.thaw
        self.close = self._provider.close

    def configured(self) -> dict:
        return super().configured() | {
            "kind": "cas",
            "url": self._provider.url,
            "localpart": "{{ claims.user }}",
        }

    def new_person(self) -> str:
        return new_name()

    def there(self, away: str, name: str) -> dict[str, str]:
        told = self._provider.sign_in(away, name)
        self._tickets[name] = told["ticket"]
        return told

    def notice(self, name: str) -> dict[str, str]:
        return dict(parse_qsl(self._provider.notice(self._tickets[name])))

    def lie(self, lies: bool) -> None:
        self._provider.lies = lies


class Saml(BrowserUpstream):
    """The one that pysaml2 makes."""

    while_down = 200

    def __init__(self, server: Server, folder: Path):
        super().__init__(server)
        self._provider = SamlIdp(folder, f"{server.url}/account/providers/{self.id}/metadata")
        self._provider.start()
        self.stop, self.start = self._provider.stop, self._provider.start
        self.freeze, self.thaw = self._provider.freeze, self._provider.thaw
        self.renew, self.close = self._provider.rotate_keys, self._provider.close

    def configured(self) -> dict:
        return super().configured() | {
            "kind": "saml",
            "metadata_url": self._provider.metadata,
            "localpart": "{{ claims.uid }}",
        }

    def new_person(self) -> str:
        return new_name()

    def there(self, away: str, name: str) -> dict[str, str]:
        with httpx.Client(trust_env=False, timeout=20) as browser:
            return self._provider.sign_in(browser, away, name).hidden

    def come_back(self, browser: Browser, told: dict[str, str]) -> Page:
        """As a form of another site's, with which no cookie comes, and then by itself."""
        path = f"/account/providers/{self.id}/acs"
        answer = self.server.api.request("POST", path, data=told)
        if answer.status_code != 303:
            return Page(browser, answer)
        return browser.open(answer.headers["Location"])

    def notice(self, name: str) -> dict[str, str]:
        return self._provider.sign_out(name, "post").hidden

    def lie(self, lies: bool) -> None:
        self._provider.order("lie", on=lies)


class Ldap(Upstream):
    """A real slapd, whose people give their passwords here."""

    # On the page in the browser too, where nothing else leads in.
    way_back = {"m.login.sso": None, "m.login.password": None, "m.login.token": None}
    # To the client it is a wrong password.
    while_lying = 403
    logout_path = None

    def __init__(self, server: Server, _folder: Path):
        super().__init__(server)
        self._directory = Directory()
        self._people: dict[str, Entry] = {}
        self._passwords: dict[str, str] = {}
        self._impostors: dict[str, Entry] = {}
        self.stop, self.start = self._directory.stop, self._directory.start
        self.freeze, self.thaw = self._directory.freeze, self._directory.thaw
        self.close = self._directory.destroy

    def configured(self) -> dict:
        return (
            self._directory.options(self.id)
            | super().configured()
            | {"localpart": "{{ claims.uid }}"}
        )

    def new_person(self) -> str:
        name = new_name()
        self._passwords[name] = password()
        self._people[name] = self._directory.add_person(name, self._passwords[name])
        return name

    def login(self, name: str, device: str | None, refreshes: bool) -> httpx.Response:
        body = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": name},
            "password": self._passwords[name],
            "refresh_token": refreshes,
        }
        if device is not None:
            body["device_id"] = device
        return self.server.api.request("POST", f"{PREFIX}/login", json=body, timeout=60)

    def set_out(self, name: str) -> Callable[[], int]:
        return lambda: self.login(name, "OTHER", True).status_code

    def lie(self, lies: bool) -> None:
        """Somebody else has everybody's name there, with a password of their own."""
        for name, person in self._people.items():
            if lies:
                self._directory.replace(person, "uid", f"{name}-before")
                self._passwords[name] = password()
                self._impostors[name] = self._directory.add_person(name, self._passwords[name])
            else:
                self._directory.remove(self._impostors.pop(name))
                self._directory.replace(person, "uid", name)
        if not lies:
            self.renew()

    def renew(self) -> None:
        """It has no keys; its people have new passwords."""
        for name, person in self._people.items():
            self._passwords[name] = password()
            self._directory.set_password(person, self._passwords[name])


UPSTREAMS = {"oidc": Oidc, "cas": Cas, "saml": Saml, "ldap": Ldap}
