"""A provider that is down: nobody is signed out by it, and it comes back."""

from support.answers import assert_good
from support.server import SERVER_NAME


def test_a_provider_that_is_away_ends_nothing(employee, corp_server, provider):
    employee.sign_up()
    tokens = employee.sign_app_in("PHONE")
    away = employee.leave()
    told = provider.sign_in(employee.away, away, employee.login, employee.callback)
    provider.stop()
    try:
        assert_good(corp_server.api.whoami(tokens["access_token"]))
        page = employee.browser.open("/account/providers/corp/callback", **told)
        assert page.status == 503
        assert "Corp does not answer" in page.text
        assert_good(corp_server.api.whoami(tokens["access_token"]))
    finally:
        provider.start()
    employee.browser.cookies.clear()
    assert f"@{employee.login}:{SERVER_NAME}" in employee.sign_in().text
