"""POST /register by an invitation and with terms, and whether a token is valid."""

import pytest
import yaml

from support.answers import assert_error, assert_good
from support.api import new_name
from support.clock import HOUR, MINUTE
from support.confirmation import Wanted, assert_begun_anew, assert_challenge
from support.registration import (
    DUMMY,
    INVITED,
    TERMS,
    TOKEN,
    available,
    by_token,
    invite,
    registration,
    stage,
)
from support.secrets import password
from support.threads import together

POLICIES = {
    "privacy": {
        "version": "1.2",
        "en": {"name": "Privacy policy", "url": "https://example.com/en/privacy"},
        "fr": {"name": "Politique", "url": "https://example.com/fr/privacy"},
    },
    "rules": {
        "version": "2026-11",
        "de": {"name": "Hausordnung <für alle>", "url": "https://example.com/de?a=1&b=2"},
    },
}


@pytest.fixture
def terms_file(tmp_path):
    return written_to(tmp_path)


def written_to(folder) -> str:
    path = folder / "terms.yaml"
    path.write_text(yaml.safe_dump({"policies": POLICIES}))
    return str(path)


@pytest.fixture(scope="module")
def invited(make_lasting_server):
    """A server where one needs a token."""
    return make_lasting_server(**INVITED)


@pytest.fixture(scope="module")
def careful(make_lasting_server, tmp_path_factory):
    """One where one needs a token and agrees to terms."""
    terms = written_to(tmp_path_factory.mktemp("terms"))
    return make_lasting_server(registration={"token_required": True, "terms_file": terms})


def state(server, made: dict) -> dict:
    listed = server.command("registration-token", "list")["registration_tokens"]
    [found] = [token for token in listed if token["id"] == made["id"]]
    return found


def counts(server, made: dict) -> tuple[int, int]:
    found = state(server, made)
    return found["used"], found["pending"]


def valid(server, token: str) -> bool:
    path = "/_matrix/client/v1/register/m.login.registration_token/validity"
    return assert_good(server.api.request("GET", path, params={"token": token}))["valid"]


# -- by an invitation


@pytest.mark.parametrize("version", ["r0", "v3"])
def test_by_a_token(invited, version):
    server = invited
    made = invite(server)
    assert valid(server, made["token"])
    one = registration(server, version=version)
    body = assert_challenge(one.ask())
    assert body["flows"] == [{"stages": [TOKEN]}]
    assert body["params"] == {}
    registered = assert_good(one.ask(by_token(made["token"], body["session"])))
    assert_good(server.api.whoami(registered["access_token"]))
    # At once, without a session.
    assert_good(registration(server, version=version).ask(by_token(made["token"])))
    assert counts(server, made) == (2, 0)


def test_a_token_as_phones_paste_it(invited):
    """Neither with a space before nor one behind it does it fail, or count as a failure."""
    made = invite(invited, "--uses", "3")
    for typed in (f"{made['token']} ", f"\u00a0{made['token']}", f"\n{made['token']}\u200b"):
        assert valid(invited, typed)
        one = registration(invited)
        assert_good(one.ask(by_token(typed, one.session())))
    assert counts(invited, made) == (3, 0)


def test_without_a_good_token_nobody_comes_in(invited):
    server = invited
    made = invite(server)
    one = registration(server)
    session = one.session()
    for wrong in ("", "x", made["token"] + "x", made["token"].upper(), "ü", "x" * 65, made["id"]):
        assert not valid(server, wrong)
        answer = assert_challenge(one.ask(by_token(wrong, session)), "M_UNAUTHORIZED")
        assert (answer["session"], answer["completed"]) == (session, [])
    for kind in (DUMMY, TERMS, "m.login.password"):
        auth = stage(kind, session) | {"password": "x"}
        assert_challenge(one.ask(auth), "M_UNRECOGNIZED")
    assert_challenge(one.ask({"session": session}))
    assert_good(available(server, one.body["username"]))
    assert counts(server, made) == (0, 0)
    assert_good(one.ask(by_token(made["token"], session)))


@pytest.mark.parametrize("token", [None, 7, ["x"], {}])
def test_tokens_of_wrong_types(invited, token):
    server = invited
    assert_error(registration(server).ask(by_token(token)), 400, "M_BAD_JSON")
    assert_error(registration(server).ask({"type": TOKEN}), 400, "M_MISSING_PARAM")


def test_uses_are_counted(invited):
    server = invited
    made = invite(server, "--uses", "2")
    for _ in range(2):
        assert valid(server, made["token"])
        assert_good(registration(server).ask(by_token(made["token"])))
    assert not valid(server, made["token"])
    one = registration(server)
    assert_challenge(one.ask(by_token(made["token"])), "M_UNAUTHORIZED")
    assert_good(available(server, one.body["username"]))
    assert counts(server, made) == (2, 0)
    assert state(server, made)["state"] == "spent"


