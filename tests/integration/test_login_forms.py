"""POST /login: the ways to say who one is, old and new."""

import pytest

from support.answers import assert_error, assert_good, assert_locked
from support.api import PREFIX, new_name
from support.confirmation import get_token
from support.matrix_client import new_client
from support.secrets import password
from support.server import SERVER_NAME

LOGIN = f"{PREFIX}/login"
VARYING = {"date", "x-request-id"}


def login(server, secret: object, path: str = LOGIN, **fields):
    body = {"type": "m.login.password", "password": secret, **fields}
    return server.api.request("POST", path, json=body)


def by_threepid(medium: object, address: object) -> dict:
    return {"type": "m.id.thirdparty", "medium": medium, "address": address}


def by_phone(country: object, number: object) -> dict:
    return {"type": "m.id.phone", "country": country, "phone": number}


@pytest.fixture(scope="module")
def account(shared_server):
    """(name, password) of somebody with an e-mail address and a German phone number."""
    server = shared_server
    name, secret = new_name(), password()
    assert_good(server.api.register(name, secret, inhibit_login=True))
    server.command("user", "add-threepid", name, "email", f"Strauß.{name}@Example.org")
    server.command("user", "add-threepid", name, "msisdn", f"+49 170 {number_of(name)}")
    return name, secret


def number_of(name: str) -> str:
    """Seven digits of their own: two engines, several accounts."""
    return str(1_000_000 + int(name.removeprefix("user")))


def assert_is(answer, name: str) -> None:
    assert assert_good(answer)["user_id"] == f"@{name}:{SERVER_NAME}"


@pytest.mark.parametrize(
    "spelling",
    [
        "strauss.{}@example.org",
        "Strauß.{}@Example.org",
        "STRAUSS.{}@EXAMPLE.ORG",
        "  Strauß.{}@example.org\n",
    ],
)
@pytest.mark.parametrize("version", ["r0", "v3"])
def test_an_email_address_in_any_case(server, account, version, spelling):
    name, secret = account
    identifier = by_threepid("email", spelling.format(name))
    path = f"/_matrix/client/{version}/login"
    assert_is(login(server, secret, path, identifier=identifier), name)


@pytest.mark.parametrize("spelling", ["49170{}", "+49170{}", "+49 170 {}", "+49 (170) {}"])
def test_a_phone_number(server, account, spelling):
    name, secret = account
    identifier = by_threepid("msisdn", spelling.format(number_of(name)))
    assert_is(login(server, secret, identifier=identifier), name)


@pytest.mark.parametrize(
    ("country", "spelling"),
    [
        ("DE", "0170{}"),
        ("de", "0170 {}"),
        ("DE", "170/{}"),
        ("DE", "+49 170 {}"),
        ("DE", "0049 170 {}"),
        ("AT", "+49170{}"),  # abroad, with the number in full
        ("AT", "0049170{}"),
    ],
)
def test_a_phone_number_as_it_is_dialled(server, account, country, spelling):
    name, secret = account
    number = spelling.format(number_of(name))
    assert_is(login(server, secret, identifier=by_phone(country, number)), name)
    # As the field was called at first.
    older = {"type": "m.id.phone", "country": country, "number": number}
    assert_is(login(server, secret, identifier=older), name)


def test_deprecated_fields(server, account):
    name, secret = account
    for fields in (
        {"user": name},
        {"user": f"@{name}:{SERVER_NAME}"},
        {"user": name.upper()},
        {"medium": "email", "address": f"STRAUSS.{name}@example.org"},
        {"medium": "msisdn", "address": f"49170{number_of(name)}"},
    ):
        assert_is(login(server, secret, **fields), name)


def test_the_identifier_is_what_counts(server, account):
    """Clients send both for old servers; two that differ name the newer one."""
    name, secret = account
    identifier = {"type": "m.id.user", "user": name}
    assert_is(login(server, secret, identifier=identifier, user="nobody"), name)
    more = {"medium": "email", "address": "nobody@example.org"}
    assert_is(login(server, secret, identifier=identifier, **more), name)
    other = {"type": "m.id.user", "user": "nobody"}
    assert_error(login(server, secret, identifier=other, user=name), 403, "M_FORBIDDEN")


