"""A page behind Apache's mod_auth_openidc, as docs/connecting/applications.md has it: who wants to
see it signs in with Latchkey."""

import os
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from edge.proxies.proxy import Proxy, changed, program
from support.browser import Browser, Page
from support.engines import Sqlite
from support.oauth import Person, new_person
from support.polling import wait_until
from support.server import REPOSITORY, Server

_SECRET = "a-secret-of-the-operator"
_PAGE = REPOSITORY / "docs/connecting/applications.md"
_PAGES = Path("/usr/share/apache2/default-site")  # nobody but root can read the test's own folder
_MODULES = Path("/usr/lib/apache2/modules")

# What an operator may add to the example, and the client's `pkce` in the operator's file.
_VARIANTS = {
    "as the example has it": ("", "optional"),
    "with PKCE": ("OIDCPKCEMethod S256", "required"),
    "answered by a form": ("OIDCResponseMode form_post\nOIDCCookieSameSite Off", "optional"),
    "with the secret in the body": ("OIDCProviderTokenEndpointAuth client_secret_post", "optional"),
}

_REFRESHES = "OIDCRefreshAccessTokenBeforeExpiry 1 logout_on_error"


def _example(language: str) -> str:
    """What the section of mod_auth_openidc has in this language."""
    section = _PAGE.read_text().split("## mod_auth_openidc\n")[1].split("\n## ")[0]
    return re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)[1]


class Wiki(Proxy):
    """Apache with the module before a page that says who looks at it. `changes` may hold lines to
    add, under the name "more"."""

    name = "apache2"

    def _prepare(self, latchkey_port: int, homeserver_port: int) -> list[str]:
        more = self._changes["more"]
        site = changed(
            _example("apache"),
            {
                "https://account.example.com/": f"http://127.0.0.1:{latchkey_port}/",
                "https://wiki.example.com/": f"{self.url}/",
                "OIDCClientSecret …": f"OIDCClientSecret {_SECRET}",
                "OIDCCryptoPassphrase …": "OIDCCryptoPassphrase the-tests-own",
                "Require valid-user": 'Require valid-user\nHeader set X-User "expr=%{REMOTE_USER}"',
            },
        )
        names = (
            "mpm_event",
            "authn_core",
            "authz_core",
            "authz_user",
            "headers",
            "dir",
            "auth_openidc",
        )
        for name in names:
            assert (_MODULES / f"mod_{name}.so").exists(), "apt install libapache2-mod-auth-openidc"
        modules = "\n".join(f"LoadModule {name}_module {_MODULES}/mod_{name}.so" for name in names)
        file = self._directory / "wiki.conf"
        file.write_text(f"""
            ServerRoot {self._directory}
            ServerName 127.0.0.1
            PidFile {self._directory}/apache.pid
            ErrorLog {self._directory}/apache.log
            Listen 127.0.0.1:{self.port}
            {modules}
            {"User www-data" if os.geteuid() == 0 else ""}
            {"Group www-data" if os.geteuid() == 0 else ""}
            DocumentRoot {_PAGES}
            DirectoryIndex index.html
            {site}
            {more}
        """)
        return [program("apache2"), "-f", str(file), "-D", "FOREGROUND"]

    def log(self) -> str:
        return (self._directory / "apache.log").read_text()


@dataclass
class Site:
    latchkey: Server
    wiki: Wiki

    def visitor(self, person: Person) -> "Visitor":
        return Visitor(self, person, Browser(self.wiki.url))


@dataclass
class Visitor:
    """A person's browser, as far as it is at the wiki; `person.browser` is at Latchkey."""

    site: Site
    person: Person
    browser: Browser

    def open(self, path: str = "/", decision: str = "allow") -> Page:
        """The page, after signing in where that is asked for, and saying yes to the wiki."""
        page = self.browser.open(path)
        while page.away is not None:
            page = self._ask_latchkey(page.away, decision)
        return page

    def _ask_latchkey(self, address: str, decision: str) -> Page:
        page = self.person.open(address)
        if page.away is None and any("decision" in dict(form.buttons) for form in page.forms):
            page = page.submit(form=page.form_with("decision"), press=decision)
        return self.come_back(page)

    def come_back(self, page: Page) -> Page:
        """What the wiki says to the answer that Latchkey gave: a redirect or a form."""
        if page.away is not None:
            return self.browser.open(page.away)
        return self.browser.post(page.form.action, list(page.form.hidden.items()))

    def assert_in(self, page: Page) -> None:
        assert page.status == 200, self.site.wiki.log()
        assert page.headers["X-User"] == self.person.name

    @property
    def is_in(self) -> bool:
        return self.browser.open("/").away is None


@contextmanager
def _site(
    directory: Path,
    more: str = "",
    pkce: str = "optional",
    told: bool = True,
    algorithm: str = "RS256",
    **options,
) -> Iterator[Site]:
    file = directory / "clients.yaml"
    options |= {"oauth": {"clients_file": str(file)}}
    latchkey = Server(directory, Sqlite(directory), options)
    with (
        closing(latchkey),
        closing(Wiki(directory, latchkey.port, latchkey.port, {"more": more})) as wiki,
    ):
        example = changed(
            _example("yaml"),
            {
                "https://wiki.example.com/": f"{wiki.url}/",
                "client_secret_file: wiki.secret": f"client_secret: {_SECRET}",
            },
        )
        [client] = yaml.safe_load(example)
        client |= {
            "pkce": pkce,
            "id_token_signed_response_alg": algorithm,
            "post_logout_redirect_uris": [f"{wiki.url}/"],
        }
        if not told:
            del client["backchannel_logout_uri"]
        if "client_secret_post" in more:
            client["token_endpoint_auth_method"] = "client_secret_post"
        file.write_text(yaml.safe_dump({"clients": [client]}))
        latchkey.start()
        yield Site(latchkey, wiki)


