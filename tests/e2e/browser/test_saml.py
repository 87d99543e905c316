"""People sign in with a SAML 2.0 identity provider (pysaml2), in the address or by forms."""

from collections.abc import Iterator

import pytest

from support.chromium import Person
from support.saml import SamlIdp
from support.saml_person import configuration
from support.server import Server


@pytest.fixture(params=["redirect", "post"])
def binding(request) -> str:
    """How the browser brings our request there. The answer always comes by a form."""
    return request.param


@pytest.fixture
def university(server, binding, tmp_path) -> Iterator[Server]:
    idp = SamlIdp(tmp_path, f"{server.url}/account/providers/idp/metadata")
    server.restart({"sign_in": {"providers": [configuration(idp.metadata, binding=binding)]}})
    try:
        idp.start()
        yield server
    finally:
        idp.close()


def log_in_there(person: Person, way) -> None:
    """On the provider's own pages, which are not ours to judge."""
    login = person.page.locator("input[name=user]")
    login.fill(person.name)
    login.press("Enter")
    if not way.scripts:
        person.page.locator("form [type=submit]").click()
    person.page.wait_for_url(f"{person.server.url}/**")


def leave(person: Person, binding: str, way, judge) -> None:
    person.press("Continue with University")
    if binding == "post" and not way.scripts:
        assert person.heading == "Continue with University"
        judge(person.page)
        person.press("Continue with University")


def test_a_newcomer_signs_up_and_comes_back(university, newcomer, binding, way, judge):
    carol = newcomer("carol")
    carol.open("/account/sign-in")
    judge(carol.page)
    leave(carol, binding, way, judge)
    log_in_there(carol, way)
    assert carol.heading == "Choose your user name"
    judge(carol.page)
    carol.submit("Create an account", user="carol")
    assert carol.path == "/account/"

    carol.open("/account/ways-in")
    assert "University" in carol.text
    judge(carol.page)
    carol.page.context.clear_cookies()
    carol.open("/account/sign-in")
    leave(carol, binding, way, judge)
    log_in_there(carol, way)
    assert carol.path == "/account/"
    assert carol.matrix_id in carol.text
