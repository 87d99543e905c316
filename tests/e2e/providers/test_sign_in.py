"""People of an OpenID Connect provider sign in, and find back (MSC3741)."""

from support.answers import assert_error, assert_good, assert_soft
from support.api import PREFIX
from support.javascript_app import run_app
from support.polling import wait_until
from support.secrets import password
from support.server import SERVER_NAME

CORP = {"id": "corp", "name": "Corp"}


def sso_flow(answer) -> dict:
    [flow] = [flow for flow in assert_good(answer)["flows"] if flow["type"] == "m.login.sso"]
    return flow


def types(answer) -> list[str]:
    return [flow["type"] for flow in assert_good(answer)["flows"]]


def test_clients_are_told_of_the_provider(corp_server):
    assert sso_flow(corp_server.api.login_flows())["identity_providers"] == [CORP]
    path = f"{PREFIX}/login/sso/redirect/nobody"
    answer = corp_server.api.request("GET", path, params={"redirectUrl": "https://a.example/"})
    assert_error(answer, 404, "M_NOT_FOUND")


def test_a_newcomer_chooses_a_name_and_is_known_from_then_on(employee, corp_server):
    page = employee.sign_in()
    assert "Corp" in page.text
    assert page.value_of("user") == employee.login
    assert f"{employee.login}@corp.example" in page.text
    page = page.submit(user=f"{employee.login}x")
    assert f"@{employee.login}x:{SERVER_NAME}" in page.text
    assert f"{employee.login.capitalize()} of Corp" in page.text
    links = corp_server.command("user", "links", f"{employee.login}x")["links"]
    assert [(link["provider"], link["subject"]) for link in links] == [
        ("corp", employee.provider.subject_of(employee.login))
    ]
    employee.browser.cookies.clear()
    page = employee.sign_in()
    assert f"@{employee.login}x:{SERVER_NAME}" in page.text


def test_a_local_account_of_that_name_is_proved_once(employee, corp_server):
    secret = password()
    assert_good(corp_server.api.register(employee.login, secret, inhibit_login=True))
    page = employee.sign_in()
    assert f"@{employee.login}:{SERVER_NAME}" in page.text
    page = page.submit(password=password())
    assert page.status == 403
    assert page.wrong == {"password": ""}
    page = page.submit(password=secret)
    assert page.status == 200
    assert f"@{employee.login}:{SERVER_NAME}" in page.text
    employee.browser.cookies.clear()
    assert f"@{employee.login}:{SERVER_NAME}" in employee.sign_in().text


def test_after_a_soft_logout_only_the_provider_leads_back_to_the_device(employee, corp_server):
    employee.sign_up()
    tokens = employee.sign_app_in("PHONE")
    api = corp_server.api
    corp_server.command("user", "soft-logout", employee.login)
    assert_soft(api.whoami(tokens["access_token"]))
    narrowed = api.login_flows(tokens["access_token"])
    assert types(narrowed) == ["m.login.sso", "m.login.token"]
    assert sso_flow(narrowed)["identity_providers"] == [CORP]
    employee.browser.cookies.clear()
    again = employee.sign_app_in("PHONE")
    assert again["user_id"] == f"@{employee.login}:{SERVER_NAME}"
    assert again["device_id"] == "PHONE"
    assert_good(api.whoami(again["access_token"]))


def test_an_app_on_matrix_js_sdk_finds_back_to_its_device(employee, corp_server):
    """tests/e2e/js/providers/return.js is the app."""
    employee.sign_up()
    tokens = employee.sign_app_in("PHONE")
    corp_server.command("user", "soft-logout", employee.login)
    employee.browser.cookies.clear()

    def sign_in(address: str) -> str:
        page = employee.come_back(employee.browser.open(address).away)
        return employee.login_token(page)

    run_app(
        "providers/return.js",
        sign_in,
        URL=corp_server.url,
        TOKEN=tokens["access_token"],
        USER=tokens["user_id"],
        DEVICE="PHONE",
    )


