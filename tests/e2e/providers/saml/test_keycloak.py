"""People of Keycloak sign in by SAML 2.0, as its manual and ours say."""

from collections.abc import Iterator

import httpx
import pytest

from support.answers import assert_good, assert_soft
from support.browser import Form, forms_of
from support.keycloak import Keycloak, Realm
from support.saml_person import ACS, Student, configuration
from support.server import SERVER_NAME, Server

PEOPLE = {
    name: {
        "name": f"{name.capitalize()} Person",
        "email": f"{name}@k.example",
        "email_verified": True,
    }
    for name in ("ada", "ben", "cal", "dot")
}
REALM = "saml"


@pytest.fixture(
    scope="module", params=[pytest.param("keycloak", marks=pytest.mark.xdist_group("keycloak"))]
)
def implementation(request) -> str:
    return request.param


def mapper(kind: str, attribute: str) -> dict:
    return {
        "name": attribute,
        "protocol": "saml",
        "protocolMapper": kind,
        "config": {
            "user.attribute": attribute,
            "attribute.name": attribute,
            "attribute.nameformat": "Basic",
        },
    }


def client(keycloak: Keycloak, metadata: str) -> dict:
    """What "Import client" makes of our metadata, with a persistent name and two attributes."""
    made = keycloak.ask(
        "POST",
        "/master/client-description-converter",
        content=metadata,
        headers={"Content-Type": "application/xml"},
    )
    made["enabled"] = True
    made["frontchannelLogout"] = True
    made["attributes"] |= {
        "saml_name_id_format": "persistent",
        "saml_force_name_id_format": "true",
        "saml.authnstatement": "true",
        "saml.server.signature": "true",
        "saml.assertion.signature": "true",
    }
    made["protocolMappers"] = [
        mapper("saml-user-property-mapper", "username"),
        mapper("saml-user-property-mapper", "email"),
    ]
    return made


@pytest.fixture(scope="module")
def realm_server(make_lasting_server, keycloak, implementation) -> Iterator[Server]:
    server = make_lasting_server(start=False)
    provider = configuration(
        f"{keycloak.url}/realms/{REALM}/protocol/saml/descriptor",
        localpart="{{ claims.username | lower }}",
        email="{{ claims.email }}",
        display_name="",
    )
    server.options["sign_in"] = {"providers": [provider]}
    server.start()
    metadata = httpx.get(f"{server.url}/account/providers/idp/metadata", trust_env=False)
    assert metadata.headers["Content-Type"] == "application/samlmetadata+xml"
    server.realm = Realm(keycloak, REALM, [client(keycloak, metadata.text)], PEOPLE)
    try:
        yield server
    finally:
        server.realm.close()


class Employee(Student):
    """Somebody of the realm, at a browser."""

    def __post_init__(self):
        super().__post_init__()
        self.away = self.idp.new_browser()

    def answer(self, begun: str, login: str | None = None) -> Form:
        acs = self.server.url + ACS
        hidden = self.idp.sign_in(self.away, begun, login or self.login, acs)
        return Form("post", acs, hidden)


def employee(server: Server, login: str) -> Employee:
    return Employee(server, server.realm, login)


def test_people_sign_up_and_in_again(realm_server):
    ada = employee(realm_server, "ada")
    page = ada.sign_in()
    assert page.value_of("user") == "ada"
    assert "ada@k.example" in page.text
    assert f"@ada:{SERVER_NAME}" in page.submit(user="ada").text
    ada.browser.cookies.clear()
    assert f"@ada:{SERVER_NAME}" in ada.sign_in().text


def test_people_prove_themselves_anew(realm_server):
    ben = employee(realm_server, "ben")
    ben.sign_up()
    page = ben.browser.open("/account/sign-in", again="1", next="/account/deactivate")
    form = next(form for form in page.forms if form.action.endswith("/confirm"))
    page = ben.come_back(page.submit(form=form).away)
    assert page.url.endswith("/account/deactivate")


def test_a_sign_out_there_is_heard_and_answered(realm_server):
    cal = employee(realm_server, "cal")
    cal.sign_up()
    tokens = cal.sign_app_in("PHONE")
    api = realm_server.api
    place = f"{realm_server.url}/account/providers/idp/logout"
    begun = f"{realm_server.realm.issuer}/protocol/openid-connect/logout"
    brought = realm_server.realm.sign_in(cal.away, begun, "cal", place)
    assert_good(api.whoami(tokens["access_token"]))
    answer = api.request("POST", "/account/providers/idp/logout", data=brought)
    assert_soft(api.whoami(tokens["access_token"]))
    [form] = forms_of(answer.text)
    assert "SAMLResponse" in form.hidden
    said = cal.away.post(form.action, data=form.hidden, follow_redirects=True)
    assert said.status_code == 200, said.text
    assert "error" not in said.text.lower()


def test_people_sign_in_while_it_changes_its_keys(realm_server):
    dot = employee(realm_server, "dot")
    dot.sign_up()
    dot.browser.cookies.clear()
    realm_server.realm.rotate_keys()
    assert f"@dot:{SERVER_NAME}" in dot.sign_in().text
