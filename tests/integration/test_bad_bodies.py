"""Bodies that are not what the endpoint takes: the spec's error, and nothing else happens."""

import json

import pytest

from support.answers import assert_good
from support.api import PREFIX, new_name
from support.matrix_client import new_client
from support.secrets import password

ENDPOINTS = ["login", "register", "refresh"]

NOT_JSON = {
    "empty": b"",
    "a word": b"login",
    "half": b'{"type": "m.login.pass',
    "trailing comma": b'{"type": "x",}',
    "comment": b'{/* */"type": "x"}',
    "two values": b'{"type": "x"}{"type": "y"}',
    "garbage after": b'{"type": "x"} x',
    "single quotes": b"{'type': 'x'}",
    "NaN": b'{"type": NaN}',
    "bare NUL": b'{"type": "x\x00"}',
    "control character": b'{"type": "x\x01"}',
    "only NUL": b"\x00" * 100,
    "bad UTF-8": b'{"type": "\xff\xfe"}',
    "overlong UTF-8": b'{"type": "\xc0\xaf"}',
    "UTF-8 surrogate": b'{"type": "\xed\xa0\x80"}',
    "cut UTF-8": b'{"type": "\xe2\x82"}',
    "UTF-16": '{"type": "x"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"type": "x"}',
    "lone surrogate escape": b'{"type": "\\ud800"}',
    "bad escape": b'{"type": "\\x41"}',
    "deep arrays": b"[" * 30_000,
    "deep objects": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "deep in a value": b'{"type": "x", "y": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "form": b"type=m.login.password&user=x",
    "number without end": b'{"n": ' + b"9" * 10_000 + b".}",
}

NO_OBJECT = {
    "null": b"null",
    "true": b"true",
    "number": b"1",
    "string": b'"m.login.password"',
    "array": b"[]",
    "array of objects": b'[{"type": "m.login.password"}]',
}

DUPLICATES = {
    "login": b'{"type": "m.login.password", "type": "m.login.token", "user": "x", "password": "y"}',
    "register": b'{"username": "dup-one", "username": "dup-two", "password": "y"}',
    "refresh": b'{"refresh_token": "a", "refresh_token": "b"}',
}


def post(server, endpoint, body, content_type="application/json"):
    return server.api.request(
        "POST", f"{PREFIX}/{endpoint}", content=body, headers={"Content-Type": content_type}
    )


def assert_refused(answer, *errcodes):
    assert answer.status_code == 400, answer.text
    assert answer.json()["errcode"] in errcodes, answer.text


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_not_json(server, witness, endpoint):
    for name, body in NOT_JSON.items():
        answer = post(server, endpoint, body)
        assert answer.status_code == 400, f"{name}: {answer.text}"
        assert answer.json()["errcode"] in ("M_NOT_JSON", "M_BAD_JSON"), f"{name}: {answer.text}"


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_no_object(server, witness, endpoint):
    for name, body in NO_OBJECT.items():
        answer = post(server, endpoint, body)
        assert answer.status_code == 400, name
        assert answer.json()["errcode"] == "M_BAD_JSON", f"{name}: {answer.text}"


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_duplicate_keys(server, witness, endpoint):
    """Two readers may take different ones: refused."""
    assert_refused(post(server, endpoint, DUPLICATES[endpoint]), "M_BAD_JSON", "M_NOT_JSON")


def test_duplicate_keys_deep_inside_and_by_escape(server, witness):
    for body in (
        b'{"type": "m.login.password", "identifier": {"type": "m.id.user", "user": "a",'
        b' "user": "b"}, "password": "y"}',
        b'{"type": "x", "\\u0074ype": "y"}',
    ):
        assert_refused(post(server, "login", body), "M_BAD_JSON", "M_NOT_JSON")


