"""The page on which people create an account."""

import yaml

from support.account_person import Person, new_person
from support.browser import Visitor
from support.registration import invite


def test_sign_up_with_a_capital_and_a_space(server):
    person = Person(server)
    page = person.open("/account/sign-up")
    typed = f" {person.name.capitalize()} "
    done = page.submit(user=typed, password=person.password, repeated=person.password)
    assert "Your account is ready" in done.text
    assert person.matrix_id in person.open("/account/").text
    blank = Person(server).open("/account/sign-up")
    refused = blank.submit(user=" ", password=person.password, repeated=person.password)
    assert refused.status == 400 and set(refused.wrong) == {"user"}


def test_sign_up_says_its_rules_before(make_sqlite_server):
    rules = {"minimum_length": 11, "require_digit": True}
    page = Visitor(make_sqlite_server(passwords=rules).url).open("/account/sign-up")
    for rule in ("letters a to z, digits", "At least 11 characters", "a digit", "easy to guess"):
        assert rule in page.text
    lax = {"minimum_score": 0, "minimum_length": 1}
    page = Visitor(make_sqlite_server(passwords=lax).url).open("/account/sign-up")
    assert "At least 1 character." in page.text and "easy to guess" not in page.text


def test_sign_up_says_all_that_is_wrong_at_once(server):
    person = new_person(server)
    other = Person(person.server)
    page = other.open("/account/sign-up")
    assert page.focus == "user"
    # A name that is taken, a password that is guessed at once.
    refused = page.submit(user=person.name, password="password1", repeated="password1")
    assert refused.status == 400
    assert "not free" in refused.alert and "easy to guess" in refused.alert
    assert (set(refused.wrong), refused.focus) == ({"user", "password"}, "user")
    differ = page.submit(user="Not a name!", password=other.password, repeated="x")
    assert "letters a to z" in differ.alert and "The two passwords are not the same" in differ.alert
    assert set(differ.wrong) == {"user", "repeated"}
    # A good password does not have to be typed again for a name that is taken.
    taken = page.submit(user=person.name, password=other.password, repeated=other.password)
    assert set(taken.wrong) == {"user"}
    assert taken.value_of("password") == taken.value_of("repeated") == other.password
    done = taken.submit(user=other.name, password=other.password, repeated=other.password)
    assert "Your account is ready" in done.text


def test_guessing_names_and_passwords_by_sign_up_is_limited(make_sqlite_server):
    """What is told of a password takes time to find out, be the rest of the form right or not."""
    server = make_sqlite_server(rate_limits={"enabled": True, "registrations": 2})
    person = Person(server)
    page = person.open("/account/sign-up")
    answers = [
        page.submit(user="Not a name!", password=person.password, repeated=person.password)
        for _ in range(4)
    ]
    assert answers[0].status == 400 and answers[-1].alert.count("Too many attempts") == 1
    assert "Retry-After" in answers[-1].headers


def test_closed_registration_says_so(make_sqlite_server):
    server = make_sqlite_server(registration={"open": False})
    page = Visitor(server.url).open("/account/sign-up")
    assert page.status == 403
    assert "cannot create an account yourself" in page.text


def by_invitation_and_terms(folder) -> dict:
    """The options of registration, for a server that asks for both."""
    terms = folder / "terms.yaml"
    rules = {"version": "1", "en": {"name": "Rules", "url": "https://example.com/rules"}}
    terms.write_text(yaml.safe_dump({"policies": {"rules": rules}}))
    return {"open": True, "token_required": True, "terms_file": str(terms)}


def test_registration_asks_for_its_stages_on_one_form(make_sqlite_server, tmp_path):
    server = make_sqlite_server(registration=by_invitation_and_terms(tmp_path))
    token = invite(server, "--uses", "1")["token"]
    person = Person(server)
    page = person.open("/account/sign-up", accepted="rules")
    assert page.form.boxes == [("accepted", "rules", False)], "no link agrees for anybody"
    typed = {"user": person.name, "password": person.password, "repeated": person.password}
    unread = page.submit(token=token, **typed)
    assert "agree to each document" in unread.alert
    assert (set(unread.wrong), unread.focus) == ({"accepted"}, "accepted")
    wrong = page.submit("rules", token="wrong", **typed)
    assert "token is not valid" in wrong.alert
    assert (set(wrong.wrong), wrong.focus) == ({"token"}, "token")
    both = page.submit(token="wrong", **typed)
    assert (set(both.wrong), both.focus) == ({"token", "accepted"}, "token")
    weak = page.submit("rules", token=token, user=person.name, password="pass", repeated="pass")
    assert weak.status == 400 and weak.alert
    # Good as a form, and refused when every stage is passed: no use of the token is gone by that.
    easy = page.submit(
        "rules", token=token, user=person.name, password="password1", repeated="password1"
    )
    assert easy.status == 400 and "easy to guess" in easy.alert
    pasted = f" {token}\u00a0"
    assert "Your account is ready" in page.submit("rules", token=pasted, **typed).text


def test_a_sign_up_that_is_refused_at_its_end_keeps_no_invitation(make_server, tmp_path):
    """All stages are passed by then; whoever tries next may come in by what the form has shown."""
    server = make_server(
        registration=by_invitation_and_terms(tmp_path),
        rate_limits={"enabled": True, "registrations": 1, "registration_interval": "24h"},
    )

    def sign_up(token: str):
        person = Person(server)
        secret = person.password
        page = person.open("/account/sign-up")
        return page.submit("rules", token=token, user=person.name, password=secret, repeated=secret)

    assert "Your account is ready" in sign_up(invite(server)["token"]).text
    last = invite(server, "--uses", "1")
    refused = sign_up(last["token"])
    assert refused.status == 429 and refused.alert, refused.text
    listed = server.command("registration-token", "list")["registration_tokens"]
    [found] = [token for token in listed if token["id"] == last["id"]]
    assert (found["used"], found["pending"]) == (0, 0)
