"""Tokens that are not good, for each endpoint that needs a good one."""

from support.answers import assert_good, assert_hard, assert_locked, assert_missing, assert_soft
from support.api import PREFIX
from support.matrix_client import new_client


def assert_needs_a_good_token(
    server, method: str, path: str, body: dict | None = None, locked: bool = True
) -> None:
    """Without one nothing else is looked at: the body here may be any."""

    def ask(token):
        where = path if path.startswith("/") else f"{PREFIX}/{path}"
        how = {} if method == "GET" else {"json": body or {}}
        return server.api.request(method, where, token=token, **how)

    client = new_client(server.api)
    assert_missing(ask(None))
    assert_hard(ask("nonsense"))
    assert_hard(ask(client.refresh_token))
    older = assert_good(server.api.login(client.store.user, client.store.password, "OLD"))
    assert_good(server.api.login(client.store.user, client.store.password, "OLD"))
    assert_soft(ask(older["access_token"]))
    if locked:
        server.command("user", "lock", client.store.user)
        assert_locked(ask(client.access))
    assert_good(server.api.logout(client.access))
    assert_hard(ask(client.access))
