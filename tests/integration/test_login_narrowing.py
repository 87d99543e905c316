"""GET /login with the token of an earlier session (MSC3741), and what it must not give away."""

import pytest

from support.answers import assert_good
from support.api import PREFIX
from support.matrix_client import new_client


# Somebody with a password can also be signed in by a token of another of their clients.
BY_PASSWORD = ["m.login.password", "m.login.token"]


def flows(answer) -> list[str]:
    return [flow["type"] for flow in assert_good(answer)["flows"]]


def comparable(answer) -> tuple:
    """All of an answer but what differs in every answer."""
    headers = {
        name: value
        for name, value in answer.headers.items()
        if name not in ("date", "x-request-id")
    }
    return answer.status_code, headers, answer.content


def test_a_softly_ended_session_is_remembered(server):
    client = new_client(server.api)
    server.command("user", "soft-logout", client.store.user)
    assert flows(server.api.login_flows(client.access)) == BY_PASSWORD


def test_an_active_one_narrows_too(server):
    client = new_client(server.api)
    assert flows(server.api.login_flows(client.access)) == BY_PASSWORD


def test_unstable_path(server):
    versions = assert_good(server.api.request("GET", "/_matrix/client/versions"))
    assert versions["unstable_features"]["org.matrix.msc3741"] is True
    path = "/_matrix/client/unstable/org.matrix.msc3741/login"
    assert flows(server.api.request("GET", path)) == BY_PASSWORD


@pytest.mark.parametrize("kind", ["ended", "forged", "refresh token", "foreign", "garbage"])
def test_what_is_not_recognised_answers_byte_for_byte_as_without_a_token(server, kind):
    client = new_client(server.api)
    if kind == "ended":
        assert_good(server.api.logout(client.access))
    token = {
        "ended": client.access,
        "forged": client.access[:-1] + ("1" if client.access[-1] == "0" else "0"),
        "refresh token": client.refresh_token,
        "foreign": "syt_bm9ib2R5_abcdefghijklmnop_0abcde",
        "garbage": "\u00a0".encode().hex(),
    }[kind]
    with_token, without = server.api.login_flows(token), server.api.login_flows()
    assert comparable(with_token) == comparable(without)


def test_every_answer_says_that_it_depends_on_the_token(server):
    client = new_client(server.api)
    for token in (None, client.access, "garbage"):
        answer = server.api.request("GET", f"{PREFIX}/login", token=token)
        assert answer.headers["cache-control"] == "no-store"
        assert "authorization" in answer.headers["vary"].lower()