UNKNOWN = [
    by_threepid("email", "nobody@example.org"),
    by_threepid("email", "not an address"),
    by_threepid("email", ""),
    by_threepid("email", "a@b@c"),
    by_threepid("email", "x" * 200 + "@example.org"),
    by_threepid("msisdn", "491701"),
    by_threepid("msisdn", "call me"),
    by_threepid("msisdn", ""),
    by_threepid("irc", "nobody"),
    by_threepid("", ""),
    by_phone("DE", "0170 9999999"),
    by_phone("XX", "0170 9999999"),
    by_phone("", ""),
    by_phone("Germany", "0170"),
    by_phone("DE", "+"),
    by_phone("ZZ", "+49 170 9999999"),
    {"type": "m.id.user", "user": ""},
    {"type": "m.id.user", "user": "@"},
    {"type": "m.id.user", "user": "@:"},
    {"type": "m.id.user", "user": "nobody@example.org"},
]


@pytest.mark.parametrize("identifier", UNKNOWN, ids=str)
def test_unknown_ones_are_as_a_wrong_password(server, account, identifier):
    """Byte for byte: an answer must not tell who has an account here."""
    name, secret = account
    wrong = login(
        server, password(), identifier=by_threepid("email", f"strauss.{name}@example.org")
    )
    unknown = login(server, secret, identifier=identifier)
    assert_error(unknown, 403, "M_FORBIDDEN")
    assert unknown.content == wrong.content
    headers = [
        {header: value for header, value in answer.headers.items() if header not in VARYING}
        for answer in (wrong, unknown)
    ]
    assert headers[0] == headers[1]


def test_of_the_wrong_kind(server, account):
    """An address is no name, and an e-mail address no phone number."""
    name, secret = account
    for identifier in (
        {"type": "m.id.user", "user": f"strauss.{name}@example.org"},
        {"type": "m.id.user", "user": f"49170{number_of(name)}"},
        by_threepid("msisdn", f"strauss.{name}@example.org"),
        by_threepid("email", f"49170{number_of(name)}"),
        by_threepid("email", name),
        by_threepid("EMAIL", f"strauss.{name}@example.org"),
        by_threepid("msisdn", f"0170{number_of(name)}"),  # no country to dial it from
        by_phone("AT", f"0170{number_of(name)}"),
    ):
        assert_error(login(server, secret, identifier=identifier), 403, "M_FORBIDDEN")


@pytest.mark.parametrize(
    ("fields", "errcode"),
    [
        ({"identifier": {"type": "m.id.thirdparty", "medium": "email"}}, "M_MISSING_PARAM"),
        ({"identifier": {"type": "m.id.thirdparty", "address": "x"}}, "M_MISSING_PARAM"),
        ({"identifier": {"type": "m.id.phone", "country": "DE"}}, "M_MISSING_PARAM"),
        ({"identifier": {"type": "m.id.phone", "phone": "1"}}, "M_MISSING_PARAM"),
        ({"medium": "email"}, "M_MISSING_PARAM"),
        ({"address": "a@example.org"}, "M_MISSING_PARAM"),
        ({}, "M_MISSING_PARAM"),
        ({"user": 7}, "M_BAD_JSON"),
        ({"medium": 7, "address": "x"}, "M_BAD_JSON"),
        ({"medium": "email", "address": ["x"]}, "M_BAD_JSON"),
        ({"identifier": by_threepid("email", None)}, "M_BAD_JSON"),
        ({"identifier": by_threepid(["email"], "x")}, "M_BAD_JSON"),
        ({"identifier": by_phone(49, "x")}, "M_BAD_JSON"),
        ({"identifier": by_phone("DE", 1701234567)}, "M_BAD_JSON"),
        ({"identifier": by_threepid("email", "a\u0000@example.org")}, "M_INVALID_PARAM"),
        ({"identifier": by_threepid("email", "x" * 300)}, "M_INVALID_PARAM"),
    ],
)
def test_what_is_no_identifier(server, fields, errcode):
    assert_error(login(server, password(), **fields), 400, errcode)


