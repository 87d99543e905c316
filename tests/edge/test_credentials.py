"""Where a token may stand, and what the edge and the homeserver could read differently."""

import pytest

from edge.conftest import PATH
from support.raw_http import RawConnection

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


@pytest.mark.parametrize("name", ["X-Original-URI", "X-Forwarded-Uri"])
def test_the_client_cannot_say_what_was_asked_for(edge, ended, name):
    answer = edge.ask(path=in_query(ended), headers={name: PATH})
    assert answer.status_code == 401
    assert answer.json()["errcode"] == "M_UNKNOWN_TOKEN"


@pytest.mark.parametrize("query", ["since=s1%2F2_3&filter=%7B%7D", "access_token_hint=1"])
def test_other_queries_pass(edge, good, query):
    edge.assert_passes(good, f"{PATH}?{query}")


@pytest.fixture
def assert_ambiguous(edge):
    """Refused with the 403 that says nothing about any session, so that no client wipes."""

    def check(answer) -> None:
        assert answer.status_code == 403, answer.text
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.json()["errcode"] == "M_FORBIDDEN"
        assert "soft_logout" not in answer.json()
        assert not edge.upstream.requests

    edge.upstream.requests.clear()
    return check


@pytest.mark.parametrize(
    "query",
    [
        "access_token={good}&access_token={ended}",
        "access_token={ended}&access_token={good}",
        "access_token={good}&access_token={good}",
    ],
)
def test_two_tokens_in_the_query(edge, good, ended, query, assert_ambiguous):
    assert_ambiguous(edge.ask(path=f"{PATH}?{query.format(good=good, ended=ended)}"))


@pytest.mark.parametrize("header_is_good", [True, False])
def test_a_header_and_a_query(edge, good, ended, header_is_good, assert_ambiguous):
    header, query = (good, ended) if header_is_good else (ended, good)
    assert_ambiguous(edge.ask(header, in_query(query)))


@pytest.mark.parametrize("query", ["access%5Ftoken={}", "%61ccess_token={}"])
def test_a_token_hidden_by_percent_signs_is_found(edge, ended, query):
    edge.assert_refused("M_UNKNOWN_TOKEN", False, path=f"{PATH}?{query.format(ended)}")


@pytest.mark.parametrize("scheme", ["bearer {}", "BEARER {}", "Bearer  {}", "Bearer {},x"])
def test_what_only_resembles_a_token(edge, ended, scheme, assert_ambiguous):
    assert_ambiguous(edge.ask(headers={"Authorization": scheme.format(ended)}))


@pytest.mark.parametrize("first_is_good", [True, False])
def test_two_authorization_headers(edge, good, ended, first_is_good):
    edge.upstream.requests.clear()
    tokens = (good, ended) if first_is_good else (ended, good)
    lines = [
        f"GET {PATH} HTTP/1.1",
        f"Host: 127.0.0.1:{edge.proxy.port}",
        *(f"Authorization: Bearer {token}" for token in tokens),
        "",
        "",
    ]
    with RawConnection(edge.proxy.port) as connection:
        connection.send("\r\n".join(lines).encode())
        answer = connection.answer()
    assert answer.status == (400 if edge.proxy.refuses_two_authorizations else 403)
    assert not edge.upstream.requests
