"""GET /account/whoami: who holds the token. Refusals are in test_token_table.py."""

import pytest

from support.answers import assert_good, assert_hard, assert_missing
from support.api import PREFIX
from support.matrix_client import new_client
from support.raw_http import RawConnection, request_bytes
from support.server import SERVER_NAME

WHOAMI = f"{PREFIX}/account/whoami"


def test_answer(server):
    client = new_client(server.api)
    body = assert_good(server.api.whoami(client.access))
    assert body["user_id"] == f"@{client.store.user}:{SERVER_NAME}"
    assert body["device_id"] == client.store.device
    assert body.get("is_guest", False) is False


def test_addresses_are_those_that_the_operator_added(server):
    client = new_client(server.api)
    path = f"{PREFIX}/account/3pid"
    assert assert_good(server.api.request("GET", path, token=client.access)) == {"threepids": []}
    address = f"{client.store.user}@example.com"
    server.command("user", "add-threepid", client.store.user, "email", address.title())
    [added] = assert_good(server.api.request("GET", path, token=client.access))["threepids"]
    assert (added["medium"], added["address"]) == ("email", address)
    assert added["added_at"] == added["validated_at"] > 0
    assert_missing(server.api.request("GET", path))


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_case_of_the_scheme_is_of_no_account(server, scheme):
    client = new_client(server.api)
    answer = server.api.request(
        "GET", WHOAMI, headers={"Authorization": f"{scheme} {client.access}"}
    )
    assert_good(answer)


def test_a_header_of_another_scheme_is_no_token(server):
    answer = server.api.request("GET", WHOAMI, headers={"Authorization": "Basic dXNlcjpwYXNz"})
    assert_missing(answer)


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer a b", "Bearer lka_a,b"])
def test_a_header_that_cannot_be_read_says_nothing_about_a_session(server, value):
    """A 401 could be taken for the end of the session that the client meant."""
    answer = server.api.request("GET", WHOAMI, headers={"Authorization": value})
    assert answer.status_code == 400
    assert answer.json()["errcode"] == "M_INVALID_PARAM"


def test_two_authorization_headers_are_refused(server):
    client = new_client(server.api)
    header = f"Authorization: Bearer {client.access}"
    with RawConnection(server.port) as connection:
        connection.send(request_bytes("GET", WHOAMI, b"", header, header))
        assert connection.answer().status == 400


@pytest.mark.parametrize("token", ["lka_" + "\u00e9" * 43, "a" * 8000])
def test_odd_bytes_in_the_token(server, token):
    answer = server.api.request(
        "GET", WHOAMI, headers={b"Authorization": b"Bearer " + token.encode()}
    )
    if answer.status_code != 400:
        assert_hard(answer)


def test_every_single_character_counts(server):
    client = new_client(server.api)
    token = client.access
    assert_good(server.api.whoami(token))  # it is in the cache now
    for i in range(len(token)):
        other = "1" if token[i] == "0" else "0"
        assert_hard(server.api.whoami(token[:i] + other + token[i + 1 :]))
        assert_hard(server.api.whoami(token[:i] + token[i + 1 :]))
    assert_good(server.api.whoami(token))
