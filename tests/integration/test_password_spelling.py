"""One and the same password however a keyboard writes its letters (RFC 8265): what was chosen on a
Mac is typed on a phone."""

import secrets
import unicodedata

import pytest

from support.answers import assert_error, assert_good
from support.api import new_name
from support.browser import Visitor
from support.confirmation import change_password, own_password
from support.matrix_client import new_client
from support.secrets import password

FORMS = [("NFD", "NFC"), ("NFC", "NFD")]


def spellings(forms) -> tuple[str, ...]:
    """A new password with letters that have two spellings, in these."""
    text = f"{password()} ä ộ 한"
    written = tuple(unicodedata.normalize(form, text) for form in forms)
    assert len(set(written)) == len(forms)
    return written


def sign_in_by_page(server, name: str, secret: str) -> str:
    page = Visitor(server.url).open("/account/sign-in")
    return page.submit(user=name, password=secret).text


@pytest.mark.parametrize("forms", FORMS)
def test_registered_in_one_spelling_and_typed_in_another(server, forms):
    chosen, typed = spellings(forms)
    name = new_name()
    assert_good(server.api.register(name, chosen))
    for written in (chosen, typed, typed.replace(" ", "\u00a0"), typed.replace(" ", "\u3000")):
        assert_good(server.api.login(name, written))
        assert name in sign_in_by_page(server, name, written)
    plain = "".join(c for c in unicodedata.normalize("NFD", chosen) if not unicodedata.combining(c))
    assert_error(server.api.login(name, plain), 403, "M_FORBIDDEN")


@pytest.mark.parametrize("forms", FORMS)
def test_a_change_is_confirmed_and_made_in_any_spelling(server, forms):
    chosen, typed = spellings(forms)
    client = new_client(server.api)
    name, first = client.store.user, client.store.password
    asked = change_password(server.api, client.access, chosen)
    assert_good(asked.ask(own_password(name, first)))
    assert_good(server.api.login(name, typed))
    # The stage takes the other spelling of what is the password now.
    again = change_password(server.api, client.access, first)
    assert_good(again.ask(own_password(name, typed)))
    assert_good(server.api.login(name, first))


@pytest.mark.parametrize("forms", FORMS)
def test_pages_take_any_spelling(server, forms):
    chosen, typed = spellings(forms)
    other = spellings(forms)
    name = new_name()
    browser = Visitor(server.url)
    form = browser.open("/account/sign-up")
    assert name in form.submit(user=name, password=chosen, repeated=chosen).text
    assert_good(server.api.login(name, typed))
    page = browser.open("/account/password")
    # Also when it is repeated on another keyboard.
    done = page.submit(current=typed, password=other[0], repeated=other[1])
    assert "Your password is changed" in done.text
    assert_good(server.api.login(name, other[1]))


@pytest.mark.parametrize("forms", FORMS)
def test_recovery_and_commands_take_any_spelling(server, forms):
    chosen, typed = spellings(forms)
    name = new_name()
    server.command("user", "create", name, "--password-stdin", stdin=chosen + "\n")
    assert_good(server.api.login(name, typed))
    chosen, typed = spellings(forms)
    server.command("user", "set-password", name, "--password-stdin", stdin=chosen + "\n")
    assert_good(server.api.login(name, typed))
    chosen, typed = spellings(forms)
    url = server.command("user", "recovery-link", name)["url"]
    path, token = url.removeprefix(server.url).split("?token=")
    page = Visitor(server.url).open(path, token=token)
    assert "Your password is changed" in page.submit(password=chosen, repeated=typed).text
    assert_good(server.api.login(name, typed))


def test_the_length_is_that_of_what_people_see(server):
    """Four letters and three signs: that a Mac sends four more is no reason to take them."""
    for form in ("NFC", "NFD"):
        short = unicodedata.normalize(form, "äöüë") + secrets.token_hex(2)[:3]
        assert_error(server.api.register(new_name(), short), 400, "M_WEAK_PASSWORD")