def test_what_is_taken_away_does_not_sign_in(server):
    name, secret = new_name(), password()
    assert_good(server.api.register(name, secret, inhibit_login=True))
    address = f"{name}@example.net"
    identifier = by_threepid("email", address)
    assert_error(login(server, secret, identifier=identifier), 403, "M_FORBIDDEN")
    server.command("user", "add-threepid", name, "email", address)
    assert_is(login(server, secret, identifier=identifier), name)
    server.command("user", "remove-threepid", name, "email", address)
    assert_error(login(server, secret, identifier=identifier), 403, "M_FORBIDDEN")
    other, others_secret = new_name(), password()
    assert_good(server.api.register(other, others_secret, inhibit_login=True))
    server.command("user", "add-threepid", other, "email", address)
    assert_is(login(server, others_secret, identifier=identifier), other)
    assert_error(login(server, secret, identifier=identifier), 403, "M_FORBIDDEN")


def test_a_locked_account_is_told_of_to_its_owner_alone(server):
    name, secret = new_name(), password()
    assert_good(server.api.register(name, secret, inhibit_login=True))
    server.command("user", "add-threepid", name, "email", f"{name}@example.net")
    server.command("user", "lock", name)
    identifier = by_threepid("email", f"{name}@example.net")
    assert_locked(login(server, secret, identifier=identifier))
    assert_error(login(server, password(), identifier=identifier), 403, "M_FORBIDDEN")


def test_they_confirm_too(server):
    """In user-interactive authentication, if they are one's own."""
    client, other = new_client(server.api), new_client(server.api)
    for one in (client, other):
        name = one.store.user
        server.command("user", "add-threepid", name, "email", f"{name}@example.net")
    wanted = get_token(server.api, client.access)
    auth = {"type": "m.login.password", "password": client.store.password}
    own = by_threepid("email", f"{client.store.user.upper()}@example.net")
    theirs = by_threepid("email", f"{other.store.user}@example.net")
    assert_good(wanted.ask(auth | {"identifier": own}))
    assert_good(wanted.ask(auth | {"medium": "email", "address": own["address"]}))
    assert_error(wanted.ask(auth | {"identifier": theirs}), 403, "M_FORBIDDEN")
    right = {"identifier": theirs, "password": other.store.password}
    assert_error(wanted.ask(auth | right), 403, "M_FORBIDDEN")


def test_guesses_by_any_address_of_an_account_are_limited(make_sqlite_server):
    limits = {"enabled": True, "repeated_failures": 3, "repeated_failure_interval": "1h"}
    server = make_sqlite_server(rate_limits=limits)
    name, secret = new_name(), password()
    assert_good(server.api.register(name, secret, inhibit_login=True))
    server.command("user", "add-threepid", name, "email", f"{name}@example.net")
    # Another spelling is not another account.
    for spelling in (name, name.upper(), name.title()):
        identifier = by_threepid("email", f"{spelling}@Example.net")
        assert_error(login(server, password(), identifier=identifier), 403, "M_FORBIDDEN")
    identifier = by_threepid("email", f"{name}@example.net")
    assert_error(login(server, secret, identifier=identifier), 429, "M_LIMIT_EXCEEDED")


def test_passwords_that_are_off(make_server):
    server = make_server()
    name, secret = new_name(), password()
    body = assert_good(server.api.register(name, secret))
    server.restart({"passwords": {"enabled": False}})
    assert assert_good(server.api.login_flows())["flows"] == []
    assert assert_good(server.api.login_flows(body["access_token"]))["flows"] == []
    for identifier in (
        {"type": "m.id.user", "user": name},
        {"type": "m.id.user", "user": "nobody"},
        by_threepid("email", "nobody@example.org"),
    ):
        assert_error(login(server, secret, identifier=identifier), 403, "M_FORBIDDEN")
    # Who is signed in goes on.
    assert_good(server.api.whoami(body["access_token"]))
    assert_good(server.api.refresh(body["refresh_token"]))
    server.restart({"passwords": {"enabled": True}})
    assert_good(server.api.login(name, secret))
