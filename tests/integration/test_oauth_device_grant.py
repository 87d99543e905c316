"""The device authorization grant (RFC 8628; spec "Device authorisation flow")."""

import pytest

from support.answers import assert_good
from support.api import new_name
from support.oauth import DeviceClient, OAuthClient, Person, Television, device_scope
from support.secrets import password
from support.server import SERVER_NAME


@pytest.fixture
def television(server) -> Television:
    return Television(server)


def assert_refused(answer, error: str) -> None:
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"] == error, answer.text


def test_signs_a_device_in(server, television, person):
    begun = television.begin()
    assert begun["interval"] == 5
    assert begun["expires_in"] == 900
    assert_refused(television.poll(begun), "authorization_pending")
    page = person.decide(begun, "allow")
    assert page.status == 200, page.text
    tokens = assert_good(television.poll(begun))
    assert tokens["scope"] == device_scope(television.device)
    who = assert_good(server.api.whoami(tokens["access_token"]))
    assert who["user_id"] == f"@{person.name}:{SERVER_NAME}"
    assert who["device_id"] == television.device
    assert_good(television.refresh(tokens["refresh_token"]))
    assert "This device" not in person.open("/account/device", device_id=television.device).text


def test_a_lost_answer_is_given_again(server, television, person):
    begun = television.begin()
    person.decide(begun, "allow")
    first = assert_good(television.poll(begun))
    assert assert_good(television.poll(begun))["access_token"] == first["access_token"]
    assert_good(television.refresh(first["refresh_token"]))
    assert_refused(television.poll(begun), "invalid_grant")


def test_the_person_says_no(television, person):
    begun = television.begin()
    person.decide(begun, "deny")
    assert_refused(television.poll(begun), "access_denied")


def test_the_page_says_who_asks_and_from_where(television, person):
    begun = television.begin()
    page = person.open("/link", user_code=begun["user_code"].lower().replace("-", " "))
    for words in ("A Television", begun["user_code"], "127.0.0.1", f"@{person.name}:"):
        assert words in page.text
    # Opening the page decided nothing.
    assert_refused(television.poll(begun), "authorization_pending")


def test_the_page_names_no_host_that_nothing_proves(server, person):
    """Anybody can ask with the client_id of any app, and what is allowed goes to who asks."""
    television = Television(server)
    page = person.open(television.begin()["verification_uri_complete"])
    assert "app.example" not in page.text


def test_the_code_is_typed(television, person):
    begun = television.begin()
    page = person.open("/link")
    assert page.form.typed == ["user_code"]
    assert f"@{person.name}:" in page.text, "nobody sees whom the device would get"
    page = page.submit(user_code=begun["user_code"].lower())
    form = page.form_with("decision")
    assert begun["user_code"] not in page.text, "whoever looks on reads it"
    assert "have read the code from a device" in page.text
    assert_refused(television.poll(begun), "authorization_pending")
    page.submit(form=form, press="allow")
    page = person.browser.open("/link", user_code=television.begin()["user_code"])
    assert "shows this code" in page.text, "by a link there is something to compare"
    assert page.form_with("decision").hidden["user_code"] in page.text
    page = person.browser.open("/link", user_code="BCDF-GHJK")
    assert page.status == 404
    assert page.alert


def test_the_code_is_typed_as_keyboards_make_dashes_and_spaces(television, person):
    code = television.begin()["user_code"]
    person.sign_in_if_asked(person.browser.open("/link"))
    dashed, spaced = code.replace("-", "\u2013"), code.replace("-", "\u00a0")
    for typed in (dashed, spaced, f"\u200b{code.lower()}."):
        assert person.browser.open("/link", user_code=typed).form_with("decision"), typed


def test_the_page_takes_a_hint_at_who_signs_in(television, person):
    code = television.begin()["user_code"]
    hint = f"mxid:@{person.name}:example.com"
    page = person.browser.open("/link", user_code=code, login_hint=hint)
    assert f'value="@{person.name}:example.com"' in page.html


def test_a_code_is_decided_once(television, person):
    begun = television.begin()
    person.decide(begun, "deny")
    page = person.open("/link", user_code=begun["user_code"])
    assert page.status == 404


def test_who_polls_too_often_is_slowed_down(television):
    begun = television.begin()
    assert_refused(television.poll(begun), "authorization_pending")
    assert_refused(television.poll(begun), "slow_down")


def test_client_impersonation(server, television, person):
    other = DeviceClient(server.api, client_name="Another")
    begun = television.begin()
    person.decide(begun, "allow")
    assert_refused(other.poll(begun), "invalid_grant")
    assert_good(television.poll(begun))


def test_a_client_that_did_not_register_the_grant(server):
    client = OAuthClient(server.api)
    answer = client.api.request(
        "POST", "/oauth2/device", data={"client_id": client.id, "scope": device_scope("AAA")}
    )
    assert_refused(answer, "unauthorized_client")


def test_forged_decision(television, person):
    begun = television.begin()
    page = person.open("/link", user_code=begun["user_code"])
    fields = [("user_code", begun["user_code"]), ("decision", "allow"), ("csrf", "x")]
    assert person.browser.post("/link", fields).status == 403
    assert page.headers["X-Frame-Options"] == "DENY"
    assert_refused(television.poll(begun), "authorization_pending")


def test_a_changed_password_takes_the_yes_back(server, television, person):
    begun = television.begin()
    person.decide(begun, "allow")
    server.command("user", "set-password", person.name, "--password-stdin", stdin=password())
    assert_refused(television.poll(begun), "access_denied")


def test_user_code_brute_force(make_server, television):
    server = make_server(rate_limits={"enabled": True, "user_codes": 3, "user_code_interval": "1h"})
    name, secret = new_name(), password()
    assert_good(server.api.register(name, secret, inhibit_login=True))
    person = Person(server.url, name, secret)
    person.open("/account/")
    begun = Television(server).begin()
    for _ in range(3):
        assert person.browser.open("/link", user_code="BCDF-GHJK").status == 404
    assert person.browser.open("/link", user_code="BCDF-GHJK").status == 429
    assert person.browser.open("/link", user_code=begun["user_code"]).status == 429


def test_codes_for_devices_are_limited(make_server):
    """Each is a row, and anybody may ask."""
    limits = {"enabled": True, "device_authorizations": 3, "device_authorization_interval": "1h"}
    server = make_server(rate_limits=limits)
    client = DeviceClient(server.api)
    for _ in range(3):
        assert_good(client.begin("AAABBBCCC"))
    refused = client.begin("AAABBBCCC")
    assert refused.status_code == 429, refused.text
    assert int(refused.headers["Retry-After"]) > 0
    assert "device_code" not in refused.json()
