"""GET /edge/check: what a reverse proxy asks first. Real proxies are in tests/edge."""

import pytest

from support.answers import assert_good, assert_hard, assert_soft
from support.matrix_client import new_client
from support.raw_http import RawConnection, request_bytes

SYNC = "/_matrix/client/v3/sync"


@pytest.mark.parametrize("header", ["X-Forwarded-Uri", "X-Original-URI"])
def test_the_token_in_the_query_is_judged_always(server, header):
    """Even where access_token_in_query is off: the homeserver may take it."""
    client = new_client(server.api)
    assert server.api.edge(**{header: f"{SYNC}?access_token={client.access}"}).status_code == 200
    assert_good(server.api.logout(client.access))
    assert_hard(server.api.edge(**{header: f"{SYNC}?access_token={client.access}"}))
    assert_hard(server.api.edge(**{header: f"{SYNC}?since=x&access_token={client.access}&b=1"}))


def test_a_percent_encoded_name_or_value_hides_nothing(server):
    client = new_client(server.api)
    assert_good(server.api.logout(client.access))
    encoded = "".join(f"%{ord(c):02x}" for c in client.access)
    for query in (
        f"access_token={encoded}",
        f"access%5Ftoken={client.access}",
        f"%61ccess_token={client.access}",
    ):
        assert server.api.edge(**{"X-Forwarded-Uri": f"{SYNC}?{query}"}).status_code == 401


def test_both_places_are_judged(server):
    good, bad = new_client(server.api), new_client(server.api)
    server.command("user", "soft-logout", bad.store.user)
    for token, query in ((good.access, bad.access), (bad.access, good.access)):
        answer = server.api.edge(token, **{"X-Forwarded-Uri": f"{SYNC}?access_token={query}"})
        assert answer.status_code in (400, 401, 403)


def test_what_two_readers_would_read_differently_is_refused(server):
    good, bad = new_client(server.api), new_client(server.api)
    assert_good(server.api.logout(bad.access))
    answer = server.api.edge(
        **{"X-Forwarded-Uri": f"{SYNC}?access_token={good.access}&access_token={bad.access}"}
    )
    assert answer.status_code in (400, 401, 403)
    with RawConnection(server.port) as connection:
        connection.send(
            request_bytes(
                "GET",
                "/edge/check",
                b"",
                f"Authorization: Bearer {good.access}",
                f"Authorization: Bearer {bad.access}",
            )
        )
        assert connection.answer().status in (400, 401, 403)


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer {}",
        "bearer {}",
        "BEARER {}",
        "Bearer   {}",
        "Bearer {} ",
    ],
)
def test_a_dead_token_passes_in_no_spelling(server, authorization):
    """RFC 9110 §11.1: the scheme's case is of no account."""
    client = new_client(server.api)
    server.command("user", "soft-logout", client.store.user)
    with RawConnection(server.port) as connection:
        connection.send(
            request_bytes(
                "GET", "/edge/check", b"", "Authorization: " + authorization.format(client.access)
            )
        )
        assert connection.answer().status in (401, 403)


def test_public_requests_pass(server):
    assert server.api.edge().status_code == 200
    assert server.api.edge(**{"X-Forwarded-Uri": "/_matrix/client/versions"}).status_code == 200
    assert server.api.edge(Authorization="Basic dXNlcjpwYXNz").status_code in (200, 401)


def test_a_refusal_has_all_that_a_browser_needs(server):
    """The proxy hands it on as the final answer: CORS and the JSON body must be in it."""
    client = new_client(server.api)
    server.command("user", "soft-logout", client.store.user)
    answer = server.api.edge(client.access)
    assert_soft(answer)
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "no-store"


def test_preflight_of_the_original_request_passes(server):
    """A proxy asks with GET for an OPTIONS request too; that has no token."""
    answer = server.api.edge(**{"X-Forwarded-Method": "OPTIONS", "X-Forwarded-Uri": SYNC})
    assert answer.status_code == 200