def test_a_person_with_a_password_alone_is_not_sent_to_the_provider(corp_server, login):
    api = corp_server.api
    tokens = assert_good(api.register(login, password(), device_id="PHONE"))
    corp_server.command("user", "soft-logout", login)
    narrowed = api.login_flows(tokens["access_token"])
    assert types(narrowed) == ["m.login.password", "m.login.token"]


def test_who_is_named_by_an_app_lands_at_the_provider(employee):
    employee.sign_up()
    employee.browser.cookies.clear()
    page = employee.browser.open("/account/devices", login_hint=employee.login)
    assert page.away is not None
    assert page.away.startswith(employee.provider.issuer)
    page = employee.browser.open("/account/devices", login_hint="nobody")
    assert page.away is None
    assert "Continue with Corp" in page.text


def test_a_way_belongs_to_one_browser_and_is_gone_once(employee):
    employee.sign_up()
    employee.browser.cookies.clear()
    away = employee.leave()
    kept = employee.browser.cookies
    employee.browser.cookies = type(kept)()
    page = employee.come_back(away)
    assert page.status == 400
    assert "another browser" in page.text
    employee.browser.cookies = kept
    away = employee.leave()
    told = employee.provider.sign_in(employee.away, away, employee.login, employee.callback)
    assert employee.browser.open("/account/providers/corp/callback", **told).status == 200
    assert employee.browser.open("/account/providers/corp/callback", **told).status == 400


def test_what_comes_back_as_a_form_is_as_good(employee):
    """`response_mode=form_post`: browsers send no cookie of ours with another site's form."""
    employee.sign_up()
    employee.browser.cookies.clear()
    away = employee.leave()
    told = employee.provider.sign_in(employee.away, away, employee.login, employee.callback)
    answer = employee.server.api.request("POST", "/account/providers/corp/callback", data=told)
    assert answer.status_code == 303
    page = employee.browser.open(answer.headers["Location"])
    assert f"@{employee.login}:{SERVER_NAME}" in page.text


def test_who_cancels_there_is_told_so(employee):
    told = employee.provider.sign_in(
        employee.away, employee.leave(), employee.login, employee.callback, agrees=False
    )
    page = employee.browser.open("/account/providers/corp/callback", **told)
    assert page.status == 403
    assert "Corp" in page.text
    assert "Continue with Corp" in employee.browser.open(page.link("Back to signing in")).text


def test_what_is_destroyed_is_confirmed_at_the_provider(employee):
    employee.sign_up()
    page = employee.browser.open("/account/sign-in", again="1", next="/account/deactivate")
    assert "password" not in {name for form in page.forms for name in form.typed}
    form = next(form for form in page.forms if form.action.endswith("/confirm"))
    page = page.submit(form=form)
    assert page.away.startswith(employee.provider.issuer)
    assert "max_age=0" in page.away
    page = employee.come_back(page.away)
    assert page.url.endswith("/account/deactivate")


def test_the_last_way_in_stays(employee, corp_server):
    employee.sign_up()
    page = employee.browser.open("/account/ways-in")
    assert "Corp" in page.text
    page = page.submit(form=page.form_with("subject"))
    assert page.status == 409
    assert len(corp_server.command("user", "links", employee.login)["links"]) == 1


def test_a_logout_there_ends_softly_what_it_had_begun(employee, corp_server):
    employee.sign_up()
    tokens = employee.sign_app_in("PHONE")
    employee.provider.end_sessions(employee.login)
    wait_until(
        lambda: corp_server.api.whoami(tokens["access_token"]).status_code == 401, "the notice"
    )
    assert_soft(corp_server.api.whoami(tokens["access_token"]))
    page = employee.browser.open("/account/")
    assert "/account/sign-in" in page.url


def test_operators_see_whether_it_works(corp_server):
    [listed] = corp_server.command("provider", "list")["providers"]
    assert (listed["id"], listed["kind"]) == ("corp", "oidc")
    assert corp_server.command("provider", "test", "corp")["fine"]


def test_new_keys_are_fetched_while_people_sign_in(employee):
    employee.sign_up()
    employee.provider.rotate_keys()
    employee.browser.cookies.clear()
    assert f"@{employee.login}:{SERVER_NAME}" in employee.sign_in().text