def test_what_is_refused_afterwards_costs_no_use(invited):
    server = invited
    made = invite(server, "--uses", "1")
    taken = new_name()
    server.command("user", "create", taken)
    auth = by_token(made["token"])
    assert_error(registration(server, taken).ask(auth), 400, "M_USER_IN_USE")
    assert_error(registration(server, "No Name").ask(auth), 400, "M_INVALID_USERNAME")
    weak = registration(server, password="password1")
    assert_error(weak.ask(auth), 400, "M_WEAK_PASSWORD")
    without = Wanted(server.api, "POST", "register", {"username": new_name()})
    assert_error(without.ask(auth), 400, "M_MISSING_PARAM")
    assert counts(server, made) == (0, 0)
    assert_good(registration(server).ask(auth))


def test_expired_and_revoked(clock, make_server):
    server = make_server(clock=clock, **INVITED)
    brief = invite(server, "--expires-in", "1h")
    made = invite(server)
    clock.advance(HOUR - 5)
    assert_good(registration(server).ask(by_token(brief["token"])))
    clock.advance(10)
    server.command("registration-token", "revoke", made["id"])
    for token in (brief["token"], made["token"]):
        assert not valid(server, token)
        assert_challenge(registration(server).ask(by_token(token)), "M_UNAUTHORIZED")


# -- a token that is held while the other stages are passed


def begin_with_token(server, token: str) -> tuple[Wanted, str]:
    one = registration(server)
    session = one.session()
    body = one.ask(by_token(token, session))
    assert assert_challenge(body)["completed"] == [TOKEN]
    return one, session


def test_held_it_is_nobody_else_s(careful):
    server = careful
    made = invite(server, "--uses", "1")
    one, session = begin_with_token(server, made["token"])
    assert counts(server, made) == (0, 1)
    assert not valid(server, made["token"])
    other = registration(server)
    assert_challenge(other.ask(by_token(made["token"])), "M_UNAUTHORIZED")
    # The holder may send the stage again, and goes on.
    again = assert_challenge(one.ask(by_token(made["token"], session)))
    assert again["completed"] == [TOKEN]
    assert_good(one.ask(stage(TERMS, session)))
    assert counts(server, made) == (1, 0)
    assert_error(one.ask(stage(TERMS, session)), 400, "M_USER_IN_USE")


def test_given_up_it_is_free_again(clock, make_server, terms_file):
    server = make_server(
        clock=clock, registration={"token_required": True, "terms_file": terms_file}
    )
    made = invite(server, "--uses", "1")
    late, session = begin_with_token(server, made["token"])
    clock.advance(16 * MINUTE)
    assert valid(server, made["token"])
    assert counts(server, made) == (0, 0)
    one, own = begin_with_token(server, made["token"])
    assert_begun_anew(late.ask(stage(TERMS, session)), session)
    assert_good(one.ask(stage(TERMS, own)))


def test_revoked_while_it_is_held(careful):
    server = careful
    made = invite(server)
    one, session = begin_with_token(server, made["token"])
    server.command("registration-token", "revoke", made["id"])
    assert_begun_anew(one.ask(stage(TERMS, session)), session)
    assert_good(available(server, one.body["username"]))
    assert counts(server, made)[0] == 0


def test_the_last_use_is_given_once(make_server):
    """Two who hold nothing and come at the same moment: the loser's name stays free."""
    server = make_server(**INVITED)
    for _ in range(4):
        made = invite(server, "--uses", "1")
        people = [registration(server) for _ in range(3)]
        answers = {}

        def register(one, made=made, answers=answers):
            answers[one.body["username"]] = one.ask(by_token(made["token"]))

        together(*[lambda one=one, register=register: register(one) for one in people])
        came = [name for name, answer in answers.items() if answer.status_code == 200]
        assert len(came) == 1
        for name, answer in answers.items():
            if name not in came:
                assert answer.json()["errcode"] in ("M_UNAUTHORIZED", "M_FORBIDDEN")
                assert_challenge(answer, answer.json()["errcode"])
                assert_good(available(server, name))
        assert counts(server, made) == (1, 0)


