"""Whoever has no password confirms at the provider what their app is about to do."""

import os
import subprocess
from pathlib import Path

from support.answers import assert_good
from support.api import PREFIX
from support.confirmation import Wanted, assert_challenge, fallback_path
from support.oidc import NODE

STORY = Path(__file__).parents[1] / "js/providers/confirm.js"


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
    environment = {
        "PATH": os.environ["PATH"],
        "URL": corp_server.url,
        "TOKEN": tokens["access_token"],
        "USER": tokens["user_id"],
        "DEVICE": "LAPTOP",
    }
    with subprocess.Popen(
        [NODE, STORY], env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as app:  # fmt: skip
        said = []
        try:
            for line in app.stdout:
                said.append(line)
                if line.startswith("open "):
                    page = employee.browser.open(line.removeprefix("open ").strip())
                    assert_done(employee.come_back(page.submit().away))
                    app.stdin.write("done\n")
                    app.stdin.flush()
            assert app.wait(timeout=60) == 0, "".join(said)[-6000:]
        finally:
            app.kill()
