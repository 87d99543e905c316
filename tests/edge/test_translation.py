"""A homeserver that asks nobody about tokens: the proxy shows it an application service's token, in
the name of the user and the device."""

from urllib.parse import parse_qs, urlsplit

import pytest

from edge.conftest import PATH, behind
from edge.proxies.nginx import TranslatingNginx


@pytest.fixture(scope="module")
def translating(binary, tmp_path_factory):
    options = {"edge": {"translate": "application_service"}}
    yield from behind(TranslatingNginx, tmp_path_factory.mktemp("translating"), options)


def seen_for(edge, token: str | None, path: str, **how) -> dict:
    edge.upstream.requests.clear()
    answer = edge.ask(token, path, **how)
    assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
    (seen,) = edge.upstream.requests
    return seen


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?",
        "?since=s1%2F2&filter=%7B%22a%22%3A%5B%5D%7D",
        "?user_id=@admin:example.com",
        "?user%5Fid=x&device_id=y",
        "?a=1;user_id=@admin:example.com",
        "?org.matrix.msc3202.device_id=y",
    ],
)
def test_the_homeserver_gets_the_services_token_and_the_user(translating, query):
    user = translating.user(device="PHONE/1 a")
    path = "/_matrix/client/v3/rooms/!a:b/state/m.x/a%2Fb%20c"
    seen = seen_for(translating, user.token, path + query, method="PUT", content=b"{}")
    assert seen["authorization"] == ["Bearer AS_TOKEN"]
    there = urlsplit(seen["target"])
    assert there.path == path
    # Twisted, below Synapse, ends a field at ';' too.
    fields = parse_qs(there.query.replace(";", "&"), strict_parsing=True)
    assert fields.pop("user_id") == [f"@{user.name}:example.com"]
    assert fields.pop("device_id") == ["PHONE/1 a"]
    sent = parse_qs(query[1:].replace(";", "&"))
    assert fields == {
        name: value
        for name, value in sent.items()
        if name not in ("user_id", "device_id", "org.matrix.msc3202.device_id")
    }
    assert seen["length"] == 2
    assert "x-matrix-target" not in seen["headers"]


def test_what_is_not_latchkeys_goes_on_as_it_is(translating):
    for token in (None, "syt_other", "AS_OF_A_BRIDGE"):
        path = f"{PATH}?user_id=@irc_a:example.com"
        seen = seen_for(translating, token, path, headers={"X-Matrix-Target": "/_synapse/admin/x"})
        assert seen["target"] == path
        assert seen["authorization"] == ([] if token is None else [f"Bearer {token}"])


def test_what_has_ended_is_refused(translating):
    user = translating.user()
    seen_for(translating, user.token, PATH)
    assert translating.latchkey.api.logout(user.token).status_code == 200
    translating.assert_refused("M_UNKNOWN_TOKEN", False, user.token)


def test_latchkey_itself_gets_its_own_tokens(translating):
    user = translating.user()
    answer = translating.ask(user.token, "/_matrix/client/v3/account/whoami")
    assert answer.json()["device_id"] == user.device


def test_the_client_learns_nothing_of_it(translating):
    answer = translating.ask(translating.user().token)
    assert "AS_TOKEN" not in str(answer.headers)
    assert "x-matrix-target" not in answer.headers
