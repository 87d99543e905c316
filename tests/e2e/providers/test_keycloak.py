"""What Keycloak has and the other provider has not: each way for a client to prove itself, each
algorithm for ID tokens, answers as a form, userinfo that is signed, and sessions with names."""

import base64
import json
from collections.abc import Iterator
from contextlib import closing

import pytest
from Crypto.PublicKey import ECC, RSA

from support.answers import assert_good, assert_soft
from support.api import PREFIX
from support.browser import Page
from support.keycloak import Realm
from support.polling import wait_until
from support.server import SERVER_NAME, Server

from .conftest import PEOPLE, SECRET, Employee, accounts

pytestmark = pytest.mark.xdist_group("keycloak")


def _number(value: int, size: int) -> str:
    return base64.urlsafe_b64encode(value.to_bytes(size, "big")).decode().rstrip("=")


def new_key(algorithm: str) -> tuple[dict, dict]:
    """A JSON Web Key, and its public half."""
    about = {"alg": algorithm, "kid": f"latchkey-{algorithm}", "use": "sig"}
    if algorithm == "PS256":
        key = RSA.generate(2048)
        public = {"kty": "RSA", "n": _number(key.n, 256), "e": _number(key.e, 3)}
        private = {name: getattr(key, name) for name in ("d", "p", "q")}
        private |= {"dp": key.d % (key.p - 1), "dq": key.d % (key.q - 1), "qi": key.invq}
        secret = {
            name: _number(value, 256 if name == "d" else 128) for name, value in private.items()
        }
    else:
        key = ECC.generate(curve="p256")
        x, y = (_number(int(value), 32) for value in (key.pointQ.x, key.pointQ.y))
        public = {"kty": "EC", "crv": "P-256", "x": x, "y": y}
        secret = {"d": _number(int(key.d), 32)}
    return about | public | secret, about | public


def by_key(algorithm: str) -> tuple[dict, dict, dict]:
    private, public = new_key(algorithm)
    return (
        {"client_auth": "private_key_jwt", "client_key": json.dumps(private)},
        {"clientAuthenticatorType": "client-jwt"},
        {
            "use.jwks.string": "true",
            "jwks.string": json.dumps({"keys": [public]}),
            "token.endpoint.auth.signing.alg": algorithm,
        },
    )


LONG_SECRET = "a secret of forty characters and a few more"
# How we are configured, how the client is there, and its attributes.
VARIANTS: dict[str, tuple[dict, dict, dict]] = {
    "basic": ({"client_secret": SECRET}, {"secret": SECRET}, {}),
    "post": (
        {"client_secret": SECRET, "client_auth": "client_secret_post"},
        {"secret": SECRET},
        {},
    ),
    "form": ({"client_secret": SECRET, "response_mode": "form_post"}, {"secret": SECRET}, {}),
    "public": ({"client_auth": "none"}, {"publicClient": True}, {}),
    "secretjwt": (
        {"client_secret": LONG_SECRET, "client_auth": "client_secret_jwt"},
        {"secret": LONG_SECRET, "clientAuthenticatorType": "client-secret-jwt"},
        {},
    ),
    "es256": by_key("ES256"),
    "ps256": by_key("PS256"),
    "eddsa": ({"client_secret": SECRET}, {"secret": SECRET}, {}),
    "userinfo": (
        {"client_secret": SECRET, "userinfo": "required", "userinfo_signed": True},
        {"secret": SECRET},
        {"user.info.response.signature.alg": "RS256"},
    ),
}
# What the ID tokens of these are signed with, and nothing else is believed.
SIGNED = {"es256": "ES256", "ps256": "PS256", "eddsa": "EdDSA", "post": "RS256"}


def client(server: Server, name: str) -> dict:
    place = f"{server.url}/account/providers/{name}"
    _, known, attributes = VARIANTS[name]
    every = {
        "backchannel.logout.url": f"{place}/logout",
        "backchannel.logout.session.required": "true",
        "pkce.code.challenge.method": "S256",
    }
    if name in SIGNED:
        every["id.token.signed.response.alg"] = SIGNED[name]
    return known | {
        "clientId": f"latchkey-{name}",
        "redirectUris": [f"{place}/callback"],
        "attributes": every | attributes,
    }


