"""People sign in with a CAS server, prove there that it is them, and sign out there."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from support.cas_server import CasServer
from support.chromium import Person
from support.server import Server


@pytest.fixture(scope="module")
def cas() -> Iterator[CasServer]:
    with closing(CasServer()) as cas:
        yield cas


@pytest.fixture
def university(server, cas) -> Server:
    return server.restart({"sign_in": cas.configured(passwords=True)})


def log_in_there(person: Person, name: str | None = None) -> None:
    person.page.get_by_label("Name").fill(name or person.name)
    person.press("Log in")


def sign_up(person: Person) -> None:
    person.open("/account/sign-in")
    person.press("Continue with University")
    log_in_there(person)
    person.submit("Create an account", user=person.name)
    assert person.path == "/account/"


def test_a_newcomer_signs_up_and_comes_back(university, newcomer, judge):
    carol = newcomer("carol")
    carol.open("/account/sign-in")
    judge(carol.page)
    carol.press("Continue with University")
    log_in_there(carol)
    assert carol.heading == "Choose your user name"
    judge(carol.page)
    carol.submit("Create an account", user="carol")
    assert carol.path == "/account/"
    carol.page.context.clear_cookies()
    carol.open("/account/sign-in")
    carol.press("Continue with University")
    log_in_there(carol)
    assert carol.path == "/account/"
    assert carol.matrix_id in carol.text


def test_who_is_about_to_destroy_something_proves_there_who_they_are(
    university, cas, newcomer, judge
):
    carol = newcomer("carol")
    sign_up(carol)
    carol.open("/account/sign-in?again=1&next=/account/deactivate")
    judge(carol.page)
    carol.press("Confirm with University")
    carol.page.wait_for_url(f"{cas.url}/login**")
    assert "renew=true" in carol.page.url
    log_in_there(carol, "mallory")
    assert carol.heading == "Signing in did not work"
    assert "somebody else" in carol.text
    judge(carol.page)
    carol.open("/account/sign-in?again=1&next=/account/deactivate")
    carol.press("Confirm with University")
    log_in_there(carol)
    assert carol.path == "/account/deactivate"


def test_who_signs_out_may_sign_out_there_too(university, newcomer, judge):
    carol = newcomer("carol")
    sign_up(carol)
    carol.press("Sign out of this browser")
    assert carol.heading == "You are signed out"
    judge(carol.page)
    carol.press("Sign out of University too")
    carol.page.wait_for_url("**/account/signed-out**")
    assert "You are signed out here and at University." in carol.text
    judge(carol.page)


def test_the_only_way_in_is_gone_at_once_and_not_after_a_sign_out(university, cas, newcomer):
    university.restart({"sign_in": cas.configured()})
    carol = newcomer("carol")
    carol.open("/account/")
    log_in_there(carol)
    carol.submit("Create an account", user="carol")
    carol.press("Sign out of this browser")
    assert carol.heading == "You are signed out"
    carol.press("Sign in")
    assert carol.path.startswith("/account/sign-in")
    carol.press("Continue with University")
    log_in_there(carol)
    assert carol.path == "/account/"


def test_who_cannot_get_in_reads_why_and_a_number(university, cas, newcomer, judge):
    carol = newcomer("carol")
    sign_up(carol)
    university.command("user", "lock", "carol")
    carol.page.context.clear_cookies()
    carol.open("/account/sign-in")
    carol.press("Continue with University")
    log_in_there(carol)
    assert carol.heading == "Signing in did not work"
    assert "locked" in carol.text and "name this number" in carol.text
    judge(carol.page)
