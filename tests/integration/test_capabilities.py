"""What the server says of itself: capabilities, the well-known document, versions."""

import pytest

from support.answers import assert_error, assert_good
from support.api import PREFIX
from support.confirmation import GET_TOKEN
from support.matrix_client import new_client
from support.standings import assert_needs_a_good_token

WELL_KNOWN = "/.well-known/matrix/client"


def capabilities(server, token: str | None, version: str = "v3") -> dict:
    path = f"/_matrix/client/{version}/capabilities"
    return assert_good(server.api.request("GET", path, token=token))["capabilities"]


@pytest.mark.parametrize("version", ["r0", "v3"])
def test_of_a_person(server, version):
    client = new_client(server.api)
    assert capabilities(server, client.access, version) == {
        "m.change_password": {"enabled": True},
        "m.get_login_token": {"enabled": True},
        "m.3pid_changes": {"enabled": False},
        "m.set_displayname": {"enabled": False},
        "m.set_avatar_url": {"enabled": False},
        "m.profile_fields": {"enabled": False},
    }


def test_of_an_administrator(server):
    client = new_client(server.api)
    server.command("user", "admin", client.store.user, "on")
    moderation = capabilities(server, client.access)["m.account_moderation"]
    assert moderation == {"suspend": True, "lock": True}
    server.command("user", "admin", client.store.user, "off")
    assert "m.account_moderation" not in capabilities(server, client.access)


def test_where_passwords_are_off(make_server):
    server = make_server()
    client = new_client(server.api)
    server.restart({"passwords": {"enabled": False}})
    found = capabilities(server, client.access)
    assert found["m.change_password"] == {"enabled": False}
    assert found["m.get_login_token"] == {"enabled": False}


def test_tokens(server):
    assert_needs_a_good_token(server, "GET", "capabilities")


@pytest.mark.parametrize("ending", ["", "/", "//"])
def test_well_known(make_sqlite_server, ending):
    server = make_sqlite_server(public_url="https://matrix.example.com" + ending)
    answer = server.api.request("GET", WELL_KNOWN)
    assert assert_good(answer) == {"m.homeserver": {"base_url": "https://matrix.example.com"}}
    # The browser of any client may read it (spec "Well-known URI").
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["content-type"].startswith("application/json")


def test_well_known_leads_here(server):
    base = assert_good(server.api.request("GET", WELL_KNOWN))["m.homeserver"]["base_url"]
    assert base == server.url


def test_well_known_of_others(server):
    """What is not served here is not made up."""
    for path in ("/.well-known/matrix/server", "/.well-known/matrix/support", "/.well-known/"):
        assert server.api.request("GET", path).status_code == 404


def test_versions_promise_what_is_served(server):
    body = assert_good(server.api.request("GET", "/_matrix/client/versions"))
    # Login tokens came with v1.7, locked accounts with v1.12, suspended ones with v1.13.
    assert {"r0.6.1", "v1.7", "v1.12", "v1.13"} <= set(body["versions"])
    assert body["unstable_features"]["org.matrix.msc3741"] is True
    assert body["unstable_features"]["uk.timedout.msc4323"] is True


SERVED = [
    ("POST", "account/password"),
    ("POST", "account/deactivate"),
    ("GET", "devices"),
    ("GET", "devices/X"),
    ("PUT", "devices/X"),
    ("DELETE", "devices/X"),
    ("POST", "delete_devices"),
    ("GET", "capabilities"),
    ("GET", "register/available"),
]


@pytest.mark.parametrize("version", ["r0", "v3"])
@pytest.mark.parametrize(("method", "path"), SERVED)
def test_paths_of_both_versions(server, version, method, path):
    answer = server.api.request(method, f"/_matrix/client/{version}/{path}", json={})
    assert answer.status_code in (400, 401), answer.text


@pytest.mark.parametrize(
    ("method", "path"),
    [*((method, f"{PREFIX}/{path}") for method, path in SERVED), ("POST", GET_TOKEN)],
)
def test_preflight(server, method, path):
    answer = server.api.request(
        "OPTIONS",
        path,
        headers={
            "Origin": "https://app.example.org",
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization,content-type",
        },
    )
    assert answer.status_code in (200, 204)
    assert method in answer.headers["access-control-allow-methods"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "account/3pid"),
        ("POST", "account/3pid/add"),
        ("POST", "account/3pid/bind"),
        ("POST", "account/3pid/delete"),
        ("POST", "account/3pid/unbind"),
        ("POST", "account/3pid/email/requestToken"),
        ("POST", "account/password/email/requestToken"),
        ("POST", "account/password/msisdn/requestToken"),
        ("POST", "register/email/requestToken"),
        ("POST", "register/msisdn/requestToken"),
        ("GET", "login/cas/redirect"),
    ],
)
def test_what_is_not_offered_is_not_there(server, method, path):
    """A client that asks must see that it is this server's way, not a passing fault."""
    client = new_client(server.api)
    how = {"json": {}} if method == "POST" else {}
    answer = server.api.request(method, f"{PREFIX}/{path}", token=client.access, **how)
    status = 405 if path == "account/3pid" else 404  # there is a GET of that path
    assert_error(answer, status, "M_UNRECOGNIZED")