def configured(realm: Realm, name: str) -> dict:
    ours, _, _ = VARIANTS[name]
    signed = {"id_token_algorithms": [SIGNED[name]]} if name in SIGNED else {}
    return (
        ours
        | signed
        | {
            "id": name,
            "kind": "oidc",
            "name": f"Corp by {name}",
            "issuer": realm.issuer,
            "client_id": f"latchkey-{name}",
            "localpart": "{{ claims.preferred_username }}",
            "email": "{{ claims.email }}",
            "registration": True,
        }
    )


@pytest.fixture(scope="module")
def server(make_lasting_server) -> Server:
    """Not started: the provider has to know its address, and it the provider's."""
    return make_lasting_server(start=False)


@pytest.fixture(scope="module")
def realm(keycloak, server) -> Iterator[Realm]:
    clients = [client(server, name) for name in VARIANTS]
    with closing(Realm(keycloak, "variants", clients, accounts())) as realm:
        server.options["sign_in"] = {"providers": [configured(realm, name) for name in VARIANTS]}
        server.start()
        yield realm


@pytest.fixture(scope="module")
def people() -> Iterator[str]:
    return iter(PEOPLE)


class Colleague(Employee):
    """Somebody who comes by one of the ways."""

    def __init__(self, server: Server, realm: Realm, login: str, way: str):
        self.way = way
        super().__init__(server, realm, login)

    @property
    def callback(self) -> str:
        return f"{self.server.url}/account/providers/{self.way}/callback"


def go_and_come_back(somebody: Colleague) -> Page:
    path = f"/account/providers/{somebody.way}"
    away = somebody.browser.open(path).away
    told = somebody.provider.sign_in(somebody.away, away, somebody.login, somebody.callback)
    if somebody.way != "form":
        return somebody.browser.open(f"{path}/callback", **told)
    # As the browser sends it, from another site and so without our cookies.
    answer = somebody.server.api.request("POST", f"{path}/callback", data=told)
    assert answer.status_code == 303
    return somebody.browser.open(answer.headers["Location"])


@pytest.mark.parametrize("way", VARIANTS)
def test_a_client_of_every_kind_signs_people_in(server, realm, people, way):
    somebody = Colleague(server, realm, next(people), way)
    page = go_and_come_back(somebody)
    if page.status == 503:
        # The first time it signs with an algorithm it makes a key, which may take a busy machine
        # longer than anybody waits.
        page = go_and_come_back(somebody)
    assert page.status == 200, f"{page.text} {server.log()[-3000:]}"
    assert page.value_of("user") == somebody.login
    assert f"{somebody.login}@corp.example" in page.text
    # Operators see it too. Keycloak makes a key for an algorithm when it first signs with it.
    assert server.command("provider", "test", way)["fine"]
    assert f"@{somebody.login}:{SERVER_NAME}" in page.submit(user=somebody.login).text
    [link] = server.command("user", "links", somebody.login)["links"]
    assert (link["provider"], link["subject"]) == (way, realm.subject_of(somebody.login))


def test_an_answer_in_the_address_is_as_good_as_the_form_that_was_asked_for(server, realm, people):
    """Dex ignores `response_mode`."""
    somebody = Colleague(server, realm, next(people), "form")
    away = somebody.browser.open("/account/providers/form").away
    assert "response_mode=form_post" in away
    away = away.replace("&response_mode=form_post", "")
    told = realm.sign_in(somebody.away, away, somebody.login, somebody.callback)
    page = somebody.browser.open("/account/providers/form/callback", **told)
    assert page.value_of("user") == somebody.login


def sign_app_in(somebody: Colleague, device: str) -> str:
    page = somebody.browser.open(
        f"{PREFIX}/login/sso/redirect/{somebody.way}", redirectUrl="https://client.example/back"
    )
    told = somebody.provider.sign_in(somebody.away, page.away, somebody.login, somebody.callback)
    page = somebody.browser.open(f"/account/providers/{somebody.way}/callback", **told)
    if "user" in page.form.typed:
        page = page.submit(user=somebody.login)
    return somebody.token(page, device)["access_token"]


def test_who_signs_out_there_is_signed_out_of_what_that_browser_began(server, realm, people):
    login = next(people)
    office, home = (Colleague(server, realm, login, "basic") for _ in range(2))
    tokens = [sign_app_in(office, "OFFICE"), sign_app_in(home, "HOME")]
    realm.sign_out(office.away)
    wait_until(lambda: server.api.whoami(tokens[0]).status_code == 401, "the notice")
    assert_soft(server.api.whoami(tokens[0]))
    # It was another session of theirs there (sid).
    assert_good(server.api.whoami(tokens[1]))
    assert f"@{login}:{SERVER_NAME}" in home.browser.open("/account/").text
