"""A person manages their account in Chromium."""

import time

from support.api import new_name
from support.secrets import password
from support.server import SERVER_NAME


def submit(page, **typed):
    for name, value in typed.items():
        page.fill(f"#{name}", value)
    page.click("button[type=submit]")


def sign_up(page, name, secret):
    page.goto("/account/sign-up")
    submit(page, user=name, password=secret, repeated=secret)
    assert page.title() == f"Your account · {SERVER_NAME}"


def alert(page) -> str:
    return page.locator("[role=alert]").inner_text()


def notice(page) -> str:
    return page.locator("[role=status]").inner_text()


def test_everybody_can_use_every_page(server, open_browser, judge):
    page, name, secret = open_browser(), new_name(), password()
    for path in ("/account/sign-in", "/account/sign-up", "/account/recover"):
        page.goto(path)
        judge(page)
    submitted = open_browser()
    submitted.goto("/account/sign-in")
    submit(submitted, user=name, password="wrong")
    judge(submitted)
    sign_up(page, name, secret)
    server.api.login(name, secret, device="PHONE", initial_device_display_name="Telephone")
    for path in (
        "",
        "profile",
        "devices",
        "device?device_id=PHONE",
        "device?device_id=NONE",
        "device/delete?device_id=PHONE",
        "password",
        "sign-out-everywhere",
        "deactivate",
        "cross-signing-reset",
        "sign-in?again=1",
    ):
        page.goto(f"/account/{path}")
        judge(page)


def test_device_is_renamed_kept_and_deleted(server, open_browser, judge):
    page, name, secret = open_browser(), new_name(), password()
    sign_up(page, name, secret)
    server.api.login(name, secret, device="PHONE", initial_device_display_name="Telephone")
    page.click("text=Your devices")
    page.click("text=Telephone")
    submit(page, name="Old <b>phone")
    assert notice(page) == "Saved."
    time.sleep(10.1)

    page.click("a.danger")
    judge(page)
    page.get_by_role("link", name="Cancel").click()
    assert page.locator("h1").inner_text() == "Old <b>phone"
    page.click("a.danger")
    submit(page, password="wrong")
    assert "not your password" in alert(page)
    submit(page, password=secret)
    assert notice(page) == "The device is signed out and deleted."
    assert "Old <b>phone" not in page.locator("main").inner_text()


def test_password_is_changed_and_other_browsers_end(server, open_browser):
    page, other, name, secret = open_browser(), open_browser(), new_name(), password()
    sign_up(page, name, secret)
    other.goto("/account/")
    submit(other, user=f"@{name}:{SERVER_NAME}", password=secret)
    new = password()
    page.goto("/account/password")
    assert page.locator("#devices").is_checked()
    submit(page, current=secret, password=new, repeated=new)
    assert notice(page) == "Your password is changed."
    other.reload()
    assert "/account/sign-in" in other.url


def test_link_of_an_app_leads_to_its_page(server, open_browser):
    page, name, secret = open_browser(), new_name(), password()
    server.api.register(name, secret, device_id="PHONE")
    page.goto("/account/?action=org.matrix.device_delete&device_id=PHONE")
    submit(page, user=name, password=secret)
    assert page.url.endswith("/account/device/delete?device_id=PHONE")
    assert "PHONE" in page.locator("main").inner_text()


def test_browser_without_scripts_in_german(server, open_browser):
    page, name, secret = (
        open_browser(java_script_enabled=False, locale="de-DE"),
        new_name(),
        password(),
    )
    page.goto("/account/sign-up")
    submit(page, user=name, password=secret, repeated=secret)
    assert page.locator("html").get_attribute("lang") == "de"
    assert "Dein Konto ist fertig" in notice(page)
    page.click("button.plain")
    assert notice(page) == "Du bist in diesem Browser abgemeldet."
