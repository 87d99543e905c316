"""What operators switch off: it is neither offered nor done, in apps and on the pages."""

import pytest

from support.answers import assert_error, assert_good
from support.api import PREFIX, new_name
from support.browser import Visitor
from support.confirmation import change_password, get_token, own_password
from support.matrix_client import new_client
from support.secrets import password
from support.server import CommandFailed


def actions(server) -> list[str]:
    metadata = assert_good(server.api.request("GET", "/_matrix/client/v1/auth_metadata"))
    return metadata["account_management_actions_supported"]


def capability(server, token: str, name: str) -> bool:
    answer = assert_good(server.api.request("GET", f"{PREFIX}/capabilities", token=token))
    return answer["capabilities"][name]["enabled"]


def browser_of(server, name: str, secret: str) -> Visitor:
    browser = Visitor(server.url)
    page = browser.open("/account/sign-in").submit(user=name, password=secret)
    assert page.status == 200 and name in page.text
    return browser


def paths(page) -> set[str]:
    return {attributes.get("href") for tag, attributes in page.tags if tag == "a"}


def test_passwords_that_people_do_not_change(make_sqlite_server):
    server = make_sqlite_server(account={"password_change": False})
    client = new_client(server.api)
    name, secret = client.store.user, client.store.password
    assert not capability(server, client.access, "m.change_password")
    assert capability(server, client.access, "m.get_login_token")
    wanted = change_password(server.api, client.access, password())
    for auth in (None, own_password(name, secret)):
        assert_error(wanted.ask(auth), 403, "M_FORBIDDEN")
    browser = browser_of(server, name, secret)
    assert "/account/password" not in paths(browser.open("/account/"))
    page = browser.open("/account/password")
    assert page.status == 403 and not page.forms
    assert_good(server.api.login(name, secret))
    # The people who run the server do, and let others.
    url = server.command("user", "recovery-link", name)["url"]
    path, token = url.removeprefix(server.url).split("?token=")
    new = password()
    done = Visitor(server.url).open(path, token=token).submit(password=new, repeated=new)
    assert "Your password is changed" in done.text
    assert_good(server.api.login(name, new))


def test_a_form_that_was_open_changes_no_password(make_sqlite_server):
    server = make_sqlite_server()
    name, secret, new = new_name(), password(), password()
    assert_good(server.api.register(name, secret))
    form = browser_of(server, name, secret).open("/account/password")
    server.restart({"account": {"password_change": False}})
    assert form.submit(current=secret, password=new, repeated=new).status == 403
    assert_good(server.api.login(name, secret))


def test_accounts_that_people_do_not_deactivate(make_sqlite_server):
    server = make_sqlite_server()
    client = new_client(server.api)
    name, secret = client.store.user, client.store.password
    assert "org.matrix.account_deactivate" in actions(server)
    form = browser_of(server, name, secret).open("/account/deactivate")
    server.restart({"account": {"deactivation": False}})
    assert "org.matrix.account_deactivate" not in actions(server)
    assert "org.matrix.device_delete" in actions(server)
    for body in ({}, {"auth": own_password(name, secret)}, {"erase": True}):
        answer = server.api.request(
            "POST", f"{PREFIX}/account/deactivate", token=client.access, json=body
        )
        assert_error(answer, 403, "M_FORBIDDEN")
    assert form.submit(confirm=f"@{name}:example.com").status == 403
    browser = browser_of(server, name, secret)
    assert "/account/deactivate" not in paths(browser.open("/account/"))
    page = browser.open("/account/", action="org.matrix.account_deactivate")
    assert page.status == 403 and not page.forms
    assert_good(server.api.whoami(client.access))
    server.command("user", "deactivate", name)
    assert server.api.whoami(client.access).status_code == 401


def test_names_that_people_do_not_change(make_sqlite_server):
    server = make_sqlite_server()
    name, secret = new_name(), password()
    assert_good(server.api.register(name, secret))
    browser = browser_of(server, name, secret)
    form = browser.open("/account/profile")
    assert "Alice B." in form.submit(name="Alice B.").html
    server.restart({"account": {"displayname_change": False}})
    page = browser.open("/account/profile")
    assert "Alice B." in page.text and not page.forms
    assert form.submit(name="Mallory").status == 403
    assert "Mallory" not in browser.open("/account/profile").text


