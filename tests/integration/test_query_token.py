"""?access_token=, which the specification removed: off by default, on for very old clients."""

from support.answers import assert_error, assert_good, assert_hard, assert_missing, assert_soft
from support.api import PREFIX
from support.matrix_client import new_client


def whoami(server, token):
    return server.api.request("GET", f"{PREFIX}/account/whoami", params={"access_token": token})


def test_off_by_default(server):
    client = new_client(server.api)
    assert_missing(whoami(server, client.access))


def test_on(make_sqlite_server):
    server = make_sqlite_server(sessions={"access_token_in_query": True})
    client = new_client(server.api)
    assert_good(whoami(server, client.access))
    # Of two tokens none is meant, even when one is known to be good.
    other = new_client(server.api)
    for _ in range(2):
        assert_good(server.api.whoami(client.access))
        both = server.api.request(
            "GET",
            f"{PREFIX}/account/whoami",
            token=client.access,
            params={"access_token": other.access},
        )
        assert_error(both, 400, "M_INVALID_PARAM")
    assert_hard(whoami(server, "nonsense"))
    server.command("user", "soft-logout", client.store.user)
    assert_soft(whoami(server, client.access))
    # The log has the path, never the query (the fixture searches it for tokens).
