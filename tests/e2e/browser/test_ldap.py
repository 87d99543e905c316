"""People of a directory (slapd) sign in on the page where everybody does."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from support.api import new_name
from support.chromium import Person
from support.directory import Directory
from support.secrets import password
from support.server import Server


@pytest.fixture(scope="module")
def directory() -> Iterator[Directory]:
    directory = Directory()
    with closing(directory):
        yield directory


@pytest.fixture
def company(server, directory) -> Server:
    provider = directory.options(
        localpart="{{ claims.uid | lower }}",
        display_name="{{ claims.displayName }}",
        registration=True,
        password_url="https://password.example.org/",
    )
    return server.restart({"sign_in": {"providers": [provider]}})


@pytest.fixture
def employee(company, directory, newcomer) -> Person:
    """Somebody of the directory, who has no account here yet."""
    person = newcomer(new_name())
    directory.add_person(person.name, person.secret, name="Carol of the Company")
    return person


def test_a_newcomer_is_in_at_once(employee, judge):
    employee.open("/account/sign-in")
    employee.submit("Sign in", user=employee.name, password="wrong")
    assert "do not belong together" in employee.alert
    judge(employee.page)
    employee.submit("Sign in", user=employee.name, password=employee.secret)
    assert employee.path == "/account/"
    assert employee.matrix_id in employee.text
    employee.open("/account/ways-in")
    assert "Directory" in employee.text
    judge(employee.page)
    employee.press("Remove Directory")
    assert "could not sign in" in employee.alert


def test_the_password_is_changed_there(employee, judge):
    employee.sign_in("/account/")
    employee.open("/account/password")
    assert "Directory" in employee.text
    judge(employee.page)
    link = employee.page.get_by_role("link", name="Change it there")
    assert link.get_attribute("href") == "https://password.example.org/"


def test_who_is_about_to_destroy_something_gives_that_password(employee, judge):
    employee.sign_in("/account/")
    employee.open("/account/sign-in?again=1&next=/account/deactivate")
    judge(employee.page)
    employee.submit(password="wrong")
    assert "do not belong together" in employee.alert
    employee.submit(password=employee.secret)
    assert employee.path == "/account/deactivate"


def test_a_namesake_proves_the_account(company, directory, alice, judge):
    there = password()
    person = directory.add_person(alice.name, there)
    try:
        alice.open("/account/sign-in")
        alice.submit("Sign in", user=alice.name, password=there)
        assert alice.heading == "Is this your account?"
        judge(alice.page)
        alice.submit("Sign in", password=alice.secret)
        assert alice.path == "/account/"
    finally:
        directory.remove(person)


def test_a_directory_that_is_down_is_no_wrong_password(employee, directory, judge):
    employee.open("/account/sign-in")
    directory.stop()
    try:
        employee.submit("Sign in", user=employee.name, password=employee.secret)
        assert "does not answer" in employee.alert
        judge(employee.page)
    finally:
        directory.start()
    employee.submit("Sign in", user=employee.name, password=employee.secret)
    assert employee.path == "/account/"
