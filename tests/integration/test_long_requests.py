"""Requests as long as Latchkey says that it takes them, on the whole way of a person."""

import json
import random
from string import ascii_letters, digits
from urllib.parse import urlencode

import pytest

from support.oauth import answer_of

LONGEST = 8192


def state_of(kind: str, size: int) -> str:
    if kind == "json":
        text = ""
        while len(text) < size:
            text += json.dumps({"return_to": f"/rooms/{len(text)}?x=1&y=2", "n": [1, "ä"]})
        return text[:size]
    return "".join(random.Random(size).choices(ascii_letters + digits + "-_", k=size))


@pytest.mark.parametrize("kind", ["json", "random"])
@pytest.mark.parametrize("size", [1000, 2048])
def test_a_long_state_comes_back(client, person, kind, size):
    asked = client.ask(state=state_of(kind, size), nonce=state_of(kind, size))
    page = person.browser.open(asked.url)
    assert "/account/sign-in" in page.url
    assert len(page.url) < len(asked.url) + 300, "longer than what was asked"
    assert person.sign_in_if_asked(page).form_with("decision")
    assert person.allow(asked)["state"] == asked.query["state"]


def test_the_longest_request_that_is_taken(client, person):
    asked = client.ask(state=state_of("random", 2048), nonce=state_of("random", 2048))
    room = LONGEST - len(urlencode(asked.query)) - len("&login_hint=&x=") - 2048
    asked.query |= {"login_hint": state_of("random", 2048), "x": state_of("random", room)}
    assert len(asked.url.partition("?")[2]) == LONGEST
    for page in (person.browser.open(asked.url), person.browser.open(asked.url)):
        page = person.sign_in_if_asked(page)
        told = answer_of(page.submit(form=page.form_with("decision"), press="allow"))
        assert told["state"] == asked.query["state"]
    asked.query["x"] += "x"
    page = person.browser.open(asked.url)
    assert (page.status, page.away) == (400, None)
    assert "too long" in page.text


def test_from_signing_in_to_signing_up_and_to_another_account(client, person):
    asked = client.ask(state=state_of("json", 2048), ui_locales="de")
    page = person.browser.open(asked.url)
    page = person.browser.open(page.link("Eines anlegen"))
    assert "/account/sign-up" in page.url and '<html lang="de"' in page.html
    page = person.browser.open(page.link("Anmelden"))
    page = person.sign_in_if_asked(page)
    page = person.browser.open(page.link("Nicht du? Ein anderes Konto benutzen"))
    page = person.sign_in_if_asked(page)
    told = answer_of(page.submit(form=page.form_with("decision"), press="allow"))
    assert told["state"] == asked.query["state"]


def test_a_client_may_post_a_long_request(client, person):
    asked = client.ask(state=state_of("json", 2048), nonce=state_of("random", 2000))
    answer = client.api.request("POST", "/oauth2/authorize", data=asked.query)
    assert answer.status_code == 303
    assert len(answer.headers["Location"]) < len(asked.url)
    page = person.open(answer.headers["Location"])
    told = answer_of(page.submit(form=page.form_with("decision"), press="allow"))
    assert told["state"] == asked.query["state"]


def test_a_long_address_of_an_app_of_the_legacy_api(person):
    target = f"https://app.example/?x={state_of('random', 1900)}"
    page = person.browser.open("/_matrix/client/v3/login/sso/redirect", redirectUrl=target)
    page = person.sign_in_if_asked(page)
    assert page.submit(form=page.form_with("redirect_url")).away.startswith(target)


@pytest.mark.parametrize("value", ["", "x", "AAAA", "%25", "eJw", "A" * 9000])
def test_what_is_no_shortened_request(person, value):
    person.open("/account/")
    page = person.browser.open(f"/oauth2/authorize?continue={value}")
    assert (page.status, page.away) == (400, None)
