"""Limits: too many tries, too many hashes at once, too much at once. The server goes on."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from support.answers import assert_error, assert_good, assert_hard
from support.api import PREFIX, Api
from support.matrix_client import new_client
from support.oauth import OAuthClient, new_person, sign_in
from support.secrets import password


def until_limited(attempt, most: int = 500):
    for _ in range(most):
        answer = attempt()
        if answer.status_code == 429:
            return answer
    raise AssertionError(f"{most} tries and no limit")


def test_guessing_a_password_is_limited(make_server):
    server = make_server(rate_limits={"enabled": True})
    client = new_client(server.api)
    limited = until_limited(lambda: server.api.login(client.store.user, password()))
    assert_error(limited, 429, "M_LIMIT_EXCEEDED")
    assert limited.json()["retry_after_ms"] > 0
    # Who is signed in notices nothing.
    assert_good(server.api.whoami(client.access))
    client.refresh()
    assert_good(server.api.whoami(client.access))
    assert_good(server.api.logout(client.access))


def test_guessing_for_unknown_users_is_limited_alike(make_sqlite_server):
    """Otherwise the limit would tell which users exist."""
    server = make_sqlite_server(rate_limits={"enabled": True})
    client = new_client(server.api)

    def tries(name):
        for count in range(500):
            answer = server.api.login(name, password())
            if answer.status_code == 429:
                return count
        raise AssertionError("no limit")

    known = tries(client.store.user)
    server.restart()  # the counters are in memory
    assert tries("nobody-at-all") == known


def test_registering_is_limited(make_sqlite_server):
    server = make_sqlite_server(rate_limits={"enabled": True})
    limited = until_limited(lambda: server.api.register())
    assert_error(limited, 429, "M_LIMIT_EXCEEDED")


def test_valid_refresh_tokens_are_not_limited(make_server):
    """Design §2: the spec lets clients treat any 4xx there as the end of the session."""
    server = make_server(rate_limits={"enabled": True})
    client = new_client(server.api)
    for _ in range(300):
        client.refresh()
    assert client.store.wiped == []
    assert_good(server.api.whoami(client.access))


def test_refresh_tokens_that_fail_their_check_are_limited(make_sqlite_server):
    server = make_sqlite_server(rate_limits={"enabled": True})
    client = new_client(server.api)
    limited = until_limited(lambda: server.api.refresh("lkr_" + "0" * 43), 5000)
    assert_error(limited, 429, "M_LIMIT_EXCEEDED")
    # The address is known for guessing; a good token from it goes on all the same.
    client.refresh()
    assert client.store.wiped == []


@pytest.mark.parametrize("endpoint", ["token", "revoke"])
def test_guessing_tokens_at_the_oauth_endpoints_is_limited(make_sqlite_server, endpoint):
    server = make_sqlite_server(rate_limits={"enabled": True, "failure_interval": "1h"})
    client, person = OAuthClient(server.api), new_person(server)
    tokens = sign_in(client, person)
    forged = tokens["refresh_token"][:-4] + "AAAA"
    guess = {
        "token": lambda: client.refresh(forged),
        "revoke": lambda: client.revoke(forged),
    }[endpoint]
    limited = until_limited(guess, 50)
    assert int(limited.headers["Retry-After"]) > 0
    assert limited.json()["error"] == "temporarily_unavailable"
    # Whoever has a token of this server gets the answer that it deserves.
    tokens = assert_good(client.refresh(tokens["refresh_token"]))
    assert_good(client.revoke(tokens["access_token"]))
    assert_hard(server.api.whoami(tokens["access_token"]))


def test_ended_refresh_tokens_are_no_guesses(make_sqlite_server):
    """A logged out client that keeps asking is told the truth."""
    server = make_sqlite_server(rate_limits={"enabled": True, "failure_interval": "1h"})
    client = new_client(server.api)
    assert_good(server.api.logout(client.access))
    for _ in range(60):
        assert_hard(server.api.refresh(client.refresh_token))


def test_a_full_hash_queue_is_refused_at_once(make_sqlite_server):
    """429 for the login that comes too many; the token path does not notice."""
    server = make_sqlite_server(
        passwords={"hash_memory": "32MiB", "hash_passes": 4, "hash_queue": 4}
    )
    client = new_client(server.api, refreshes=False)
    patient = Api(server.url, timeout=120)  # hashing threads give way to everybody else's

    def login(_):
        return patient.login(client.store.user, client.store.password)

    with closing(patient), ThreadPoolExecutor(24) as pool:
        storm = [pool.submit(login, i) for i in range(24)]
        for _ in range(50):
            assert_good(server.api.whoami(client.access))
        answers = [done.result() for done in storm]
    statuses = {answer.status_code for answer in answers}
    assert statuses == {200, 429}
    for answer in answers:
        if answer.status_code == 429:
            assert_error(answer, 429, "M_LIMIT_EXCEEDED")
    assert_good(server.api.login(client.store.user, client.store.password))


def test_a_storm_of_every_request_at_once(server):
    """Nothing but the answers that the endpoints have, from many connections at a time."""
    clients = [new_client(server.api) for _ in range(8)]

    def work(client):
        for _ in range(10):
            client.use()
            client.refresh()
            assert_good(server.api.introspect(client.access))
            assert server.api.edge(client.access).status_code == 200
            assert_good(server.api.request("GET", f"{PREFIX}/login"))
        client.sign_out()
        return client

    with ThreadPoolExecutor(8) as pool:
        for client in pool.map(work, clients):
            assert client.store.wiped == []
            assert client.softs == 0