@pytest.fixture(scope="module")
def site(binary, tmp_path_factory) -> Iterator[Site]:
    with _site(tmp_path_factory.mktemp("wiki")) as site:
        yield site


@pytest.fixture
def visitor(site) -> Visitor:
    return site.visitor(new_person(site.latchkey))


@pytest.mark.parametrize("variant", _VARIANTS)
def test_sees_the_page_after_signing_in(binary, tmp_path, variant):
    with _site(tmp_path, *_VARIANTS[variant]) as site:
        visitor = site.visitor(new_person(site.latchkey))
        visitor.assert_in(visitor.open())
        visitor.assert_in(visitor.browser.open("/"))


def test_is_refused_after_a_no(visitor):
    page = visitor.open(decision="deny")
    assert page.status >= 400 or "Error" in page.text
    assert "X-User" not in page.headers
    assert not visitor.is_in


def test_signs_out_of_both(visitor):
    """By the module's own address, which sends the browser to /oauth2/logout with its ID token."""
    visitor.open()
    page = visitor.browser.open("/redirect_uri", logout=f"{visitor.site.wiki.url}/")
    assert urlsplit(page.away).path == "/oauth2/logout"
    page = visitor.person.browser.open(page.away)
    page = page.submit(form=page.form_with("decision"), press="sign_out")
    assert page.away == f"{visitor.site.wiki.url}/"
    assert not visitor.is_in
    asked = visitor.person.browser.open(visitor.browser.open("/").away)
    assert urlsplit(asked.url).path == "/account/sign-in"
    visitor.assert_in(visitor.open())


def test_comes_back_without_a_password_when_the_wikis_session_is_over(visitor):
    visitor.open()
    visitor.browser.cookies.clear()
    visitor.person.secret = "not asked for"
    visitor.assert_in(visitor.open())


def test_is_asked_for_the_password_again_where_the_wiki_wants_that(binary, tmp_path):
    with _site(tmp_path, 'OIDCAuthRequestParams "prompt=login"') as site:
        visitor = site.visitor(new_person(site.latchkey))
        visitor.assert_in(visitor.open())
        visitor.browser.cookies.clear()
        page = visitor.person.browser.open(visitor.browser.open("/").away)
        page.form_with("password")


@pytest.mark.parametrize("address", [None, "alice@example.com"])
def test_learns_the_address_where_there_is_one(binary, tmp_path, address):
    """Nothing happens to people who have none."""
    more = '<Location "/">\nHeader set X-Address "expr=%{ENV:OIDC_CLAIM_email}"\n</Location>'
    more = f'OIDCScope "openid profile email"\nOIDCPassClaimsAs environment\n{more}'
    with _site(tmp_path, more) as site:
        visitor = site.visitor(new_person(site.latchkey))
        if address:
            site.latchkey.command("user", "add-threepid", visitor.person.name, "email", address)
        page = visitor.open()
        visitor.assert_in(page)
        assert page.headers["X-Address"] == (address or "")


@pytest.mark.parametrize("end", ["deactivate", "lock", "soft-logout"])
def test_is_out_at_the_next_refresh_when_the_account_is_no_longer_good(binary, tmp_path, end):
    """Where the wiki refreshes its tokens and heeds a refusal."""
    lifetime = {"access_token_lifetime": "2s", "refresh_grace": "1s"}
    with _site(tmp_path, _REFRESHES, told=False, sessions=lifetime) as site:
        visitor = site.visitor(new_person(site.latchkey))
        visitor.assert_in(visitor.open())
        site.latchkey.command("user", end, visitor.person.name)
        wait_until(lambda: not visitor.is_in, "the wiki to refresh", 30)


@pytest.mark.parametrize("command", ["user deactivate", "user lock", "session end"])
@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_is_out_when_the_wiki_is_told(binary, tmp_path, command, algorithm):
    """By back-channel logout, as the example has it: the wiki asks for nothing."""
    more = f"OIDCIDTokenSignedResponseAlg {algorithm}"
    with _site(tmp_path, more, algorithm=algorithm) as site:
        first, second = (site.visitor(new_person(site.latchkey)) for _ in range(2))
        for visitor in (first, second):
            visitor.assert_in(visitor.open())
        name = first.person.name
        [session] = site.latchkey.command("user", "sessions", name)["sessions"]
        who = session["id"] if command.startswith("session") else name
        site.latchkey.command(*command.split(), who)
        wait_until(lambda: not first.is_in, "the wiki to be told", 60)
        assert second.is_in


def test_stays_in_over_many_refreshes(binary, tmp_path):
    lifetime = {"access_token_lifetime": "2s", "refresh_grace": "1s"}
    with _site(tmp_path, _REFRESHES, sessions=lifetime) as site:
        visitor = site.visitor(new_person(site.latchkey))
        visitor.assert_in(visitor.open())

        def refreshed() -> bool:
            visitor.assert_in(visitor.browser.open("/"))
            return site.latchkey.log().count("/oauth2/token") > 3

        wait_until(refreshed, "three refreshes", 60)
