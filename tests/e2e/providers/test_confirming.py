"""Whoever has no password confirms at the provider what their app is about to do."""

from support.answers import assert_good
from support.api import PREFIX
from support.confirmation import Wanted, assert_challenge, fallback_path
from support.javascript_app import run_app


def assert_done(page) -> None:
    assert page.status == 200, page.text
    assert 'postMessage("authDone", "*")' in page.html


def test_only_the_person_confirms(employee, corp_server, names):
    employee.sign_up()
    tokens = employee.sign_app_in("PHONE")
    wanted = Wanted(
        corp_server.api, "DELETE", f"{PREFIX}/devices/PHONE", {}, tokens["access_token"]
    )
    session = assert_challenge(wanted.ask())["session"]
    page = employee.browser.open(fallback_path("m.login.sso"), session=session)
    assert "delete the device PHONE" in page.text
    away = page.submit().away
    # The provider asks anew who they are, though they have just signed in there.
    assert "max_age=0" in away
    employee.away.cookies.clear()
    page = employee.come_back(away, next(names))
    assert page.status == 403
    assert_challenge(wanted.ask({"session": session}))
    page = employee.browser.open(page.link("Open the page again"))
    employee.away.cookies.clear()
    assert_done(employee.come_back(page.submit().away))
    assert_good(wanted.ask({"session": session}))


def test_an_app_on_matrix_js_sdk_goes_on_when_they_are_back(employee, corp_server):
    """tests/e2e/js/providers/confirm.js is the app."""
    employee.sign_up()
    tokens = employee.sign_app_in("PHONE")
    employee.sign_app_in("LAPTOP")

    def confirm(address: str) -> str:
        page = employee.browser.open(address)
        assert_done(employee.come_back(page.submit().away))
        return "done"

    run_app(
        "providers/confirm.js",
        confirm,
        URL=corp_server.url,
        TOKEN=tokens["access_token"],
        USER=tokens["user_id"],
        DEVICE="LAPTOP",
    )