def test_the_last_use_is_held_once(careful):
    server = careful
    for _ in range(4):
        made = invite(server, "--uses", "1")
        people = [registration(server) for _ in range(3)]
        sessions = [one.session() for one in people]
        answers = []

        def begin(one, session, made=made, answers=answers):
            answers.append(one.ask(by_token(made["token"], session)).json()["completed"])

        together(
            *[
                lambda one=one, session=session, begin=begin: begin(one, session)
                for one, session in zip(people, sessions, strict=True)
            ]
        )
        assert sorted(answers) == [[], [], [TOKEN]]
        assert counts(server, made) == (0, 1)


def test_a_token_sent_twice_at_once(careful):
    server = careful
    for _ in range(6):
        made = invite(server, "--uses", "1")
        one = registration(server)
        session = one.session()
        answers = []
        run = [lambda o=one, s=session, m=made, a=answers: a.append(o.ask(by_token(m["token"], s)))]
        together(*run * 4)
        for answer in answers:
            body = assert_challenge(answer)
            assert (body["session"], body["completed"]) == (session, [TOKEN])
        assert counts(server, made) == (0, 1)
        assert_good(one.ask(stage(TERMS, session)))


def test_a_weak_password_does_not_cost_the_invitation(careful):
    """It is seen when all stages are passed; the next try is another request and session."""
    server = careful
    made = invite(server, "--uses", "1")
    name = new_name()
    weak = registration(server, name, password="password1")
    session = weak.session()
    assert_challenge(weak.ask(by_token(made["token"], session)))
    assert_error(weak.ask(stage(TERMS, session)), 400, "M_WEAK_PASSWORD")
    assert counts(server, made) == (0, 0)
    better = registration(server, name)
    session = better.session()
    assert_challenge(better.ask(by_token(made["token"], session)))
    assert_good(better.ask(stage(TERMS, session)))
    assert counts(server, made) == (1, 0)


def test_a_body_that_changes_between_the_stages(careful):
    """Whoever registers may think again until the account is made; nobody else is concerned."""
    server = careful
    made = invite(server, "--uses", "1")
    one = registration(server)
    session = one.session()
    other = registration(server)
    assert_challenge(other.ask(by_token(made["token"], session)))
    last = registration(server)
    assert assert_challenge(last.ask({"session": session}))["completed"] == [TOKEN]
    empty = last.but(body={})
    registered = assert_good(empty.ask(stage(TERMS, session)))
    assert registered["user_id"].startswith(f"@{last.body['username']}:")


def test_after_a_weak_password_the_session_begins_again(careful):
    server = careful
    made = invite(server, "--uses", "1")
    weak = registration(server, password="password1")
    session = weak.session()
    assert_challenge(weak.ask(by_token(made["token"], session)))
    assert_error(weak.ask(stage(TERMS, session)), 400, "M_WEAK_PASSWORD")
    better = weak.but(body={"password": password()})
    again = assert_challenge(better.ask({"session": session}))
    assert (again["session"], again["completed"]) == (session, [])
    assert_challenge(better.ask(by_token(made["token"], session)))
    registered = assert_good(better.ask(stage(TERMS, session)))
    assert registered["user_id"].startswith(f"@{weak.body['username']}:")


def test_without_a_password_the_invitation_is_free_again(careful):
    """It is missed when all stages are passed; the session may go on, from the first of them."""
    server = careful
    made = invite(server, "--uses", "1")
    bare = registration(server).but(body={"username": new_name()})
    session = bare.session()
    assert_challenge(bare.ask(by_token(made["token"], session)))
    assert_error(bare.ask(stage(TERMS, session)), 400, "M_MISSING_PARAM")
    assert counts(server, made) == (0, 0)
    assert valid(server, made["token"]), "somebody else may come in by it"
    whole = bare.but(body={"password": password()})
    again = assert_challenge(whole.ask({"session": session}))
    assert (again["session"], again["completed"]) == (session, [])
    assert_challenge(whole.ask(by_token(made["token"], session)))
    registered = assert_good(whole.ask(stage(TERMS, session)))
    assert registered["user_id"].startswith(f"@{bare.body['username']}:")


# -- terms


def test_terms(make_server, terms_file):
    server = make_server(registration={"terms_file": terms_file})
    one = registration(server)
    body = assert_challenge(one.ask())
    assert body["flows"] == [{"stages": [TERMS]}]
    assert body["params"] == {TERMS: {"policies": POLICIES}}
    registered = assert_good(one.ask(stage(TERMS, body["session"])))
    name = one.body["username"]
    accepted = server.engine.query(
        "SELECT policy, version, accepted_at > 0 FROM accepted_terms JOIN users"
        f" ON users.id = accepted_terms.user_id WHERE localpart = '{name}' ORDER BY policy"
    )
    assert accepted.replace("|t", "|1").splitlines() == ["privacy|1.2|1", "rules|2026-11|1"]
    assert_good(server.api.whoami(registered["access_token"]))