@pytest.mark.parametrize("value", [None, True, 7, -1, 1e400, [], {}, ["x"], {"x": 1}])
@pytest.mark.parametrize(
    "endpoint,field",
    [
        ("login", "type"),
        ("login", "identifier"),
        ("login", "password"),
        ("login", "device_id"),
        ("login", "initial_device_display_name"),
        ("register", "username"),
        ("register", "password"),
        ("register", "device_id"),
        ("register", "auth"),
        ("refresh", "refresh_token"),
    ],
)
def test_wrong_types(server, witness, endpoint, field, value):
    if (field in ("identifier", "auth")) and value in ({}, {"x": 1}):
        return  # the right type
    good = {
        "login": {
            "type": "m.login.password",
            "password": "x",
            "identifier": {"type": "m.id.user", "user": "nobody"},
        },
        "register": {"username": new_name(), "password": password()},
        "refresh": {},
    }[endpoint]
    body = json.dumps(good | {field: value}).replace("Infinity", "1e400")
    assert_refused(post(server, endpoint, body.encode()), "M_BAD_JSON", "M_NOT_JSON")


def test_unknown_fields_are_harmless(server):
    name, secret = new_name(), password()
    extra = {"org.example.unknown": {"deep": [1, None, "x"]}, "access_token": "x", "": 0}
    assert_good(server.api.register(name, secret, **extra))
    body = assert_good(server.api.login(name, secret, **extra))
    answer = server.api.request(
        "POST", f"{PREFIX}/refresh", json={"refresh_token": body["refresh_token"], **extra}
    )
    assert_good(answer)


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "", "application/json; charset=utf-8"],
)
def test_the_content_type_is_not_looked_at(server, content_type):
    """Clients have always sent JSON under other names; the body decides."""
    client = new_client(server.api)
    body = json.dumps({"refresh_token": client.refresh_token}).encode()
    assert_good(post(server, "refresh", body, content_type))


@pytest.mark.parametrize("endpoint", ["login", "register", "refresh", "logout"])
def test_a_huge_body(server, witness, endpoint):
    body = b'{"type": "' + b"x" * 5_000_000 + b'"}'
    answer = server.api.request("POST", f"{PREFIX}/{endpoint}", content=body)
    assert answer.status_code == 413
    assert answer.json()["errcode"] == "M_TOO_LARGE"


def test_long_strings_within_the_limit(server, witness):
    long = "x" * 20_000
    body = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": long},
        "password": long,
    }
    answer = server.api.request("POST", f"{PREFIX}/login", json=body)
    assert answer.status_code in (400, 403), answer.text
    name, secret = new_name(), password()
    assert_good(server.api.register(name, secret, inhibit_login=True))
    for field in ("device_id", "initial_device_display_name"):
        answer = server.api.login(name, secret, **{field: long})
        assert answer.status_code in (200, 400), answer.text


@pytest.mark.parametrize(
    "text",
    [
        "\u0000",
        "a\u0000b",
        "'; DROP TABLE users; --",
        "%s%n",
        "\u202e",
        "😀",
        "\ufffd",
        "\ud7ff",
        "a\r\nSet-Cookie: x=y",
        "<script>",
        "../../etc/passwd",
        "\\",
        '"',
        "\u007f",
    ],
)
def test_odd_text_in_every_string(server, witness, text):
    """Stored or refused, never a fault: on both engines (PostgreSQL cannot store a NUL)."""
    name, secret = new_name(), password() + text
    answer = server.api.register(
        name, secret, device_id="D" + text, initial_device_display_name=text
    )
    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 200:
        assert answer.json()["device_id"] == "D" + text
        body = assert_good(server.api.login(name, secret, "D" + text))
        who = assert_good(server.api.whoami(body["access_token"]))
        assert who["device_id"] == "D" + text
        server.sessions(name)
    answer = server.api.login(text, secret)
    assert answer.status_code in (400, 403), answer.text
    answer = server.api.request("POST", f"{PREFIX}/refresh", json={"refresh_token": text})
    assert answer.status_code in (400, 401)


def test_query_and_path_tricks(server, witness):
    for path in (
        "/_matrix/client/v3/login?" + "a=b&" * 2_000,
        "/_matrix/client/v3/login?%",
        "/_matrix/client/v3/%6cogin",
        "/_matrix/client/v3/login/",
        "//_matrix/client",
        "/_matrix/client/v3/../v3/login",
        "/_matrix/client/v3/login%00",
        "/%ff%fe",
        "/_matrix/client/v3/login;x=y",
    ):
        answer = server.api.request("GET", path)
        assert answer.status_code in (200, 400, 404), f"{path[:80]}: {answer.status_code}"