def test_addresses_that_nobody_signs_in_with(make_sqlite_server):
    server = make_sqlite_server()
    client = new_client(server.api)
    name, secret = client.store.user, client.store.password
    server.command("user", "add-threepid", name, "email", f"{name}@example.org")
    server.command("user", "add-threepid", name, "msisdn", "+49 170 1234567")
    by_email = {"type": "m.id.thirdparty", "medium": "email", "address": f"{name}@example.org"}
    by_phone = {"type": "m.id.phone", "country": "DE", "phone": "0170 1234567"}
    unknown = {"type": "m.id.thirdparty", "medium": "email", "address": "nobody@example.org"}

    def login(**fields):
        body = {"type": "m.login.password", "password": secret, **fields}
        return server.api.request("POST", f"{PREFIX}/login", json=body)

    old = {"medium": "email", "address": f"{name}@example.org"}
    for who in (by_email, by_phone):
        assert_good(login(identifier=who))
    server.restart({"passwords": {"sign_in_by_address": False}})
    refused = [login(identifier=who) for who in (by_email, by_phone, unknown)]
    refused.append(login(**old))
    for answer in refused:
        assert_error(answer, 403, "M_FORBIDDEN")
    assert len({answer.json()["error"] for answer in refused}) == 1, "nobody's addresses are told"
    wanted = change_password(server.api, client.access, password())
    assert wanted.ask(own_password(name, secret) | {"identifier": by_email}).status_code != 200
    page = Visitor(server.url).open("/account/sign-in")
    page = page.submit(user=f"{name}@example.org", password=secret)
    assert page.status == 403 and "user name" in page.alert
    assert_good(server.api.login(name, secret))
    # Who is known already confirms with the password alone, in apps and on the pages.
    wanted = get_token(server.api, client.access)
    auth = {"type": "m.login.password", "password": secret, "session": wanted.session()}
    assert_good(wanted.ask(auth))
    new = password()
    form = browser_of(server, name, secret).open("/account/password")
    assert form.submit(current=secret, password=new, repeated=new).status == 200
    assert_good(server.api.login(name, new))


def test_characters_that_a_password_must_have(make_sqlite_server):
    everything = {f"require_{kind}": True for kind in ("digit", "lowercase", "uppercase", "symbol")}
    server = make_sqlite_server(passwords={**everything, "minimum_score": 0})
    good = password() + "!"
    for weak, lacks in (
        ("Correct-Horse", "a digit"),
        ("CORRECT-7-HORSE", "a small letter"),
        ("correct-7-horse", "a capital letter"),
        ("Correct7Horse", "neither letter nor digit"),
        ("correct horse", "a digit, a capital letter"),
    ):
        answer = server.api.register(new_name(), weak)
        assert_error(answer, 400, "M_WEAK_PASSWORD")
        assert lacks in answer.json()["error"]
        with pytest.raises(CommandFailed, match=lacks):
            server.command("user", "create", new_name(), "--password-stdin", stdin=weak + "\n")
    page = Visitor(server.url).open("/account/sign-up")
    assert "It needs a digit, a small letter, a capital letter" in page.text
    name = new_name()
    refused = page.submit(user=name, password="correct-7-horse", repeated="correct-7-horse")
    assert refused.status == 400 and "a capital letter" in refused.alert
    assert_good(server.api.register(name, good))
    # In any script.
    assert_good(server.api.register(new_name(), "Строка-٣-символов"))


def test_the_list_of_devices_says_how_long_they_are_kept(make_sqlite_server):
    server = make_sqlite_server(sessions={"delete_unused_devices_after": "400d"})
    name, secret = new_name(), password()
    assert_good(server.api.register(name, secret))
    text = browser_of(server, name, secret).open("/account/devices").text
    assert "400 days" in text and "keys" in text
