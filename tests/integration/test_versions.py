"""GET /versions, and what every path of the Client-Server API has in common."""

import pytest

from support.answers import assert_error, assert_good

CLIENT = "/_matrix/client"
ENDPOINTS = [
    ("GET", "/versions"),
    ("GET", "/v3/login"),
    ("POST", "/v3/login"),
    ("POST", "/v3/register"),
    ("POST", "/v3/refresh"),
    ("POST", "/v3/logout"),
    ("POST", "/v3/logout/all"),
    ("GET", "/v3/account/whoami"),
]


def test_versions_lists_what_the_legacy_api_needs(server):
    versions = assert_good(server.api.request("GET", f"{CLIENT}/versions"))["versions"]
    # Refresh tokens came with v1.3, the 401 of locked accounts with v1.12.
    assert {"v1.3", "v1.12"} <= set(versions)


def test_versions_answers_with_any_token(server):
    """Spec: authentication is optional there; a stale token must not break discovery."""
    assert_good(server.api.request("GET", f"{CLIENT}/versions", token="lka_stale"))


@pytest.mark.parametrize("version", ["r0", "v3"])
@pytest.mark.parametrize("path", ["login", "register", "logout", "logout/all", "account/whoami"])
def test_old_and_new_version_of_a_path_are_served(server, version, path):
    method = "GET" if path == "account/whoami" else "POST"
    answer = server.api.request(method, f"{CLIENT}/{version}/{path}", json={})
    assert answer.status_code not in (404, 405), answer.text


@pytest.mark.parametrize("path", ["/v3/nothing", "/v3/login/nothing", "/v9/login", "/", "/v3/"])
def test_unknown_paths(server, path):
    assert_error(server.api.request("GET", CLIENT + path), 404, "M_UNRECOGNIZED")


@pytest.mark.parametrize(
    "method,path",
    [
        ("PUT", "/v3/login"),
        ("DELETE", "/v3/login"),
        ("GET", "/v3/refresh"),
        ("GET", "/v3/logout"),
        ("POST", "/v3/account/whoami"),
        ("PATCH", "/versions"),
        ("GET", "/v3/register"),
    ],
)
def test_wrong_methods(server, method, path):
    assert_error(server.api.request(method, CLIENT + path), 405, "M_UNRECOGNIZED")


@pytest.mark.parametrize("method,path", ENDPOINTS)
def test_preflight(server, method, path):
    """Spec "Web Browser Clients": OPTIONS is answered with these headers and does nothing."""
    answer = server.api.request(
        "OPTIONS",
        CLIENT + path,
        headers={
            "Origin": "https://app.example.org",
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization,content-type",
        },
    )
    assert answer.status_code in (200, 204)
    assert answer.headers["access-control-allow-origin"] == "*"
    methods = answer.headers["access-control-allow-methods"]
    assert {"GET", "POST", "PUT", "DELETE", "OPTIONS"} <= set(methods.replace(",", " ").split())
    allowed = answer.headers["access-control-allow-headers"].lower()
    assert {"x-requested-with", "content-type", "authorization"} <= set(
        allowed.replace(",", " ").split()
    )


def test_head_has_the_headers_of_get(server):
    get = server.api.request("GET", f"{CLIENT}/versions")
    head = server.api.request("HEAD", f"{CLIENT}/versions")
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == get.headers["content-length"]


def test_request_ids_differ_and_stand_in_the_log(server):
    answers = [server.api.request("GET", f"{CLIENT}/v3/login") for _ in range(3)]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert len(set(ids)) == 3


def test_health(server):
    assert server.api.request("GET", "/health").status_code == 200