def test_nobody_has_accepted_what_nobody_registered_for(make_server, terms_file):
    server = make_server(registration={"terms_file": terms_file})
    taken = new_name()
    one = registration(server, taken)
    session = one.session()
    server.command("user", "create", taken)
    assert_error(one.ask(stage(TERMS, session)), 400, "M_USER_IN_USE")
    assert server.engine.query("SELECT COUNT(*) FROM accepted_terms") == "0"


def test_a_new_version_is_asked_for_as_it_is_now(make_server, terms_file, tmp_path):
    server = make_server(registration={"terms_file": terms_file})
    newer = {"policies": {"privacy": POLICIES["privacy"] | {"version": "2.0"}}}
    (tmp_path / "terms.yaml").write_text(yaml.safe_dump(newer))
    server.restart()
    one = registration(server)
    body = assert_challenge(one.ask())
    assert body["params"][TERMS] == newer
    assert_good(one.ask(stage(TERMS, body["session"])))
    assert server.engine.query("SELECT version FROM accepted_terms") == "2.0"


def test_stages_have_an_order(careful):
    server = careful
    made = invite(server)
    one = registration(server)
    body = assert_challenge(one.ask())
    assert body["flows"] == [{"stages": [TOKEN, TERMS]}]
    session = body["session"]
    early = assert_challenge(one.ask(stage(TERMS, session)), "M_FORBIDDEN")
    assert early["session"] == session
    assert early["completed"] == []
    assert_challenge(one.ask(stage(DUMMY, session)), "M_UNRECOGNIZED")
    first = assert_challenge(one.ask(by_token(made["token"], session)))
    assert first["completed"] == [TOKEN]
    assert first["params"] == {TERMS: {"policies": POLICIES}}
    # What was passed stays passed.
    assert assert_challenge(one.ask({"session": session}))["completed"] == [TOKEN]
    failed = assert_challenge(one.ask(stage(DUMMY, session)), "M_UNRECOGNIZED")
    assert failed["completed"] == [TOKEN]
    assert assert_challenge(one.ask(by_token("wrong", session)))["completed"] == [TOKEN]
    assert_good(one.ask(stage(TERMS, session)))


def test_a_token_first_and_at_once(make_server, terms_file):
    """A client that sends its first stage without a session gets one that has it completed."""
    server = make_server(registration={"token_required": True, "terms_file": terms_file})
    made = invite(server, "--uses", "1")
    one = registration(server)
    body = assert_challenge(one.ask(by_token(made["token"])))
    assert body["completed"] == [TOKEN]
    assert counts(server, made) == (0, 1)
    assert_good(one.ask(stage(TERMS, body["session"])))
    assert counts(server, made) == (1, 0)


@pytest.mark.parametrize(
    "document",
    [
        {"policies": {}},
        {},
        {"policies": {"privacy": {"version": "1"}}},
        {"policies": {"privacy": {"en": {"name": "x", "url": "https://x.org"}}}},
        {"policies": {"p": {"version": "1", "en": {"name": "x", "url": "javascript:alert(1)"}}}},
        {"policies": {"p": {"version": 1, "en": {"name": "x", "url": "https://x.org"}}}},
        {"policies": []},
    ],
)
def test_terms_that_are_none_stop_the_start(make_sqlite_server, tmp_path, document):
    path = tmp_path / "terms.yaml"
    path.write_text(yaml.safe_dump(document))
    server = make_sqlite_server(start=False, registration={"terms_file": str(path)})
    assert str(path) in server.start_refused()


# -- whether a token is valid


def test_validity_needs_one_token(server):
    path = "/_matrix/client/v1/register/m.login.registration_token/validity"
    assert_error(server.api.request("GET", path), 400, "M_MISSING_PARAM")
    assert_error(server.api.request("GET", f"{path}?token=a&token=b"), 400, "M_INVALID_PARAM")
    assert not valid(server, "a b/c?")
    # Where no token is asked for, one may be valid all the same.
    assert valid(server, invite(server)["token"])


def test_validity_is_limited(make_sqlite_server):
    limits = {"enabled": True, "registration_token_checks": 3}
    server = make_sqlite_server(rate_limits=limits, **INVITED)
    made = invite(server)
    for _ in range(3):
        valid(server, "guess")
    path = "/_matrix/client/v1/register/m.login.registration_token/validity"
    answer = server.api.request("GET", path, params={"token": made["token"]})
    assert_error(answer, 429, "M_LIMIT_EXCEEDED")
    # Nor is registering a way round it.
    assert_error(registration(server).ask(by_token(made["token"])), 429, "M_LIMIT_EXCEEDED")
