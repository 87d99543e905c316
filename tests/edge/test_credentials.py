"""Where a token may stand, and what the edge and the homeserver could read differently."""

import pytest

from edge.conftest import PATH
from support.raw_http import RawConnection, request_bytes

# Very old clients send the token in the query.
OPTIONS = {"sessions": {"access_token_in_query": True}}


@pytest.fixture
def good(edge):
    return edge.user().token


@pytest.fixture
def ended(edge):
    token = edge.user().token
    assert edge.latchkey.api.logout(token).status_code == 200
    return token


def in_query(token: str) -> str:
    return f"{PATH}?timeout=0&access_token={token}"


def test_an_ended_token_in_the_query_is_refused(edge, ended):
    edge.assert_refused("M_UNKNOWN_TOKEN", False, path=in_query(ended))


def test_a_good_token_in_the_query_passes(edge, good):
    edge.assert_passes(path=in_query(good))


def test_an_ended_token_in_the_query_is_refused_beside_a_good_header(edge, good, ended):
    edge.assert_refused("M_UNKNOWN_TOKEN", False, good, in_query(ended))


def test_an_ended_token_in_the_header_is_refused_beside_a_good_query(edge, good, ended):
    edge.assert_refused("M_UNKNOWN_TOKEN", False, ended, in_query(good))


@pytest.mark.parametrize("name", ["X-Original-URI", "X-Forwarded-Uri"])
def test_the_client_cannot_say_what_was_asked_for(edge, ended, name):
    edge.assert_refused("M_UNKNOWN_TOKEN", False, path=in_query(ended), headers={name: PATH})


@pytest.mark.parametrize("query", [
    "access_token={good}&access_token={ended}",
    "access_token={ended}&access_token={good}",
    "access%5Ftoken={ended}",
    "%61ccess_token={ended}",
])
def test_a_hidden_token_in_the_query_does_not_pass(edge, good, ended, query):
    edge.upstream.requests.clear()
    answer = edge.ask(path=f"{PATH}?{query.format(good=good, ended=ended)}")
    assert answer.status_code in (400, 401, 403), answer.text
    assert answer.json()["errcode"]
    assert not edge.upstream.requests


@pytest.mark.parametrize("first_is_good", [True, False])
def test_two_authorization_headers_do_not_pass(edge, good, ended, first_is_good):
    edge.upstream.requests.clear()
    tokens = (good, ended) if first_is_good else (ended, good)
    headers = [f"Authorization: Bearer {token}" for token in tokens]
    with RawConnection(edge.proxy.port) as connection:
        connection.send(request_bytes("GET", PATH, b"", *headers))
        answer = connection.answer()
    assert answer.status in (400, 401, 403)
    assert not edge.upstream.requests


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
def test_the_scheme_is_read_without_regard_to_case(edge, ended, scheme):
    edge.assert_refused("M_UNKNOWN_TOKEN", False, headers={"Authorization": f"{scheme} {ended}"})
